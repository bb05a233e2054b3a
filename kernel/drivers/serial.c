/*
 * A 16550 with interrupts: see serial.h.
 *
 * Output: whoever writes puts bytes into the ring and, if the UART is idle, gives it the first sixteen at once; its
 * interrupt, which is on only while the ring holds something, brings the next sixteen. Interrupts can get lost (a UART
 * whose transmit interrupt does not come again, a wrong table of the firmware's), so every write looks whether the UART
 * is idle although there is something to send, and goes on from there. When the ring is full, the writer polls.
 *
 * Input: the handler takes all there is into the ring, breaks and damaged bytes as such; what does not fit is counted
 * and lost.
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
#include "time/clock.h"
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

static char output_bytes[SERIAL_OUTPUT_SIZE], input_bytes[SERIAL_INPUT_SIZE], input_kinds[SERIAL_INPUT_SIZE];
static struct byte_ring output = BYTE_RING_INIT(output_bytes), input = BYTE_RING_INIT(input_bytes);
static struct byte_ring kinds = BYTE_RING_INIT(input_kinds); /* enum serial_kind of each byte in `input` */

static struct {
    void (*input)(void *context);
    void (*room)(void *context);
    void *context;
} notify;
static bool wants_room;        /* somebody waits for it */
static uint64_t last_progress; /* clock_monotonic, when the UART last took bytes or had none to take */
#define STUCK_NS 500000000
#define SEND_MAX 512 /* of the ring is for serial_send */

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
    if (count > 0)
        last_progress = clock_monotonic();
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

/* After something has been put into the ring. WAITING: there had been something in it before. */
static void start_sending(bool waiting)
{
    if (!waiting)
        last_progress = clock_monotonic();
    if (output.count > 0 && is_idle()) {
        counts.rescues += waiting;
        fill_fifo();
    } else if (output.count > 0) {
        enable(enabled | IER_TRANSMITTED);
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
    start_sending(waiting);
    spin_unlock(&lock);
}

size_t serial_send(const char *bytes, size_t length)
{
    spin_lock(&lock);
    bool waiting = output.count > 0;
    size_t room = output.count < SEND_MAX ? SEND_MAX - output.count : 0, taken = length;
    if (port != 0)
        taken = byte_ring_put(&output, bytes, length < room ? length : room);
    wants_room |= taken < length;
    start_sending(waiting);
    spin_unlock(&lock);
    return taken;
}

bool serial_is_open(void)
{
    return port != 0;
}

bool serial_is_stuck(void)
{
    spin_lock(&lock);
    bool stuck = output.count > 0 && clock_monotonic() > last_progress + STUCK_NS;
    spin_unlock(&lock);
    return stuck;
}

size_t serial_unsent(void)
{
    return __atomic_load_n(&output.count, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Input
 */

static void receive_one(char byte, uint8_t status)
{
    char kind = status & LSR_BI ? SERIAL_BREAK : status & (LSR_PE | LSR_FE) ? SERIAL_BAD : SERIAL_BYTES;
    counts.breaks += kind == SERIAL_BREAK;
    counts.errors += kind == SERIAL_BAD;
    if (byte_ring_put(&input, &byte, 1) == 1)
        byte_ring_put(&kinds, &kind, 1);
    else
        counts.dropped++;
}

/* Takes what the UART has received; whether that was anything. */
static bool receive(void)
{
    bool any = false;
    for (unsigned i = 0; i < BYTES_MAX; i++) {
        uint8_t status = inb(port + LSR);
        counts.overruns += (status & LSR_OE) != 0;
        if (!(status & LSR_DR))
            break;
        receive_one((char)inb(port + RBR), status);
        any = true;
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
    bool room = wants_room && output.count <= SEND_MAX / 2;
    if (room)
        wants_room = false;
    void (*on_input)(void *context) = notify.input, (*on_room)(void *context) = notify.room;
    void *context = notify.context;
    spin_unlock(&lock);
    if (any && on_input != NULL)
        on_input(context);
    if (room && on_room != NULL)
        on_room(context);
}

size_t serial_read(char *bytes, size_t size, enum serial_kind *kind)
{
    size_t count = 0;
    spin_lock(&lock);
    *kind = kinds.count > 0 ? (enum serial_kind)kinds.bytes[kinds.first] : SERIAL_BYTES;
    if (*kind != SERIAL_BYTES && size > 1)
        size = 1;
    while (count < size && kinds.count > 0 && kinds.bytes[kinds.first] == (char)*kind) {
        char own;
        byte_ring_get(&kinds, &own, 1);
        byte_ring_get(&input, &bytes[count++], 1);
    }
    spin_unlock(&lock);
    return count;
}

bool serial_has_input(void)
{
    return __atomic_load_n(&input.count, __ATOMIC_RELAXED) > 0;
}

void serial_set_notify(void (*on_input)(void *context), void (*on_room)(void *context), void *context)
{
    spin_lock(&lock);
    notify.input = on_input;
    notify.room = on_room;
    notify.context = context;
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

/* Everything out, as long as the holder of the lock lets us; false: he does not, or there is no port. */
static bool drain_all(void)
{
    for (unsigned tries = 0; tries < PROBE_READS && port != 0; tries++) {
        if (spin_try_lock(&lock)) {
            drain(output.size);
            spin_unlock(&lock);
            return true;
        }
        cpu_pause();
    }
    return false;
}

static void drain_at_exit(void)
{
    if (!drain_all() || notify.room == NULL)
        return;
    notify.room(notify.context); /* what there was no room for */
    drain_all();
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
    int error = interrupt_request_isa(irq, serial_interrupt, NULL, "serial");
    if (error < 0) {
        log_warning("no interrupt for the port at %#x: error %d; polling", at, -error);
        port = 0;
        return error;
    }
    spin_lock(&lock);
    receive(); /* what has been typed ahead: turning the FIFO on loses it */
    spin_unlock(&lock);
    outb(port + FCR, FCR_ENABLE | FCR_TRIGGER_8);
    fifo_size = (inb(port + IIR) & IIR_FIFOS) == IIR_FIFOS ? FIFO_SIZE : 1;
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
