/*
 * A 16550 with interrupts: see serial.h.
 *
 * Output: whoever writes puts bytes into the ring and, if the UART is idle, gives it the first sixteen at once; its
 * interrupt, which is on only while the ring holds something, brings the next sixteen. Interrupts can get lost (a UART
 * whose transmit interrupt does not come again, a wrong table of the firmware's), so every write looks whether the UART
 * is idle although there is something to send, and goes on from there. When the ring is full, the writer polls.
 *
 * Input: the handler takes all there is into the ring; what does not fit is counted and lost. A break is counted.
 *
 * `lock` guards everything here. It is taken under the console's, so nothing is printed or woken under it. A panic
 * takes the port away without it (close_port): the interrupt is turned off, the rest of the ring sent by polling, and
 * the console polls from then on. machine_exit drains the ring first, so the last words get out.
 *
 * Source: National Semiconductor PC16550D data sheet, section 8.6.3 to 8.6.6 (interrupts, FIFOs, line status).
 */
#include "drivers/serial.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/spinlock.h"
#include "drivers/uart16550.h"
#include "drivers/uart16550_registers.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "log.h"
#include "tty/console.h"

#define LOG_NAME "serial"

#define ROUNDS_MAX 64     /* of the handler: a port that is never satisfied may not hold the CPU */
#define BYTES_MAX 256     /* received in a round */
#define PROBE_READS 20000 /* about 20 ms for an interrupt that should come at once */

static struct spinlock lock = SPINLOCK_INIT(SERIAL);
static uint16_t port;   /* 0: not open */
static uint8_t enabled; /* what IER is set to */
static unsigned fifo_size;
static struct serial_counts counts;

static char output_bytes[SERIAL_OUTPUT_SIZE], input_bytes[SERIAL_INPUT_SIZE];
static struct byte_ring output = BYTE_RING_INIT(output_bytes), input = BYTE_RING_INIT(input_bytes);

static void (*notify)(void *context);
static void *notify_context;

static bool probing; /* serial_init waits for `interrupted` */
static bool interrupted;

/* ------------------------------------------------------------------------------------------------------------------
 * Output
 */

static void enable(uint8_t interrupts)
{
    if (interrupts == enabled)
        return;
    enabled = interrupts;
    outb(port + IER, interrupts);
}

/* The UART is idle: gives it what it can take. */
static void fill_fifo(void)
{
    char bytes[FIFO_SIZE];
    size_t count = byte_ring_get(&output, bytes, fifo_size);
    for (size_t i = 0; i < count; i++)
        outb(port + THR, (uint8_t)bytes[i]);
    enable(output.count > 0 ? enabled | IER_TRANSMITTED : enabled & ~IER_TRANSMITTED);
}

static bool is_idle(void)
{
    return inb(port + LSR) & LSR_THRE;
}

/* Sends by polling until there is room for COUNT bytes. */
static void drain(size_t count)
{
    while (byte_ring_room(&output) < count) {
        char byte;
        byte_ring_get(&output, &byte, 1);
        uart_write(port, (uint8_t)byte);
    }
}

void serial_write(const char *bytes, size_t length)
{
    spin_lock(&lock);
    bool waiting = output.count > 0;
    while (length > 0 && port != 0) {
        size_t count = byte_ring_put(&output, bytes, length);
        bytes += count;
        length -= count;
        if (length > 0)
            drain(length < FIFO_SIZE ? length : FIFO_SIZE);
    }
    if (output.count > 0 && is_idle()) {
        counts.rescues += waiting;
        fill_fifo();
    } else if (output.count > 0) {
        enable(enabled | IER_TRANSMITTED);
    }
    spin_unlock(&lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Input
 */

/* Takes what the UART has received; whether that was anything. */
static bool receive(void)
{
    bool any = false;
    for (unsigned i = 0; i < BYTES_MAX; i++) {
        uint8_t status = inb(port + LSR);
        counts.overruns += (status & LSR_OE) != 0;
        if (!(status & LSR_DR))
            break;
        char byte = (char)inb(port + RBR);
        any = true;
        if (status & LSR_BI)
            counts.breaks++;
        else if (status & (LSR_PE | LSR_FE))
            counts.errors++;
        else if (byte_ring_put(&input, &byte, 1) == 0)
            counts.dropped++;
    }
    return any;
}

void serial_interrupt(void *argument)
{
    bool any = false;
    spin_lock(&lock);
    interrupted = true;
    for (unsigned i = 0; i < ROUNDS_MAX && port != 0; i++) {
        if (inb(port + IIR) & IIR_NONE)
            break;
        any = receive() || any;
        inb(port + MSR); /* which ends an interrupt of the modem lines that nobody has asked for */
        if (probing)
            enable(0);
        else if (is_idle())
            fill_fifo();
    }
    void (*function)(void *context) = notify;
    void *context = notify_context;
    spin_unlock(&lock);
    if (any && function != NULL)
        function(context);
}

size_t serial_read(char *bytes, size_t size)
{
    spin_lock(&lock);
    size = byte_ring_get(&input, bytes, size);
    spin_unlock(&lock);
    return size;
}

bool serial_has_input(void)
{
    return __atomic_load_n(&input.count, __ATOMIC_RELAXED) > 0;
}

void serial_set_notify(void (*function)(void *context), void *context)
{
    spin_lock(&lock);
    notify = function;
    notify_context = context;
    spin_unlock(&lock);
}

struct serial_counts serial_counts(void)
{
    spin_lock(&lock);
    struct serial_counts copy = counts;
    spin_unlock(&lock);
    return copy;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The console's end of it, and set-up
 */

/* For panics: without the lock. */
static void close_port(void)
{
    uint16_t closed = port;
    if (closed == 0)
        return;
    outb(closed + IER, 0);
    drain(output.size);
    port = 0;
}

/* Everything out, as long as the holder of the lock lets us. */
static void drain_at_exit(void)
{
    for (unsigned tries = 0; tries < PROBE_READS && port != 0; tries++) {
        if (spin_try_lock(&lock)) {
            drain(output.size);
            spin_unlock(&lock);
            return;
        }
        cpu_pause();
    }
}

static const struct console_serial console_serial = {.write = serial_write, .close = close_port};

/* Enables the transmit interrupt of an idle UART: it must come now. */
static bool probe(void)
{
    interrupted = false;
    spin_lock(&lock);
    probing = true;
    enable(IER_TRANSMITTED);
    spin_unlock(&lock);
    for (unsigned i = 0; i < PROBE_READS && !__atomic_load_n(&interrupted, __ATOMIC_RELAXED); i++) {
        inb(port + LSR);
        cpu_pause();
    }
    spin_lock(&lock);
    enable(0);
    probing = false;
    spin_unlock(&lock);
    return interrupted;
}

int serial_init(uint16_t at)
{
    if (at == 0)
        return -ENODEV;
    unsigned irq = at & 0x100 ? 4 : 3; /* 3f8h and 3e8h; 2f8h and 2e8h */
    port = at;
    enabled = 0;
    fifo_size = (inb(port + IIR) & IIR_FIFOS) == IIR_FIFOS ? FIFO_SIZE : 1;
    int error = interrupt_request_isa(irq, serial_interrupt, NULL, "serial");
    if (error < 0) {
        log_warning("no interrupt for the port at %#x: error %d; polling", at, -error);
        port = 0;
        return error;
    }
    outb(port + FCR, FCR_ENABLE | FCR_TRIGGER_8);
    outb(port + MCR, MCR_DTR | MCR_RTS | MCR_OUT2); /* on a PC, OUT2 lets the interrupt out */
    if (!probe()) {
        log_warning("interrupt %u of the port at %#x does not come; polling", irq, at);
        port = 0;
        return -ENODEV;
    }
    spin_lock(&lock);
    receive(); /* a FIFO that is full already would not interrupt again */
    enable(IER_RECEIVED | IER_LINE_STATUS);
    spin_unlock(&lock);
    console_set_serial(&console_serial);
    machine_at_exit(drain_at_exit);
    return 0;
}
