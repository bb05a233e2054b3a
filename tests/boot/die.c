/*
 * Dies as its command line says, before it has an IDT of its own: the loader's fault handler must say how. "panic" goes
 * the kernel's own way.
 */
#include "test.h"

#include "panic.h"

BOOT_REQUEST(.stack_size = 0x4000, .flags = BOOT_REQUEST_KASLR);

static uint8_t code_in_data[16] = {0xc3};

static volatile int limit = 1 << 30;

static int overflow(volatile int depth)
{
    return depth < limit ? depth + overflow(depth + 1) + depth : 0;
}

void test(const struct boot_info *info)
{
    const char *how = info->cmdline;
    if (strcmp(how, "panic") == 0)
        panic("the answer is %d", 42);
    if (strcmp(how, "null") == 0)
        *(volatile int *)16 = 1;
    if (strcmp(how, "text") == 0)
        *(volatile uint8_t *)test = 0x90;
    if (strcmp(how, "data") == 0)
        ((void (*)(void))code_in_data)();
    if (strcmp(how, "stack") == 0)
        console_printf("%d\n", overflow(0));
    if (strcmp(how, "opcode") == 0)
        __asm__ volatile("ud2");
    if (strcmp(how, "divide") == 0)
        __asm__ volatile("div %b1" : : "a"(1), "r"(0) : "cc");
    if (strcmp(how, "reset") == 0) {
        struct {
            uint16_t limit;
            uint64_t base;
        } __attribute__((packed)) none = {0, 0};
        __asm__ volatile("lidt %0; int3" : : "m"(none));
    }
    if (strcmp(how, "screen") == 0) {
        /* Without the direct map there is no screen to write to, either. */
        ((uint64_t *)(info->direct_map + info->page_table))[info->direct_map >> 39 & 511] = 0;
        __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3; ud2" : : : "rax", "memory");
    }
    CHECK(!"still alive");
}
