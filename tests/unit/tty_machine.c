/*
 * See tty_machine.h. What the line discipline needs of the rest of the kernel is here in its simplest form: one thread,
 * and nobody ever sleeps.
 */
#include "tests/unit/tty_machine.h"

#include "arch/x86_64/user.h"
#include "fs/device.h"
#include "mm/slab.h"
#include "sched/mutex.h"
#include "sched/work.h"
#include "time/clock.h"

#include <stdlib.h>
#include <string.h>

struct tty_machine_self tty_machine_self;
static struct tty_machine *current;

/* ------------------------------------------------------------------------------------------------------------------
 * The rest of the kernel
 */

void *kmalloc(size_t size, unsigned flags)
{
    return calloc(1, size);
}

void kfree(void *object)
{
    free(object);
}

size_t user_read(void *to, uaddr_t from, size_t size)
{
    memcpy(to, (const void *)from, size);
    return 0;
}

size_t user_write(uaddr_t to, const void *from, size_t size)
{
    memcpy((void *)to, from, size);
    return 0;
}

size_t user_zero(uaddr_t to, size_t size)
{
    memset((void *)to, 0, size);
    return 0;
}

void mutex_init(struct mutex *mutex, enum lock_rank rank) {}
void mutex_lock(struct mutex *mutex) {}
void mutex_unlock(struct mutex *mutex) {}
void wait_queue_init(struct wait_queue *queue) {}

unsigned wait_queue_wake_all(struct wait_queue *queue)
{
    return 0;
}

bool wait_queue_is_empty(const struct wait_queue *queue)
{
    return true;
}

void wait_prepare(struct wait_queue *queue, struct waiter *waiter, bool exclusive) {}
void wait_finish(struct wait_queue *queue, struct waiter *waiter) {}

/* Only what waits for output to be sent comes here; it is. */
int thread_block_interruptible(uint64_t deadline)
{
    abort();
}

PER_CPU(struct thread *, current_thread);
static struct thread the_thread;

uint64_t clock_monotonic(void)
{
    return 0;
}

void work_init(struct work *work, void (*function)(struct work *work)) {}

bool work_queue_add(struct work_queue *queue, struct work *work)
{
    return false;
}

void device_register(uint32_t number, const char *name, uint32_t mode, const struct file_ops *ops) {}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 */

/* There is one namespace of numbers. */
static int32_t same_number(int32_t number)
{
    return number;
}

static int32_t self_session(void)
{
    return tty_machine_self.session;
}

static int32_t self_group(void)
{
    return tty_machine_self.group;
}

static bool self_leads(void)
{
    return tty_machine_self.leads;
}

static bool self_privileged(void)
{
    return tty_machine_self.privileged;
}

/* Groups 100 to 199 are session 100's, and so on. */
static int32_t session_of_group(int32_t group)
{
    return group / 100 * 100;
}

static void signal_someone(int32_t number, int signal)
{
    current->last_group = number;
    current->last_signal = signal;
}

static struct tty *terminal(void)
{
    if (tty_machine_self.terminal)
        tty_get(tty_machine_self.terminal);
    return tty_machine_self.terminal;
}

static void set_terminal(int32_t session, struct tty *tty)
{
    if (tty)
        tty_get(tty);
    if (tty_machine_self.terminal)
        tty_put(tty_machine_self.terminal);
    tty_machine_self.terminal = tty;
}

static int background(int signal)
{
    tty_machine_self.background_asked = signal;
    return tty_machine_self.background;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The terminal
 */

static size_t driver_write(struct tty *tty, const char *data, size_t size)
{
    struct tty_machine *machine = tty->data;
    if (size > machine->room)
        size = machine->room;
    machine->room -= size;
    if (size > sizeof machine->sent - machine->sent_size)
        return size; /* nobody looks at so much */
    memcpy(machine->sent + machine->sent_size, data, size);
    machine->sent_size += size;
    return size;
}

static void driver_input_room(struct tty *tty)
{
    tty_machine_retype(tty->data);
}

static void driver_settings_changed(struct tty *tty, const struct termios *old)
{
    tty->termios.c_cflag = (tty->termios.c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD; /* as a pseudo-terminal */
}

void tty_machine_open(struct tty_machine *machine)
{
    static const struct tty_driver driver = {
        .name = "test",
        .write = driver_write,
        .input_room = driver_input_room,
        .settings_changed = driver_settings_changed,
    };
    static const struct tty_jobs jobs = {
        .seen = same_number,
        .known = same_number,
        .session = self_session,
        .group = self_group,
        .leads_session = self_leads,
        .session_of_group = session_of_group,
        .signal_group = signal_someone,
        .signal_session = signal_someone,
        .terminal = terminal,
        .set_terminal = set_terminal,
        .background = background,
        .privileged = self_privileged,
    };
    memset(machine, 0, sizeof *machine);
    current = machine;
    this_cpu(current_thread) = &the_thread;
    machine->room = SIZE_MAX;
    machine->tty = tty_create(&driver, 0, 0, machine);
    tty_set_jobs(&jobs);
    machine->file = (struct file){.flags = O_RDWR | O_NONBLOCK | O_NOCTTY, .references = 1};
    if (machine->tty == NULL || tty_open(machine->tty, &machine->file) != 0)
        abort();
}

void tty_machine_close(struct tty_machine *machine)
{
    machine->file.ops->release(&machine->file);
    tty_put(machine->tty);
}

void tty_machine_retype(struct tty_machine *machine)
{
    static bool busy;
    if (busy)
        return;
    busy = true;
    size_t taken = tty_receive(machine->tty, machine->typed, machine->typed_size);
    machine->typed_size -= taken;
    memmove(machine->typed, machine->typed + taken, machine->typed_size);
    busy = false;
}

void tty_machine_type(struct tty_machine *machine, const void *bytes, size_t size)
{
    if (size > sizeof machine->typed - machine->typed_size)
        abort();
    memcpy(machine->typed + machine->typed_size, bytes, size);
    machine->typed_size += size;
    tty_machine_retype(machine);
}

void tty_machine_make_room(struct tty_machine *machine, size_t room)
{
    machine->room = room;
    tty_writable(machine->tty);
}

long tty_machine_read(struct tty_machine *machine, void *bytes, size_t size)
{
    struct iov iov;
    iov_init_kernel(&iov, bytes, size);
    return machine->file.ops->read(&machine->file, &iov, NULL);
}

long tty_machine_write(struct tty_machine *machine, const void *bytes, size_t size)
{
    struct iov iov;
    iov_init_kernel(&iov, (void *)bytes, size);
    return machine->file.ops->write(&machine->file, &iov, NULL);
}

long tty_machine_ioctl(struct tty_machine *machine, unsigned command, void *argument)
{
    return machine->file.ops->ioctl(&machine->file, command, (uintptr_t)argument);
}
