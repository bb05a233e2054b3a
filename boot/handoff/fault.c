/*
 * Says on the screen and the serial line which exception killed the kernel, where and why, and stops.
 *
 * It relies on nothing of the kernel's but the page tables: the parameters were copied before the kernel ran, the stack
 * is its own. The screen is written from the top left corner, white on red, over whatever was there.
 *
 * Source: Intel SDM volume 3, 6.15 (exceptions and their error codes).
 */
#include "boot/handoff/handoff_internal.h"

#include "arch/x86_64/io.h"
#include "boot/handoff/screen.h"
#include "drivers/uart16550.h"
#include "lib/types.h"

/* One string, since an array of pointers would need relocation; see name_of(). */
static const char names[] = "divide error\0debug\0non-maskable interrupt\0breakpoint\0overflow\0bound range exceeded\0"
                            "invalid opcode\0no floating-point unit\0double fault\0coprocessor overrun\0invalid TSS\0"
                            "segment not present\0stack segment fault\0general protection fault\0page fault\0reserved\0"
                            "floating-point error\0alignment check\0machine check\0vector floating-point error\0"
                            "virtualization exception\0control protection exception\0";

#define PAGE_FAULT 14
#define PAGE_FAULT_PRESENT 1
#define PAGE_FAULT_WRITE 2
#define PAGE_FAULT_FETCH 16

static const char *name_of(uint64_t vector)
{
    const char *name = names;
    for (; vector > 0 && *name; vector--)
        while (*name++)
            ;
    return *name ? name : "unknown exception";
}

static struct fault_screen screen;
static bool on_screen; /* where put() writes: the serial line has its turn first, since it needs no page tables */

static void put(char c)
{
    uint16_t port = handoff_parameters.serial.port;
    if (on_screen) {
        screen_put(&screen, c);
    } else if (port) {
        if (c == '\n')
            uart_write(port, '\r');
        uart_write(port, (uint8_t)c);
    }
}

static void put_text(const char *text)
{
    while (*text)
        put(*text++);
}

static void put_hex(uint64_t n)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        put("0123456789abcdef"[n >> shift & 15]);
}

static void put_decimal(uint64_t n)
{
    if (n >= 10)
        put_decimal(n / 10);
    put((char)('0' + n % 10));
}

static void report_page_fault(const struct fault_frame *f)
{
    uint64_t guard = handoff_parameters.stack_base - PAGE_SIZE;
    put_text("It tried to ");
    put_text(f->error_code & PAGE_FAULT_FETCH ? "execute" : f->error_code & PAGE_FAULT_WRITE ? "write" : "read");
    put_text(" address ");
    put_hex(f->cr2);
    if (f->cr2 - guard < PAGE_SIZE)
        put_text(", the guard page below its stack: the stack is too small.\n");
    else if (f->error_code & PAGE_FAULT_PRESENT)
        put_text(", which the page tables do not allow.\n");
    else
        put_text(", where nothing is mapped.\n");
}

/* Names of what put_registers prints, three characters each, in the order of struct fault_frame. */
static const char registers[] = "CR2R15R14R13R12R11R10R9 R8 RDIRSIRBPRBXRDXRCXRAX   ERRRIPCS FLGRSPSS ";
#define STUB_INDEX 16

static void put_registers(const struct fault_frame *f)
{
    const uint64_t *value = (const uint64_t *)f;
    int column = 0;
    for (int i = 0; registers[3 * i]; i++) {
        if (i == STUB_INDEX)
            continue;
        for (int c = 0; c < 3; c++)
            put(registers[3 * i + c]);
        put(' ');
        put_hex(value[i]);
        put(++column % 3 == 0 ? '\n' : ' ');
    }
    put('\n');
}

static void report(const struct fault_frame *f)
{
    uint64_t vector = (f->stub - (uint64_t)fault_stubs) / 8;
    put_text("\nCorrode: the kernel died of exception ");
    put_decimal(vector);
    put_text(" (");
    put_text(name_of(vector));
    put_text(") before it had a handler of its own.\n");
    if (vector == PAGE_FAULT)
        report_page_fault(f);
    put_registers(f);
    put_text("In the file as it was linked, it was at address ");
    put_hex(f->rip - handoff_parameters.kernel_slide);
    put_text(": ask addr2line.\n");
}

void fault_report(const struct fault_frame *f)
{
    /* The kernel may have lost the pages of the screen: the exception which that brings ends here at once. */
    if (!on_screen) {
        report(f);
        on_screen = true;
        screen_init(
            &screen, &handoff_parameters.framebuffer, (const void *)handoff_parameters.font, &handoff_parameters.text);
        report(f);
    }
    if (cpu_is_virtual())
        outb(BOOT_EXIT_PORT, BOOT_EXIT_PANIC);
    for (;;)
        __asm__ volatile("cli; hlt");
}
