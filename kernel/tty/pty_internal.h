/*
 * What the parts of pseudo-terminals share.
 *
 *     pty.c         the pair: numbers, life, and what the terminal's driver does
 *     pty_master.c  /dev/ptmx: files on the master side
 *     devpts.c      the file system in which the terminals have names
 */
#ifndef CORRODE_TTY_PTY_INTERNAL_H
#define CORRODE_TTY_PTY_INTERNAL_H

#include "tty/tty.h"

#define PTY_MAX 256
#define PTY_RING_SIZE 8192
#define PTY_MAJOR 136

/* TIOCPKT: what a byte before the data says. <asm-generic/ioctls.h>. */
#define TIOCPKT_DATA 0
#define TIOCPKT_FLUSHREAD 1
#define TIOCPKT_FLUSHWRITE 2
#define TIOCPKT_STOP 4
#define TIOCPKT_START 8
#define TIOCPKT_NOSTOP 16
#define TIOCPKT_DOSTOP 32

struct pty {
    struct tty *tty; /* its data is the pty, which goes with it */
    unsigned number;
    struct inode *inode; /* in devpts; valid while the master is open */
    bool locked;         /* the terminal cannot be opened yet; atomic */
    bool was_open;       /* the terminal has been open: from now on there is an end when it is not; atomic */

    /* tty->input_lock guards the rest. */
    char ring[PTY_RING_SIZE]; /* what the terminal has sent */
    uint32_t head, tail;      /* counts */
    bool packets;
    uint8_t status;            /* TIOCPKT_*: not yet told */
    struct wait_queue masters; /* who waits for something to read, or for room to write */
};

/* With the file system's inode, and a reference to the terminal for the master. NULL: *error says why. */
struct pty *pty_create(int *error);
void pty_close_master(struct pty *pty);

/* The one of that number, with a reference to its terminal (tty_put); NULL: there is none. */
struct pty *pty_find(unsigned number);
bool pty_next(unsigned *number); /* the lowest number in use from *number on; false: none */

/* file_ops.open of the terminal's node. */
int pty_open_slave(struct file *file);

/* Whether nobody has the terminal open any more. */
static inline bool pty_is_left(const struct pty *pty)
{
    return __atomic_load_n(&pty->was_open, __ATOMIC_ACQUIRE) && !tty_is_open(pty->tty);
}

int pty_master_open(struct file *file);   /* /dev/ptmx */
struct inode *pty_inode(unsigned number); /* its node, with a reference; NULL */

/* devpts.c: a node for a new terminal; NULL: no memory. devpts_init: false, for the same reason. */
struct inode *devpts_create_node(unsigned number);
bool devpts_init(uint32_t ptmx_device);

#endif
