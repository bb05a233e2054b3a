/*
 * Terminals: how they begin and end, and how they are opened. See tty.h.
 */
#include "tty/tty.h"

#include "fs/device.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "tty/tty_internal.h"

#define DEVICE_TTY DEVICE_NUMBER(5, 0)

static const struct termios usual = {
    .c_iflag = ICRNL | IXON,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B38400 | CS8 | CREAD,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {[VINTR] = 3,
        [VQUIT] = 28,
        [VERASE] = 127,
        [VKILL] = 21,
        [VEOF] = 4,
        [VMIN] = 1,
        [VSTART] = 17,
        [VSTOP] = 19,
        [VSUSP] = 26,
        [VREPRINT] = 18,
        [VDISCARD] = 15,
        [VWERASE] = 23,
        [VLNEXT] = 22},
};
#define USUAL_SPEED 38400

static void hang_up(struct work *work);

struct tty *tty_create(const struct tty_driver *driver, unsigned index, uint32_t device, void *data)
{
    struct tty *tty = kmalloc(sizeof *tty, ALLOC_ZERO);
    if (tty == NULL)
        return NULL;
    tty->driver = driver;
    tty->index = index;
    tty->device = device;
    tty->data = data;
    tty->references = 1;
    mutex_init(&tty->lock, LOCK_RANK_TTY_SETTINGS);
    spin_lock_init(&tty->input_lock, LOCK_RANK_TTY);
    wait_queue_init(&tty->readers);
    wait_queue_init(&tty->writers);
    work_init(&tty->hang_up_work, hang_up);
    tty_set_defaults(tty, &usual, USUAL_SPEED);
    return tty;
}

void tty_set_defaults(struct tty *tty, const struct termios *termios, uint32_t speed)
{
    tty->termios = *termios;
    tty->input_speed = tty->output_speed = speed;
    tty_mark_special(tty);
}

void tty_get(struct tty *tty)
{
    __atomic_fetch_add(&tty->references, 1, __ATOMIC_RELAXED);
}

void tty_put(struct tty *tty)
{
    if (__atomic_sub_fetch(&tty->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (tty->driver->release)
        tty->driver->release(tty);
    kfree(tty);
}

static void hang_up(struct work *work)
{
    struct tty *tty = container_of(work, struct tty, hang_up_work);
    tty_hang_up_now(tty);
    tty_put(tty);
}

void tty_hang_up(struct tty *tty)
{
    tty_get(tty);
    if (!work_queue_add(NULL, &tty->hang_up_work))
        tty_put(tty);
}

void tty_set_gone(struct tty *tty, bool gone)
{
    __atomic_store_n(&tty->gone, gone, __ATOMIC_SEQ_CST);
    wait_queue_wake_all(&tty->readers);
    wait_queue_wake_all(&tty->writers);
}

void tty_resize(struct tty *tty, const struct winsize *size)
{
    mutex_lock(&tty->lock);
    spin_lock(&tty->input_lock);
    const struct winsize *old = &tty->size;
    bool differs = old->rows != size->rows || old->columns != size->columns || old->x_pixels != size->x_pixels ||
                   old->y_pixels != size->y_pixels;
    if (differs)
        tty_signal_locked(tty, SIGWINCH);
    tty->size = *size;
    spin_unlock(&tty->input_lock);
    mutex_unlock(&tty->lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Opening
 */

/* Takes a reference over. */
static void attach(struct tty *tty, struct file *file)
{
    __atomic_fetch_add(&tty->files, 1, __ATOMIC_RELAXED);
    file->ops = &tty_file_ops;
    file->data = tty;
    file->position = __atomic_load_n(&tty->hang_ups, __ATOMIC_SEQ_CST);
}

int tty_open(struct tty *tty, struct file *file)
{
    if (tty->exclusive && !tty_jobs->privileged())
        return -EBUSY;
    tty_get(tty);
    attach(tty, file);
    if (!(file->flags & O_NOCTTY))
        tty_adopt(tty, file);
    return 0;
}

int tty_open_console(struct tty *tty, struct file *file)
{
    tty_get(tty);
    attach(tty, file);
    file->position = TTY_NEVER_DEAD;
    return 0;
}

static int open_own(struct file *file)
{
    struct tty *tty = tty_jobs->terminal();
    if (tty == NULL)
        return -ENXIO;
    attach(tty, file);
    return 0;
}

void tty_devices_init(void)
{
    static const struct file_ops own = {.open = open_own};
    device_register(DEVICE_TTY, "tty", 0666, &own);
}
