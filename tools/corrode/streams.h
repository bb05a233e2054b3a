/*
 * The program of a machine, connected with whoever runs the tool: its standard input, output and errors, each for
 * itself, byte by byte; the terminal, if one of ours is one; and its status, when it ends. All of it goes through ports
 * of a virtio console device, each of which QEMU connects with a socket that we hold the other end of:
 *
 *     port 0   /dev/hvc0       the terminal
 *     port 1   /dev/vport0p1   control: tools/session
 *     port 2   /dev/vport0p2   standard input, if ours is no terminal; and so on
 *     port 3   /dev/vport0p3
 *     port 4   /dev/vport0p4   not there if ours is the same file as standard output: then the two are one stream
 *
 * The terminal at the other end is a terminal of its own. Where standard output is one, ours is raw: every key goes
 * there, but Ctrl-A X, which ends the machine; else ours stays as it is, edits lines and echoes, and that one does not.
 *
 * Signals that would end us (SIGTERM, SIGHUP, and without a terminal SIGINT and SIGQUIT) go to the program, which ends
 * as it likes. A second one soon after, or a program that has not ended in ten seconds, ends the machine, and us by the
 * signal. SIGHUP alone has time: to many programs it says something else.
 *
 *     streams_plan(&streams);
 *     streams_describe(&streams, ...);                       for the program's session
 *     streams_add(&streams, &command); start QEMU; streams_begin(&streams);
 *     while (streams_are_open(&streams)) poll: streams_prepare, streams_serve
 *     streams_end(&streams);
 */
#ifndef CORRODE_STREAMS_H
#define CORRODE_STREAMS_H

#include "text.h"

#include <poll.h>
#include <signal.h>

#define STREAM_PORTS 5
enum { PORT_TERMINAL, PORT_CONTROL, PORT_INPUT, PORT_OUTPUT, PORT_ERRORS };
#define STREAM_FLOWS 5
#define STREAM_FILES (2 * STREAM_FLOWS + 1)

/* Bytes on their way from one file to another. */
struct flow {
    int from, to; /* -1: it is over */
    bool raw;     /* from our terminal: Ctrl-A is ours */
    bool lines;   /* from our terminal, which edits lines: its end is a Ctrl-D */
    bool escaped; /* a Ctrl-A has come */
    char *buffer;
    size_t start, end; /* what has been read and not been written */
    bool is_file;      /* `to` takes everything at once */
};

struct streams {
    bool used[STREAM_PORTS];
    int theirs[STREAM_PORTS], ours[STREAM_PORTS]; /* sockets */
    bool raw, silent;
    int terminal_in, terminal_out; /* -1: none */
    struct flow flows[STREAM_FLOWS];
    char line[128]; /* what has come of a line of the control port */
    size_t line_length;
    bool told;     /* the program has ended, */
    int status;    /* so, as shells have it */
    bool quit;     /* Ctrl-A X */
    bool damaged;  /* output was lost */
    sigset_t mask; /* for ppoll */
    double passed; /* when a signal was last passed on, by process_clock */
    double ends;   /* when the machine ends if the program does not; 0: it need not */
    int signal;    /* the last one that was passed on */
    bool killed;   /* by that: the machine is to end now, and we are to end as by the signal */
};

void streams_plan(struct streams *streams);

/* Records for tools/session, each a text and a NUL: a place for the size of our terminal in *size. */
void streams_describe(const struct streams *streams, struct strings *records);

/* QEMU's devices. The descriptors that it inherits are open until streams_begin. */
void streams_add(struct streams *streams, struct strings *command);
void streams_begin(struct streams *streams);
bool streams_are_open(const struct streams *streams);

/* How long to wait for it at most: no longer than SECONDS, of which negative means for ever. */
double streams_patience(const struct streams *streams, double seconds);

/* What to wait for: STREAM_FILES of them. Serving them, or after a signal. */
void streams_prepare(struct streams *streams, struct pollfd *files);
void streams_serve(struct streams *streams, const struct pollfd *files);
void streams_end(struct streams *streams);

#endif
