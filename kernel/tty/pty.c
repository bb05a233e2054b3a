/*
 * The pair of a pseudo-terminal: see pty.h.
 *
 *     master --pty_master.c's write--> tty_receive --> line discipline --> terminal's reader
 *     master <--pty->ring <-- `write` here <-- output processing <-- terminal's writer
 *
 * It begins when /dev/ptmx is opened. The terminal can be opened once it is unlocked (TIOCSPTLCK), as often as one
 * likes, and closed and opened again. When the master is closed the terminal is hung up and loses number and name; what
 * is left goes with the last file on it.
 *
 * Locks: ptys_lock (spin, rank PTYS) guards the table of numbers; the ring and what goes with it tty->input_lock.
 *
 * Source: pty(7), pts(4), ioctl_tty(2).
 */
#include "tty/pty.h"

#include "fs/device.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "tty/pty_internal.h"
#include "tty/tty_internal.h"

#define DEVICE_PTMX DEVICE_NUMBER(5, 2)

static struct spinlock ptys_lock = SPINLOCK_INIT(PTYS);
static struct pty *ptys[PTY_MAX];        /* those that can be found; NULL: none */
static DECLARE_BITMAP(numbers, PTY_MAX); /* that are taken */

/* ------------------------------------------------------------------------------------------------------------------
 * The terminal's driver
 */

static size_t write(struct tty *tty, const char *data, size_t size)
{
    struct pty *pty = tty->data;
    size = min_u64(size, PTY_RING_SIZE - (pty->head - pty->tail));
    uint32_t first = pty->head % PTY_RING_SIZE;
    size_t to_end = min_u64(size, PTY_RING_SIZE - first);
    memcpy(&pty->ring[first], data, to_end);
    memcpy(pty->ring, data + to_end, size - to_end);
    pty->head += (uint32_t)size;
    if (size > 0 && !wait_queue_is_empty(&pty->masters))
        wait_queue_wake_all(&pty->masters);
    return size;
}

static void tell_locked(struct pty *pty, uint8_t set, uint8_t clear)
{
    if (!pty->packets)
        return;
    pty->status = (uint8_t)((pty->status & ~clear) | set);
    wait_queue_wake_all(&pty->masters);
}

static void discard(struct tty *tty)
{
    struct pty *pty = tty->data;
    pty->tail = pty->head;
    tell_locked(pty, TIOCPKT_FLUSHWRITE, 0);
}

static void event(struct tty *tty, enum tty_event event)
{
    struct pty *pty = tty->data;
    switch (event) {
    case TTY_STOPPED: tell_locked(pty, TIOCPKT_STOP, TIOCPKT_START); break;
    case TTY_STARTED: tell_locked(pty, TIOCPKT_START, TIOCPKT_STOP); break;
    case TTY_INPUT_LOST: tell_locked(pty, TIOCPKT_FLUSHREAD, 0); break;
    }
}

/* Do ^S and ^Q mean what they usually do? Then who has the master may do it himself. */
static bool has_usual_flow(const struct termios *termios)
{
    return termios->c_iflag & IXON && termios->c_cc[VSTOP] == 'S' - '@' && termios->c_cc[VSTART] == 'Q' - '@';
}

static void settings_changed(struct tty *tty, const struct termios *old)
{
    struct pty *pty = tty->data;
    spin_lock(&tty->input_lock);
    bool before = has_usual_flow(old), now = has_usual_flow(&tty->termios);
    if (before != now)
        tell_locked(pty, now ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP, TIOCPKT_DOSTOP | TIOCPKT_NOSTOP);
    tty->termios.c_cflag = (tty->termios.c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD; /* it is no line */
    spin_unlock(&tty->input_lock);
}

static void wake_masters(struct tty *tty)
{
    struct pty *pty = tty->data;
    wait_queue_wake_all(&pty->masters);
}

static void release(struct tty *tty)
{
    kfree(tty->data);
}

static const struct tty_driver driver = {
    .name = "pts/",
    .write = write,
    .discard = discard,
    .input_room = wake_masters,
    .settings_changed = settings_changed,
    .event = event,
    .closed = wake_masters,
    .release = release,
    .survives_leader = true,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Numbers and life
 */

struct pty *pty_find(unsigned number)
{
    spin_lock(&ptys_lock);
    struct pty *pty = number < PTY_MAX ? ptys[number] : NULL;
    if (pty)
        tty_get(pty->tty);
    spin_unlock(&ptys_lock);
    return pty;
}

struct inode *pty_inode(unsigned number)
{
    spin_lock(&ptys_lock);
    struct inode *inode = number < PTY_MAX && ptys[number] ? ptys[number]->inode : NULL;
    if (inode)
        inode_get(inode);
    spin_unlock(&ptys_lock);
    return inode;
}

bool pty_next(unsigned *number)
{
    spin_lock(&ptys_lock);
    while (*number < PTY_MAX && ptys[*number] == NULL)
        ++*number;
    spin_unlock(&ptys_lock);
    return *number < PTY_MAX;
}

static unsigned number_take(void)
{
    spin_lock(&ptys_lock);
    unsigned number = (unsigned)bitmap_find_clear(numbers, PTY_MAX, 0);
    if (number < PTY_MAX)
        bitmap_set(numbers, number);
    spin_unlock(&ptys_lock);
    return number;
}

static void number_release(unsigned number)
{
    spin_lock(&ptys_lock);
    bitmap_clear(numbers, number);
    spin_unlock(&ptys_lock);
}

/* From here on it can be found, or not any more. */
static void publish(unsigned number, struct pty *pty)
{
    spin_lock(&ptys_lock);
    ptys[number] = pty;
    spin_unlock(&ptys_lock);
}

/* With a number already; NULL: no memory. */
static struct pty *make(unsigned number)
{
    struct pty *pty = kmalloc(sizeof *pty, ALLOC_ZERO);
    if (pty == NULL)
        return NULL;
    pty->number = number;
    pty->locked = true;
    wait_queue_init(&pty->masters);
    pty->tty = tty_create(&driver, number, DEVICE_NUMBER(PTY_MAJOR, number), pty);
    if (pty->tty == NULL) {
        kfree(pty);
        return NULL;
    }
    pty->inode = devpts_create_node(number);
    if (pty->inode)
        return pty;
    tty_put(pty->tty); /* and the pty with it */
    return NULL;
}

struct pty *pty_create(int *error)
{
    unsigned number = number_take();
    *error = -ENOSPC;
    if (number == PTY_MAX)
        return NULL;
    struct pty *pty = make(number);
    *error = pty ? 0 : -ENOMEM;
    if (pty)
        publish(number, pty);
    else
        number_release(number);
    return pty;
}

void pty_close_master(struct pty *pty)
{
    publish(pty->number, NULL);
    tty_set_gone(pty->tty, true);
    tty_hang_up_now(pty->tty);
    inode_put(pty->inode);
    number_release(pty->number);
    tty_put(pty->tty);
}

int pty_open_slave(struct file *file)
{
    struct pty *pty = pty_find(file->inode->device & 0xff);
    if (pty == NULL)
        return -EIO;
    struct tty *tty = pty->tty;
    bool may = pty->inode == file->inode && !__atomic_load_n(&pty->locked, __ATOMIC_ACQUIRE);
    int error = may ? tty_open(tty, file) : -EIO;
    if (error == 0 && tty->gone) { /* just now */
        file->ops->release(file);
        error = -EIO;
    }
    if (error == 0)
        __atomic_store_n(&pty->was_open, true, __ATOMIC_RELEASE);
    tty_put(tty);
    return error;
}

bool ptys_init(void)
{
    static const struct file_ops ops = {.open = pty_master_open};
    if (!devpts_init(DEVICE_PTMX))
        return false;
    device_register(DEVICE_PTMX, "ptmx", 0666, &ops);
    return true;
}
