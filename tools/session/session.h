/*
 * What the tool tells process 1 of a program's machine (session.c): records of one of these letters, a text and a NUL.
 */
#ifndef CORRODE_SESSION_H
#define CORRODE_SESSION_H

/* In the initramfs; they are gone when the program starts. */
#define SESSION_FOLDER "/.corrode"
#define SESSION_PROGRAM_FILE "/.corrode/session"
#define SESSION_FILE "/.corrode/what"

enum session_record {
    SESSION_PROGRAM = 'p',     /* the program's path */
    SESSION_ARGUMENT = 'a',    /* in order, the first being its name */
    SESSION_ENVIRONMENT = 'e', /* K=V */
    SESSION_DIRECTORY = 'd',   /* where it starts */
    SESSION_TERMINAL = 't',    /* device: its controlling terminal */
    SESSION_SILENT = 's',      /* which does not echo */
    SESSION_SIZE = 'z',        /* of that: "ROWS COLUMNS" */
    SESSION_INPUT = 'i',       /* device: descriptor 0, in place of the terminal; and so on */
    SESSION_OUTPUT = 'o',
    SESSION_ERRORS = 'r',
    SESSION_CONTROL = 'c', /* device: where the status goes, and sizes come from */
};

#endif
