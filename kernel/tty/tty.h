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
 * Output, what is echoed and what programs write alike, is processed into another ring, from which the driver takes
 * what it has room for; a writer waits until that ring is empty.
 *
 * Lives: a driver makes a terminal (tty_create) and holds a reference; so does every open file, and a session whose
 * controlling terminal it is. When the line is gone (tty_hang_up) files that are open then are dead for good: they read
 * nothing and write with EIO. Files opened later are not.
 *
 * Sessions and process groups are proc's, which stands above: they are numbers here, and what is done with them goes
 * through struct tty_jobs.
 *
 * Locks: sessions_lock in tty_session.c (mutex, rank TTY_SETTINGS) guards whose controlling terminal each one is;
 * tty->lock (mutex, of the same rank; never both) orders changes of settings and size; tty->input_lock (spin, rank TTY)
 * guards all else, and what the two others guard changes under it as well, so that any one of them is enough to look.
 *
 * Source: POSIX.1-2017 chapter 11 (General Terminal Interface); termios(3), ioctl_tty(2).
 */
#ifndef CORRODE_TTY_TTY_H
#define CORRODE_TTY_TTY_H

#include "fs/fs.h"
#include "lib/bitmap.h"
#include "sched/work.h"
#include "tty/termios.h"

struct tty;

enum tty_event {
    TTY_STOPPED, /* output: by ^S or TCOOFF */
    TTY_STARTED,
    TTY_INPUT_LOST, /* somebody has thrown the input away */
};

/* NULL in a slot: there is nothing to do, unless said otherwise. "Under input_lock": with the spin lock held. */
struct tty_driver {
    const char *name; /* of the device: "ttyS", "tty", "pts/" */
    /* Sends what fits now; returns how many bytes. tty_writable is called when there is room again. Under input_lock.
     */
    size_t (*write)(struct tty *tty, const char *data, size_t size);
    /* After `write`, without any lock of the terminal's, in the same context: tty_receive may be called. */
    void (*written)(struct tty *tty);
    size_t (*unsent)(struct tty *tty); /* bytes that `write` took and that are still under way. Any context */
    void (*discard)(struct tty *tty);  /* forgets those. Under input_lock */
    /* There is room again after tty_receive took less than it was given. A thread's context, no lock. */
    void (*input_room)(struct tty *tty);
    void (*settings_changed)(struct tty *tty, const struct termios *old); /* a thread's context, tty->lock held */
    void (*send_break)(struct tty *tty, uint64_t ns);                     /* a thread's context; takes its time */
    long (*ioctl)(struct tty *tty, unsigned command, uintptr_t argument); /* others than a terminal's; NULL: -ENOTTY */
    void (*event)(struct tty *tty, enum tty_event event);                 /* has just happened. Under input_lock */
    void (*closed)(struct tty *tty);                                      /* the last file is; a thread's context */
    void (*release)(struct tty *tty); /* the last reference goes. Any context; spin locks below TTY may be held */
    bool is_line;                     /* somebody at the other end heeds XON and XOFF: IXOFF sends them */
    bool survives_leader;             /* a session leader's end does not hang it up: pseudo-terminals */
};

#define TTY_INPUT_SIZE 4096
#define TTY_OUTPUT_SIZE 2048
struct tty {
    const struct tty_driver *driver;
    void *data; /* the driver's */
    unsigned index;
    uint32_t device; /* fs/device.h */
    uint32_t references;

    struct mutex lock;
    struct termios termios;
    uint32_t input_speed, output_speed; /* bits a second, as TCSETS2 has them */
    struct termios locked;              /* TIOCSLCKTRMIOS: bits, and characters, that may not be changed */
    struct winsize size;

    int32_t session;    /* whose controlling terminal it is; 0: nobody's */
    int32_t foreground; /* the group that may read; 0: none */
    bool exclusive;     /* TIOCEXCL: only the privileged may open it */
    bool gone;          /* there is no other side any more: reads and writes fail with EIO */
    uint32_t hang_ups;  /* how often; a file that was opened before the last one is dead */
    uint32_t files;     /* that are open on it */
    struct work hang_up_work;

    struct spinlock input_lock;
    uint8_t input[TTY_INPUT_SIZE];             /* a ring */
    uint32_t head, lines_end, tail;            /* counts: put, end of the last whole line, taken */
    DECLARE_BITMAP(line_ends, TTY_INPUT_SIZE); /* where lines end: the delimiter's place */
    DECLARE_BITMAP(special, 256);              /* bytes that are more than themselves when they are received */
    uint32_t line_column;                      /* where the line that is being edited began */
    bool literal_next;
    bool erasing;        /* between \ and / of ECHOPRT */
    bool input_waits;    /* tty_receive took less than it was given */
    bool sender_stopped; /* IXOFF: it has been sent a STOP */
    bool reading;        /* somebody is in tty_read; the others wait */
    struct wait_queue readers;

    uint8_t output[TTY_OUTPUT_SIZE]; /* a ring: what is processed, and not yet the driver's */
    uint32_t output_head, output_tail;
    uint32_t column;      /* behind the last byte of the output, for tabs and erasing */
    uint32_t sent_column; /* the same when the ring was empty last */
    bool stopped;         /* by ^S */
    bool held;            /* by TCOOFF: ^Q does not help */
    bool writing;         /* somebody is in tty_write; the others wait */
    struct wait_queue writers;
};

/* One reference. With the usual settings: the driver changes them before it tells anyone. NULL: no memory. */
struct tty *tty_create(const struct tty_driver *driver, unsigned index, uint32_t device, void *data);
void tty_get(struct tty *tty);
void tty_put(struct tty *tty); /* any context */

/* The driver's, before anyone has the terminal open. */
void tty_set_defaults(struct tty *tty, const struct termios *termios, uint32_t speed);

/*
 * The driver's: bytes came in. Returns how many were taken: the others have to wait until driver->input_room, or are
 * lost; tty_look_ahead should be asked about them. tty_receive_bad: a byte with a wrong parity or without a stop bit;
 * tty_receive_break: the line was low for longer than any byte. tty_writable: there is room again. tty_hang_up: the
 * line is gone (SIGHUP). Any context.
 */
size_t tty_receive(struct tty *tty, const uint8_t *data, size_t size);

/*
 * Of bytes that were not taken: if there is one among them that sends a signal and throws away what was typed before it
 * (VINTR, say, without NOFLSH), it does so now. Returns how many bytes are dealt with: up to the last such one.
 */
size_t tty_look_ahead(struct tty *tty, const uint8_t *data, size_t size);
void tty_receive_bad(struct tty *tty, uint8_t byte);
void tty_receive_break(struct tty *tty);
void tty_writable(struct tty *tty);
void tty_hang_up(struct tty *tty);
void tty_hang_up_now(struct tty *tty); /* the same before it returns; thread context */

/* The other side of a pseudo-terminal is gone: who reads or writes gets EIO. */
void tty_set_gone(struct tty *tty, bool gone);

/* SIGWINCH to the foreground group when it differs. */
void tty_resize(struct tty *tty, const struct winsize *size);

/* Files on a terminal: file->data is the tty, with a reference. A driver's device gives them out in its `open`. */
extern const struct file_ops tty_file_ops;
int tty_open(struct tty *tty, struct file *file); /* for file_ops->open: becomes controlling terminal where it may */

/* The same for a file that outlives hang-ups and is nobody's way to a controlling terminal: /dev/console. */
int tty_open_console(struct tty *tty, struct file *file);

/* How many bytes tty_receive would take at least; 0: none. A hint. */
size_t tty_input_room(struct tty *tty);

/* Whether programs have it open. */
static inline bool tty_is_open(const struct tty *tty)
{
    return __atomic_load_n(&tty->files, __ATOMIC_ACQUIRE) > 0;
}

/* The device /dev/tty: the controlling terminal of who opens it. */
void tty_devices_init(void);

/*
 * What terminals need of processes: proc/jobs.c hands it over. "Current" is the process of the running thread. Until it
 * does, nobody is in a session.
 */
struct tty_jobs {
    int32_t (*seen)(int32_t number);  /* what the current process calls a group or session; 0: it cannot know it */
    int32_t (*known)(int32_t number); /* the kernel's number of one that the current process calls so; -1: none */
    int32_t (*session)(void);         /* the current one's; 0: a thread of the kernel */
    int32_t (*group)(void);           /* the current one's */
    bool (*leads_session)(void);      /* is the current one its session's leader? */
    int32_t (*session_of_group)(int32_t group);             /* 0: there is no such group */
    void (*signal_group)(int32_t group, int signal);        /* any context; the terminal's spin lock may be held */
    void (*signal_session)(int32_t session, int signal);    /* its leader; the same */
    struct tty *(*terminal)(void);                          /* of the current session, with a reference; NULL */
    void (*set_terminal)(int32_t session, struct tty *tty); /* NULL: it has none any more; takes a reference */
    /*
     * The current process, in the background, wants to read (SIGTTIN) or to write or change settings (SIGTTOU): 0: let
     * it; -ERESTARTSYS: its group has been sent the signal; -EIO: it blocks or ignores it, or nobody would let it go
     * on.
     */
    int (*background)(int signal);
    bool (*privileged)(void); /* may the current one do what only root may? */
    /* Makes FILE a descriptor of the current one and takes the reference over; -EMFILE, -ENOMEM: it does not. */
    int (*add_file)(struct file *file, bool close_on_exec);
};
void tty_set_jobs(const struct tty_jobs *jobs);

/*
 * proc's, when the leader of a session with a controlling terminal ends: the foreground group gets SIGHUP, other
 * terminals than pseudo-terminals are hung up, and the session has no terminal any more. Thread context, no lock.
 */
void tty_session_end(int32_t session, struct tty *tty);

#endif
