/*
 * Exceptions in the loader itself: a bug of ours, or a BIOS that returned in a strange state. Printed, not reset.
 */
#include "boot/i386/i386.h"

#define GATE_INTERRUPT 0x8e00

static uint64_t idt[32];

void i386_fault_init(void)
{
    for (uint32_t i = 0; i < ARRAY_LENGTH(idt); i++) {
        uint32_t stub = (uint32_t)(uintptr_t)i386_fault_stubs + 8 * i;
        idt[i] = (stub & 0xffff) | I386_CODE << 16 | (uint64_t)((stub & 0xffff0000) | GATE_INTERRUPT) << 32;
    }
    struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) pointer = {sizeof idt - 1, (uint32_t)(uintptr_t)idt};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void i386_fault(const struct i386_fault_state *f)
{
    loader_print("\nCorrode: the loader met processor exception %u (error %x) at %x. This is a bug: please report "
                 "it.\n",
        (f->stub - (uint32_t)(uintptr_t)i386_fault_stubs) / 8, f->error_code, f->eip);
    loader_print("EAX %08x EBX %08x ECX %08x EDX %08x\nESI %08x EDI %08x EBP %08x ESP %08x\n", f->eax, f->ebx, f->ecx,
        f->edx, f->esi, f->edi, f->ebp, f->esp);
    i386_stop();
}
