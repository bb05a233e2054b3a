/*
 * Terminals as programs know them: a line discipline (canonical editing, echo, signals, output processing, job control)
 * between a driver (serial port, virtual console, the master side of a pseudo-terminal) and the files that programs
 * have opened.
 *
 *     driver --tty_receive()--> line discipline --read()--> program
 *     driver <--ops->write()--- output processing <--write()-- program
 *
 * Input goes into a ring, in which a bit marks the ends of lines: tty_receive edits and echoes while it comes, in
 * whatever context the driver has it; a reader waits until there is a line, or as many bytes as VMIN and VTIME ask for.
 *
 * Sessions and process groups are proc's, which stands above: they are numbers here, and what is done with them goes
 * through struct tty_jobs.
 *
 * Locks: tty->lock (mutex, rank TTY_SETTINGS) guards settings and whose terminal it is; tty->input_lock (spin, rank
 * TTY) the input, and `foreground`.
 *
 * Source: POSIX.1-2017 chapter 11 (General Terminal Interface); termios(3), ioctl_tty(2).
 */
#ifndef CORRODE_TTY_TTY_H
#define CORRODE_TTY_TTY_H

#include "fs/fs.h"
#include "lib/bitmap.h"

/* The kernel's struct termios: 36 bytes. */
#define NCCS 19
struct termios {
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line;
    uint8_t c_cc[NCCS];
};
_Static_assert(sizeof(struct termios) == 36, "struct termios");

struct winsize {
    uint16_t rows, columns, x_pixels, y_pixels;
};

struct tty;

struct tty_driver {
    const char *name; /* of the device: "ttyS", "tty", "pts/" */
    /* Sends what fits now; returns how many bytes. tty_writable is called when there is room again. Any context. */
    size_t (*write)(struct tty *tty, const char *data, size_t size);
    void (*settings_changed)(struct tty *tty);                            /* NULL: it does not care */
    long (*ioctl)(struct tty *tty, unsigned command, uintptr_t argument); /* others than a terminal's; NULL: -ENOTTY */
    void (*release)(struct tty *tty);                                     /* the last reference goes; NULL */
};

#define TTY_INPUT_SIZE 4096
struct tty {
    const struct tty_driver *driver;
    void *data; /* the driver's */
    unsigned index;
    uint32_t device; /* fs/device.h */
    uint32_t references;

    struct mutex lock;
    struct termios termios;
    struct winsize size;
    int32_t session;    /* whose controlling terminal it is; 0: nobody's */
    int32_t foreground; /* the group that may read; 0: none */
    bool hung_up;
    bool stopped; /* by ^S */

    struct spinlock input_lock;
    uint8_t input[TTY_INPUT_SIZE];             /* a ring */
    uint32_t head, lines_end, tail;            /* counts: put, end of the last whole line, taken */
    DECLARE_BITMAP(line_ends, TTY_INPUT_SIZE); /* where lines end: the delimiter's place */
    uint32_t column;                           /* of the output, for tabs and erasing */
    uint32_t line_column;                      /* where the line that is being edited began */
    bool literal_next;
    struct wait_queue readers, writers;
};

/* One reference. NULL: no memory. */
struct tty *tty_create(const struct tty_driver *driver, unsigned index, uint32_t device, void *data);
void tty_get(struct tty *tty);
void tty_put(struct tty *tty);

/* The driver's: bytes came in; there is room again; the line is gone (SIGHUP). Any context. */
void tty_receive(struct tty *tty, const uint8_t *data, size_t size);
void tty_writable(struct tty *tty);
void tty_hang_up(struct tty *tty);

/* SIGWINCH to the foreground group when it differs. */
void tty_resize(struct tty *tty, const struct winsize *size);

/* Files on a terminal: file->data is the tty, with a reference. A driver's device gives them out in its `open`. */
extern const struct file_ops tty_file_ops;
int tty_open(struct tty *tty, struct file *file); /* for file_ops->open: becomes controlling terminal where it may */

/*
 * What terminals need of processes: proc/jobs.c hands it over. "Current" is the process of the running thread.
 */
struct tty_jobs {
    int32_t (*session)(void);                               /* the current one's; 0: a thread of the kernel */
    int32_t (*group)(void);                                 /* the current one's */
    bool (*leads_session)(void);                            /* is the current one its session's leader? */
    int32_t (*session_of_group)(int32_t group);             /* 0: there is no such group */
    void (*signal_group)(int32_t group, int signal);        /* any context */
    void (*signal_session)(int32_t session, int signal);    /* its leader: SIGHUP; any context */
    struct tty *(*terminal)(void);                          /* of the current session, with a reference; NULL */
    void (*set_terminal)(int32_t session, struct tty *tty); /* NULL: it has none any more; takes a reference */
    /*
     * The current process, in the background, wants to read (SIGTTIN) or to write or change settings (SIGTTOU): 0: let
     * it; -ERESTARTSYS: its group has been sent the signal; -EIO: it blocks or ignores it, or nobody would let it go
     * on.
     */
    int (*background)(int signal);
};
void tty_set_jobs(const struct tty_jobs *jobs);

#endif
