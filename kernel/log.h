/*
 * The kernel's log: what its parts have to say, kept in a ring, and shown on the console as far as it matters.
 *
 *     #include "log.h"
 *     #define LOG_NAME "mm"
 *
 *     log_info("%lu pages free", free);
 *     log_error("page %#lx was freed twice", page);
 *
 * A record has a level, a time, the number of the processor, and a line of text ("mm: 1234 pages free"), without an end
 * of line. Records of LOG_NOTICE and worse appear on the console, as "[    0.001234] mm: ..."; those of LOG_INFO and
 * LOG_DEBUG only stay in the ring, unless `loglevel=` on the command line says otherwise.
 *
 * Everything here may be called at any time, in any context (before memory, threads and console are up, with any lock
 * held, in interrupts and NMIs), on any processor, and never waits for anyone. An NMI only stores its record: the next
 * one to log shows it.
 *
 * The ring has room for LOG_RECORDS records; older ones are overwritten, and who reads too slowly learns how many it
 * has missed. kernel/debug/log.c tells how it works.
 */
#ifndef CORRODE_LOG_H
#define CORRODE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Their numbers are those of syslog (RFC 5424, 6.2.1): smaller is worse. */
enum log_level {
    LOG_EMERGENCY = 0, /* the kernel ends */
    LOG_ERROR = 3,     /* something does not work, or has been lost */
    LOG_WARNING = 4,   /* something is not as it should be; it works, perhaps less well */
    LOG_NOTICE = 5,    /* what everyone should see */
    LOG_INFO = 6,      /* what one looks up when something is strange */
    LOG_DEBUG = 7,     /* what only who works on that part wants to know */
};

/* For whoever writes C: the file says `#define LOG_NAME "its part"` first. The format is lib/printf.h's. */
#define log_error(...) log_named(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_named(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_named(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_named(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_named(LOG_DEBUG, __VA_ARGS__)
#define log_named(level, ...) log_write(level, LOG_NAME ": " __VA_ARGS__)

/* The whole text, without a name put before it. What is longer than LOG_MESSAGE_MAX is cut, and ends in "...". */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A program's text: PRIORITY is its facility * 8 + level. Not formatted; any bytes may be in it. */
void log_write_for(unsigned priority, const char *text, size_t length);
void log_vwrite(enum log_level level, const char *format, va_list arguments);

/*
 * For what could be said very often: true when it may be said once more. At most LOG_BURST times in LOG_WINDOW; what
 * was kept silent is counted, and said when the next window begins.
 *
 *     static struct log_ratelimit limit;
 *     if (log_ratelimit(&limit))
 *         log_warning("spurious interrupt");
 */
struct log_ratelimit {
    uint64_t window;   /* the clock when it began */
    uint32_t said;     /* in this window */
    uint32_t silenced; /* in this window */
};
#define LOG_BURST 10
#define LOG_WINDOW 5000000000ull /* ns */
bool log_ratelimit(struct log_ratelimit *limit);

/*
 * Around what may interrupt anything at all, NMIs and machine checks: their records are only stored, and the next to
 * log shows them. May be nested.
 */
void log_quiet_begin(void);
void log_quiet_end(void);

/* What the log needs of others, each handed to it when it is there. Until then times are 0, and nothing is shown. */
void log_set_clock(uint64_t (*nanoseconds)(void)); /* since the machine started; called in any context */

/* WRITE gets whole lines with their end, one call a record, from one processor at a time. */
void log_set_console(void (*write)(enum log_level level, const char *line, size_t length));

/* What appears on the console from now on: this level and worse. LOG_NOTICE at first. */
void log_set_level(enum log_level level);

enum log_level log_get_level(void);

/* Only those with CAP_SYSLOG may read: dmesg_restrict. */
extern bool log_restricted;

/* `loglevel=` in words (error, warning, notice, info, debug) or as a digit from 0 to 7; false for anything else. */
bool log_parse_level(const char *text, enum log_level *level);

/* Shows what the console has not seen yet, for example of an NMI. */
void log_flush(void);

/*
 * The ring, in the form in which it lies in memory, for gdb (`corrode-log`) and for whoever has nothing but a dump:
 * look for the magic. Record number N lies in records[N % record_count], and is whole when its `state` is N + 1 << 2.
 */
#define LOG_RECORDS 512u
#define LOG_RECORD_TEXT 104u
#define LOG_MESSAGE_MAX (3 * LOG_RECORD_TEXT)

struct log_record {
    uint64_t state;    /* see log.c; 0: never used */
    uint64_t time;     /* ns */
    uint16_t cpu;      /* number of the processor */
    uint8_t level;     /* enum log_level */
    uint8_t flags;     /* LOG_PART, LOG_MORE, LOG_DROPPED */
    uint16_t length;   /* of the text, which has no NUL when it is full */
    uint16_t facility; /* RFC 5424, 6.2.1: 0 is the kernel's own; others are of programs that write to /dev/kmsg */
    char text[LOG_RECORD_TEXT];
};
#define LOG_PART 1    /* goes on from the record before */
#define LOG_MORE 2    /* goes on in the next record */
#define LOG_DROPPED 4 /* there is nothing to read */

struct log_ring {
    char magic[16];             /* "corrode log 1" */
    uint32_t record_size;       /* bytes */
    uint32_t record_count;      /* a power of two */
    struct log_record *records; /* virtual address */
    uint64_t next;              /* the number that the next record gets; the first had 0 */
    uint64_t dropped;           /* records that found their place taken */
};
extern struct log_ring log_ring;

/*
 * Reading, for dmesg and the console. A cursor is the number of the record to read next: 0 for the oldest there is,
 * log_ring.next for what will come.
 */
struct log_message {
    uint64_t number; /* of its first record */
    uint64_t time;   /* ns */
    enum log_level level;
    unsigned facility;
    unsigned cpu;
    uint64_t lost; /* records before this one that the reader missed */
    size_t length; /* of the text */
    char text[LOG_MESSAGE_MAX + 1];
};

/* Reads the next message and moves the cursor past it; false when there is none yet, which a later call may change. */
bool log_read(uint64_t *cursor, struct log_message *message);

/* Is there something to read at the cursor? */
bool log_has(uint64_t cursor);

/* "[    0.001234] mm: text\n" in LINE, cut to SIZE; returns its length. */
size_t log_format(const struct log_message *message, char *line, size_t size);
#define LOG_LINE_MAX (LOG_MESSAGE_MAX + 64)

/*
 * For a panic, which waits for no one: the newest messages, MOST of them at most, that the console has not shown, for
 * whatever reason; also those which are not worth showing in better times. WRITE as for log_set_console.
 */
void log_panic_flush(unsigned most, void (*write)(enum log_level level, const char *line, size_t length));

#endif
