/*
 * The control channel to QEMU: the QEMU Machine Protocol over a socket pair, one JSON object a line. Only what a boot
 * needs is understood: how the machine ended, and where VNC listens.
 */
#ifndef CORRODE_QMP_H
#define CORRODE_QMP_H

#include <stdbool.h>
#include <stddef.h>

struct qmp {
    int fd;             /* our end; -1 once QEMU has closed its own */
    bool hold;          /* leave the machine stopped, for gdb */
    bool report_vnc;    /* say where VNC listens */
    bool reset;         /* the guest asked for a reset, or crashed so that the processor did */
    bool panicked;      /* the guest reported a panic, or the processor went where KVM cannot follow */
    bool killed;        /* someone sent QEMU a signal */
    char buffer[16384]; /* what has arrived of a line */
    size_t used;
};

/* Reads what has arrived and acts on it. */
void qmp_read(struct qmp *qmp);

#endif
