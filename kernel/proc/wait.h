/*
 * Waiting for children: what wait4 and waitid have in common.
 */
#ifndef CORRODE_PROC_WAIT_H
#define CORRODE_PROC_WAIT_H

#include "proc/proc.h"

/* <sys/wait.h>'s W*. */
#define WAIT_NO_HANG 1u
#define WAIT_STOPPED 2u
#define WAIT_ENDED 4u
#define WAIT_CONTINUED 8u
#define WAIT_LEAVE 0x01000000u      /* WNOWAIT: the news stays for the next one who asks */
#define WAIT_NO_THREADS 0x20000000u /* __WNOTHREAD: children belong to the process here, whoever has made them */
#define WAIT_ALL 0x40000000u        /* whatever the signal at their end is */
#define WAIT_CLONE 0x80000000u      /* only those whose signal is not SIGCHLD; without: only the others */

struct wait_request {
    int32_t number;                /* this one; 0: any */
    const struct process *process; /* this one, whatever its number; NULL: see `number` */
    int32_t group;                 /* of this group; -1: of any */
    unsigned options;              /* WAIT_* */
};

/* News of a child. */
struct wait_report {
    int32_t number;
    uint32_t uid;
    int code, value; /* CLD_*, and the exit code or signal */
    int status;      /* as wait4 tells it */
    struct usage usage;
};

/* 1: there is news; 0: there is none yet (WAIT_NO_HANG); -ECHILD, -ERESTARTSYS. */
int process_wait_child(const struct wait_request *request, struct wait_report *report);

#endif
