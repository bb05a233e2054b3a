/*
 * Says on the screen and the serial line which exception killed the kernel, where and why, and stops.
 *
 * It relies on nothing of the kernel's: the parameters were copied before the kernel ran, the stack is its own. The
 * screen is written from the top left corner, white on red, over whatever was there.
 *
 * Source: Intel SDM volume 3, 6.15 (exceptions and their error codes).
 */
#include "boot/handoff/handoff_internal.h"

#include "arch/x86_64/io.h"
#include "boot/handoff/screen.h"
#include "drivers/uart16550.h"
#include "lib/printf.h"
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

struct report {
    struct format_sink sink;
    struct screen screen;
};

static void report_write(struct format_sink *sink, const char *text, size_t length)
{
    struct report *report = (struct report *)sink;
    for (size_t i = 0; i < length; i++) {
        screen_put(&report->screen, text[i]);
        if (handoff_parameters.serial.port) {
            if (text[i] == '\n')
                uart_write(handoff_parameters.serial.port, '\r');
            uart_write(handoff_parameters.serial.port, (uint8_t)text[i]);
        }
    }
}

static void report_page_fault(struct format_sink *out, const struct fault_frame *f)
{
    uint64_t guard = handoff_parameters.stack_base - PAGE_SIZE;
    const char *verb = f->error_code & PAGE_FAULT_FETCH ? "execute" : f->error_code & PAGE_FAULT_WRITE ? "write" : "read";
    format_sink_printf(out, "It tried to %s address %#llx, ", verb, (unsigned long long)f->cr2);
    if (f->cr2 - guard < PAGE_SIZE)
        format_sink_printf(out, "the guard page below its stack: the stack is too small.\n");
    else if (f->error_code & PAGE_FAULT_PRESENT)
        format_sink_printf(out, "which the page tables do not allow.\n");
    else
        format_sink_printf(out, "where nothing is mapped.\n");
}

void fault_report(const struct fault_frame *f)
{
    struct report report = {.sink = {.write = report_write}};
    struct format_sink *out = &report.sink;
    typedef unsigned long long ull;

    screen_init(&report.screen, &handoff_parameters.framebuffer, &handoff_parameters.text);
    format_sink_printf(out, "\nCorrode: the kernel died of exception %llu (%s) before it had a handler of its own.\n",
        (ull)f->vector, name_of(f->vector));
    if (f->vector == PAGE_FAULT)
        report_page_fault(out, f);
    format_sink_printf(out, "RIP %016llx  slide %llx: look up %llx with addr2line\n", (ull)f->rip,
        (ull)handoff_parameters.kernel_slide, (ull)(f->rip - handoff_parameters.kernel_slide));
    format_sink_printf(out, "RSP %016llx RFLAGS %08llx error %llx CS %llx\n", (ull)f->rsp, (ull)f->rflags,
        (ull)f->error_code, (ull)f->cs);
    format_sink_printf(out, "RAX %016llx RBX %016llx RCX %016llx\n", (ull)f->rax, (ull)f->rbx, (ull)f->rcx);
    format_sink_printf(out, "RDX %016llx RSI %016llx RDI %016llx\n", (ull)f->rdx, (ull)f->rsi, (ull)f->rdi);
    format_sink_printf(out, "RBP %016llx R8  %016llx R9  %016llx\n", (ull)f->rbp, (ull)f->r8, (ull)f->r9);
    format_sink_printf(out, "R10 %016llx R11 %016llx R12 %016llx\n", (ull)f->r10, (ull)f->r11, (ull)f->r12);
    format_sink_printf(out, "R13 %016llx R14 %016llx R15 %016llx\n", (ull)f->r13, (ull)f->r14, (ull)f->r15);

    if (cpu_is_virtual())
        outb(BOOT_EXIT_PORT, BOOT_EXIT_PANIC);
    for (;;)
        __asm__ volatile("cli; hlt");
}
