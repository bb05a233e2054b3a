/*
 * Non-maskable interrupts: the hardware's cry for help, and the kernel's way to stop CPUs that listen to nothing else
 * (smp_stop_others). They come at any moment, within any lock, so the handler takes none.
 *
 * Source: Intel SDM volume 3A, 6.7; the PC/AT's system control port B (61h), as in Intel's I/O controller hub data
 * sheets: "NMI Status and Control Register".
 */
#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/smp_internal.h"
#include "arch/x86_64/trap_internal.h"
#include "log.h"
#include "panic.h"

#define LOG_NAME "nmi"

#define PORT_SYSTEM_CONTROL_B 0x61
#define NMI_PARITY (1u << 7)   /* memory, or PCI SERR# */
#define NMI_IO_CHECK (1u << 6) /* an expansion card */
#define NMI_DISABLED 0xff      /* what a port reads as where nothing is */

/* What the chipset says of it. */
static const char *cause(void)
{
    uint8_t status = inb(PORT_SYSTEM_CONTROL_B);
    if (status == NMI_DISABLED)
        return NULL;
    return status & NMI_PARITY ? "memory or PCI parity error" : status & NMI_IO_CHECK ? "I/O channel check" : NULL;
}

bool nmi_handle(struct trap_frame *frame, vaddr_t address)
{
    static struct log_ratelimit limit;
    smp_stop_if_asked();
    const char *why = cause();
    if (why)
        panic("non-maskable interrupt at %#lx: %s", frame->rip, why);
    if (log_ratelimit(&limit))
        log_error("non-maskable interrupt of unknown origin at %#lx", frame->rip);
    return true;
}
