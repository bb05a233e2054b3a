/*
 * Ports of the virtio console device: see virtio_console.h.
 *
 * Queues: each port has one for what comes and one for what goes; two more carry control messages: the device tells
 * which ports there are, which is a console, and whether somebody has the other end open; we tell that we are ready for
 * them, and which of them programs have open.
 *
 * The handshake is waited for, so that the devices are there before there are programs: we say that we are ready, and
 * look at what has come when the device has taken that message; QEMU puts its answers into the queue before it gives
 * the message back. Ports that it adds later are left alone.
 *
 * Buffers: for what comes, one page each, in the queue whenever they are not full; for what goes, larger ones, free
 * whenever they are not under way. They are allocated when a port is first opened and stay. A full queue makes the
 * device wait, and with it whoever writes at the other end.
 *
 * The end of what comes: the device tells that the other end was closed after it has put all bytes into the queue; so
 * that queue is emptied before the message counts.
 *
 * One device is enough; a second one is left alone. Each port's `lock` (rank PORT: terminals send with theirs held)
 * guards its queues and buffers; `control_lock`, of the same rank and never with another, the control queues. Nobody is
 * woken or told under them.
 *
 * Source: VIRTIO 1.2, 5.3.6.2 (multiport operation).
 */
#include "drivers/virtio/virtio_console.h"

#include "arch/x86_64/spinlock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "mm/page.h"
#include "time/clock.h"

#define LOG_NAME "virtio-console"

#define F_MULTIPORT (1ull << 1)
#define CONFIG_PORTS 4 /* offset of the number of ports: 32 bits */

#define BUFFERS_IN 16
#define BUFFERS_OUT 8
#define ORDER_OUT 2 /* pages of VIRTIO_PORT_BUFFER */
_Static_assert(VIRTIO_PORT_BUFFER == PAGE_SIZE << ORDER_OUT, "a buffer is so many pages");

struct in_buffer {
    struct page *page;
    uint32_t start, end; /* bytes that have come and not been skipped */
};

struct virtio_port {
    unsigned number;
    struct spinlock lock;
    struct virtio_queue *in, *out;
    struct in_buffer in_buffers[BUFFERS_IN];
    struct in_buffer *filled[BUFFERS_IN]; /* in the order in which they came: a ring */
    unsigned filled_first, filled_count;
    struct page *free[BUFFERS_OUT]; /* a stack */
    unsigned free_count, out_count; /* of all that there are */
    uint32_t opens;
    bool there, is_terminal, connected;
    struct wait_queue readers, writers;
    struct {
        void (*input)(void *context);
        void (*room)(void *context);
        void *context;
    } notify;
};

static struct virtio_port ports[VIRTIO_PORTS];
static bool taken; /* there is a device */

/* ------------------------------------------------------------------------------------------------------------------
 * Control messages
 */

enum control_event {
    DEVICE_READY,
    DEVICE_ADD,
    DEVICE_REMOVE,
    PORT_READY,
    CONSOLE_PORT,
    RESIZE,
    PORT_OPEN,
    PORT_NAME,
};
struct control {
    uint32_t port;
    uint16_t event, value;
};

#define CONTROL_SIZE 128 /* of a message: a name may follow */
#define CONTROLS (PAGE_SIZE / CONTROL_SIZE)
#define PATIENCE_NS 1000000000ull

static struct spinlock control_lock = SPINLOCK_INIT(PORT);
static struct virtio_queue *control_in, *control_out;
static struct page *controls_in, *controls_out;
static unsigned control_next; /* the place in controls_out for the next message */

static uint8_t *control_at(struct page *page, unsigned index)
{
    return (uint8_t *)page_memory(page) + (size_t)index * CONTROL_SIZE;
}

static void give_control_locked(unsigned index)
{
    uint8_t *place = control_at(controls_in, index);
    struct virtio_buffer buffer = {.address = page_address(controls_in) + index * CONTROL_SIZE, .length = CONTROL_SIZE};
    virtio_queue_add(control_in, &buffer, 0, 1, place);
}

/* Until the device has taken all messages; false: it does not. */
static bool control_settle(void)
{
    uint64_t deadline = clock_monotonic() + PATIENCE_NS;
    for (;;) {
        uint32_t length;
        spin_lock(&control_lock);
        while (virtio_queue_take(control_out, &length) != NULL)
            ;
        bool settled = virtio_queue_free_count(control_out) == virtio_queue_size(control_out);
        spin_unlock(&control_lock);
        if (settled || clock_monotonic() >= deadline)
            return settled;
        cpu_pause();
    }
}

static void control_send(unsigned port, enum control_event event, unsigned value)
{
    uint32_t length;
    const struct control message = {.port = port, .event = (uint16_t)event, .value = (uint16_t)value};
    spin_lock(&control_lock);
    while (virtio_queue_take(control_out, &length) != NULL)
        ;
    unsigned index = control_next++ % CONTROLS;
    struct virtio_buffer buffer = {
        .address = page_address(controls_out) + index * CONTROL_SIZE, .length = sizeof message};
    if (virtio_queue_free_count(control_out) > 0) { /* else it has not taken so many: it is not listening */
        memcpy(control_at(controls_out, index), &message, sizeof message);
        virtio_queue_add(control_out, &buffer, 1, 0, control_at(controls_out, index));
        virtio_queue_kick(control_out);
    }
    spin_unlock(&control_lock);
}

static void take_input(struct virtio_queue *queue, void *argument);

static void set_connected(struct virtio_port *port, bool connected)
{
    take_input(port->in, port); /* what came before */
    __atomic_store_n(&port->connected, connected, __ATOMIC_RELEASE);
    wait_queue_wake_all(&port->readers);
    wait_queue_wake_all(&port->writers);
}

static void obey(const struct control *message)
{
    if (message->port >= VIRTIO_PORTS || ports[message->port].in == NULL)
        return;
    struct virtio_port *port = &ports[message->port];
    switch (message->event) {
    case DEVICE_ADD: port->there = true; break;
    case CONSOLE_PORT: port->is_terminal = true; break;
    case PORT_OPEN: set_connected(port, message->value != 0); break;
    }
}

static void take_controls(struct virtio_queue *queue, void *argument)
{
    for (;;) {
        struct control message = {0};
        uint32_t length;
        spin_lock(&control_lock);
        const uint8_t *place = virtio_queue_take(control_in, &length);
        if (place != NULL) {
            memcpy(&message, place, sizeof message);
            give_control_locked((unsigned)(place - control_at(controls_in, 0)) / CONTROL_SIZE);
            virtio_queue_kick(control_in);
        }
        spin_unlock(&control_lock);
        if (place == NULL)
            return;
        if (length >= sizeof message)
            obey(&message);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * What comes
 */

static void give_in_locked(struct virtio_port *port, struct in_buffer *buffer)
{
    struct virtio_buffer range = {.address = page_address(buffer->page), .length = PAGE_SIZE};
    virtio_queue_add(port->in, &range, 0, 1, buffer);
}

static void take_input(struct virtio_queue *queue, void *argument)
{
    struct virtio_port *port = argument;
    struct in_buffer *buffer;
    uint32_t length;
    bool came = false;
    spin_lock(&port->lock);
    while ((buffer = virtio_queue_take(queue, &length)) != NULL) {
        buffer->start = 0;
        buffer->end = length;
        port->filled[(port->filled_first + port->filled_count) % BUFFERS_IN] = buffer;
        __atomic_store_n(&port->filled_count, port->filled_count + 1, __ATOMIC_RELEASE);
        came = true;
    }
    void (*input)(void *context) = port->notify.input;
    void *context = port->notify.context;
    spin_unlock(&port->lock);
    if (!came)
        return;
    wait_queue_wake(&port->readers);
    if (input != NULL)
        input(context);
}

const uint8_t *virtio_port_peek(struct virtio_port *port, unsigned index, size_t *length)
{
    const uint8_t *bytes = NULL;
    spin_lock(&port->lock);
    if (index < port->filled_count) {
        const struct in_buffer *buffer = port->filled[(port->filled_first + index) % BUFFERS_IN];
        bytes = (const uint8_t *)page_memory(buffer->page) + buffer->start;
        *length = buffer->end - buffer->start;
    }
    spin_unlock(&port->lock);
    return bytes;
}

void virtio_port_skip(struct virtio_port *port, size_t length)
{
    spin_lock(&port->lock);
    while (port->filled_count > 0) {
        struct in_buffer *buffer = port->filled[port->filled_first % BUFFERS_IN];
        size_t part = min_u64(length, buffer->end - buffer->start);
        buffer->start += (uint32_t)part;
        length -= part;
        if (buffer->start < buffer->end)
            break;
        port->filled_first = (port->filled_first + 1) % BUFFERS_IN;
        __atomic_store_n(&port->filled_count, port->filled_count - 1, __ATOMIC_RELEASE);
        give_in_locked(port, buffer);
    }
    virtio_queue_kick(port->in);
    spin_unlock(&port->lock);
}

bool virtio_port_has_input(const struct virtio_port *port)
{
    return __atomic_load_n(&port->filled_count, __ATOMIC_ACQUIRE) > 0;
}

size_t virtio_port_count(struct virtio_port *port)
{
    size_t count = 0, length;
    for (unsigned i = 0; virtio_port_peek(port, i, &length) != NULL; i++)
        count += length;
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What goes
 */

/* Buffers that the device has read are free again. */
static bool reap_locked(struct virtio_port *port)
{
    struct page *page;
    uint32_t length;
    bool any = false;
    while ((page = virtio_queue_take(port->out, &length)) != NULL) {
        port->free[port->free_count++] = page;
        any = true;
    }
    return any;
}

static void take_sent(struct virtio_queue *queue, void *argument)
{
    struct virtio_port *port = argument;
    spin_lock(&port->lock);
    reap_locked(port);
    void (*room)(void *context) = port->notify.room;
    void *context = port->notify.context;
    spin_unlock(&port->lock);
    wait_queue_wake_all(&port->writers); /* one may wait for room, another until all is sent */
    if (room != NULL)
        room(context);
}

void *virtio_port_room(struct virtio_port *port)
{
    spin_lock(&port->lock);
    if (port->free_count == 0)
        reap_locked(port);
    struct page *page = port->free_count > 0 ? port->free[--port->free_count] : NULL;
    spin_unlock(&port->lock);
    return page == NULL ? NULL : page_memory(page);
}

void virtio_port_send(struct virtio_port *port, void *buffer, size_t length)
{
    struct page *page = page_of(direct_map_physical(buffer));
    struct virtio_buffer range = {.address = page_address(page), .length = (uint32_t)length};
    spin_lock(&port->lock);
    if (length == 0 || virtio_queue_add(port->out, &range, 1, 0, page) < 0)
        port->free[port->free_count++] = page;
    else
        virtio_queue_kick(port->out);
    spin_unlock(&port->lock);
}

bool virtio_port_has_room(struct virtio_port *port)
{
    spin_lock(&port->lock);
    reap_locked(port);
    bool room = port->free_count > 0;
    spin_unlock(&port->lock);
    return room;
}

bool virtio_port_is_sent(struct virtio_port *port)
{
    spin_lock(&port->lock);
    reap_locked(port);
    bool sent = port->free_count == port->out_count;
    spin_unlock(&port->lock);
    return sent;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ports as such
 */

struct virtio_port *virtio_port(unsigned number)
{
    return number < VIRTIO_PORTS && ports[number].there ? &ports[number] : NULL;
}

bool virtio_port_is_terminal(const struct virtio_port *port)
{
    return port->is_terminal;
}

bool virtio_port_is_connected(const struct virtio_port *port)
{
    return __atomic_load_n(&port->connected, __ATOMIC_ACQUIRE);
}

struct wait_queue *virtio_port_readers(struct virtio_port *port)
{
    return &port->readers;
}

struct wait_queue *virtio_port_writers(struct virtio_port *port)
{
    return &port->writers;
}

void virtio_port_set_notify(
    struct virtio_port *port, void (*input)(void *context), void (*room)(void *context), void *context)
{
    spin_lock(&port->lock);
    port->notify.input = input;
    port->notify.room = room;
    port->notify.context = context;
    spin_unlock(&port->lock);
}

/* What an earlier try has got stays. Two at a time may get more than there is a place for: it goes back. */
static bool add_buffer(struct virtio_port *port, bool out)
{
    struct page *page = page_allocate(out ? ORDER_OUT : 0, 0);
    if (page == NULL)
        return false;
    spin_lock(&port->lock);
    if (out && port->out_count < BUFFERS_OUT) {
        port->free[port->free_count++] = page;
        port->out_count++;
        page = NULL;
    }
    for (unsigned i = 0; !out && page != NULL && i < BUFFERS_IN; i++) {
        if (port->in_buffers[i].page != NULL)
            continue;
        port->in_buffers[i].page = page;
        give_in_locked(port, &port->in_buffers[i]);
        page = NULL;
    }
    spin_unlock(&port->lock);
    if (page != NULL)
        page_free(page, out ? ORDER_OUT : 0);
    return true;
}

static bool is_equipped(struct virtio_port *port)
{
    spin_lock(&port->lock);
    bool equipped = port->out_count == BUFFERS_OUT && port->in_buffers[BUFFERS_IN - 1].page != NULL;
    spin_unlock(&port->lock);
    return equipped;
}

int virtio_port_open(struct virtio_port *port)
{
    while (!is_equipped(port)) {
        if (!add_buffer(port, true) || !add_buffer(port, false))
            return -ENOMEM;
    }
    spin_lock(&port->lock);
    virtio_queue_kick(port->in);
    bool first = port->opens++ == 0;
    spin_unlock(&port->lock);
    if (first)
        control_send(port->number, PORT_OPEN, 1);
    return 0;
}

void virtio_port_close(struct virtio_port *port)
{
    spin_lock(&port->lock);
    bool last = --port->opens == 0;
    spin_unlock(&port->lock);
    if (last)
        control_send(port->number, PORT_OPEN, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Set-up
 */

/* Queues 0 and 1 are port 0's, 2 and 3 for control, then two for each port. */
static bool make_port(struct virtio_device *device, unsigned number)
{
    struct virtio_port *port = &ports[number];
    unsigned first = number == 0 ? 0 : 2 + 2 * number;
    port->number = number;
    spin_lock_init(&port->lock, LOCK_RANK_PORT);
    wait_queue_init(&port->readers);
    wait_queue_init(&port->writers);
    port->in = virtio_queue_create(device, first, BUFFERS_IN, take_input, port, "virtio-port-in", INTERRUPT_ANY_CPU);
    port->out =
        virtio_queue_create(device, first + 1, BUFFERS_OUT, take_sent, port, "virtio-port-out", INTERRUPT_ANY_CPU);
    return port->in != NULL && port->out != NULL && virtio_queue_size(port->in) == BUFFERS_IN &&
           virtio_queue_size(port->out) == BUFFERS_OUT;
}

static bool make_controls(struct virtio_device *device)
{
    control_in =
        virtio_queue_create(device, 2, CONTROLS, take_controls, NULL, "virtio-console-control", INTERRUPT_ANY_CPU);
    control_out = virtio_queue_create(device, 3, CONTROLS, NULL, NULL, "virtio-console-control", INTERRUPT_ANY_CPU);
    if (control_in == NULL || control_out == NULL)
        return false;
    for (unsigned i = 0; i < virtio_queue_size(control_in); i++)
        give_control_locked(i); /* nobody else is here yet */
    return true;
}

/* Asks which ports there are, and says that we take them. */
static bool shake_hands(void)
{
    spin_lock(&control_lock);
    virtio_queue_kick(control_in);
    spin_unlock(&control_lock);
    control_send(0, DEVICE_READY, 1);
    if (!control_settle())
        return false;
    take_controls(control_in, NULL);
    for (unsigned i = 0; i < VIRTIO_PORTS; i++) {
        if (ports[i].there)
            control_send(i, PORT_READY, 1);
    }
    bool settled = control_settle();
    take_controls(control_in, NULL);
    return settled;
}

static int probe(struct virtio_device *device)
{
    uint32_t count = 0;
    if (taken)
        return -EEXIST;
    controls_in = page_allocate(0, ALLOC_ZERO);
    controls_out = page_allocate(0, ALLOC_ZERO);
    int result = -ENOMEM;
    if (controls_in == NULL || controls_out == NULL)
        goto out_free;
    result = virtio_begin(device, F_MULTIPORT);
    if (result < 0)
        goto out_free;
    result = -ENOTSUP;
    if (!(device->features & F_MULTIPORT) || !virtio_read_config(device, CONFIG_PORTS, &count, sizeof count))
        goto out_fail;
    result = -EIO;
    for (unsigned i = 0; i < VIRTIO_PORTS && i < count; i++) {
        if (!make_port(device, i))
            goto out_fail;
    }
    if (!make_controls(device))
        goto out_fail;
    virtio_ready(device);
    if (!shake_hands())
        goto out_fail;
    taken = true;
    for (unsigned i = 0; i < VIRTIO_PORTS; i++) {
        if (ports[i].there && !ports[i].is_terminal)
            virtio_port_register(&ports[i], i);
    }
    return 0;

out_fail:
    virtio_fail(device);
    memset(ports, 0, sizeof ports);
out_free:
    if (controls_in != NULL)
        page_free(controls_in, 0);
    if (controls_out != NULL)
        page_free(controls_out, 0);
    return result;
}

const struct virtio_driver virtio_console_driver = {.name = "virtio-console", .type = VIRTIO_CONSOLE, .probe = probe};
