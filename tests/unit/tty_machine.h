/*
 * A terminal of ours (kernel/tty/tty*.c) on the host, with a driver that remembers what it is sent, for tests and
 * fuzzers of the line discipline. Nothing waits: files are opened with O_NONBLOCK.
 */
#ifndef CORRODE_TESTS_TTY_MACHINE_H
#define CORRODE_TESTS_TTY_MACHINE_H

#include "tty/tty.h"

#define MACHINE_TYPED_MAX 65536

struct tty_machine {
    struct tty *tty;
    struct file file; /* open on it */
    char sent[65536]; /* to the driver */
    size_t sent_size;
    size_t room;                      /* what the driver takes at most; grows by tty_machine_make_room */
    uint8_t typed[MACHINE_TYPED_MAX]; /* and not yet received: there was no room */
    size_t typed_size;
    int32_t last_group; /* who was sent the last signal, and which */
    int last_signal;
};

void tty_machine_open(struct tty_machine *machine);
void tty_machine_close(struct tty_machine *machine);

void tty_machine_type(struct tty_machine *machine, const void *bytes, size_t size);
void tty_machine_retype(struct tty_machine *machine); /* what there was no room for, again */
void tty_machine_make_room(struct tty_machine *machine, size_t room);

/* As the system calls do: bytes or -errno. */
long tty_machine_read(struct tty_machine *machine, void *bytes, size_t size);
long tty_machine_write(struct tty_machine *machine, const void *bytes, size_t size);
long tty_machine_ioctl(struct tty_machine *machine, unsigned command, void *argument);

/* Who asks for something by the functions above: tty_jobs's answers. */
extern struct tty_machine_self {
    int32_t session, group;
    bool leads, privileged;
    int background;       /* what tty_jobs->background returns */
    int background_asked; /* with which signal it was called last */
    struct tty *terminal; /* of the session */
} tty_machine_self;

#endif
