/*
 * The log's ring, and its way to the console.
 *
 * There is no lock, so an interrupt, or an NMI, that logs while the code below is at work never waits for it. A writer
 * draws a number (log_ring.next) and with it one place of the ring; a long text draws several numbers in a row. The
 * place's `state` says in its upper bits whose it is (number + 1) and in the lowest two
 *
 *     DONE      the record can be read
 *     WRITING   its writer is at work
 *     TAKEN     the writer of an older record is still at work here: the newer one, whose number it is, was dropped
 *
 * A writer claims a place that is DONE by changing it to WRITING, and gives it free as DONE. A whole lap of the ring
 * while a writer is interrupted leads to TAKEN: the newer writer leaves its number and goes away, and the old writer,
 * which finds it at its end, leaves an empty record there in its place. A reader copies a record and then looks at the
 * state again: when it has changed, so may have the text.
 *
 * One processor at a time shows records on the console: who finds `console_busy` set leaves his record to who has set
 * it, for that one looks again after it has let go. That holds for an interrupt of the very code that does it, too.
 *
 * Nothing here sleeps or allocates. The largest frame on the stack is log_vwrite's, with one message.
 */
#include "log.h"
#include "arch/x86_64/percpu.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/types.h"

#define DONE 0u
#define WRITING 1u
#define TAKEN 2u

static struct log_record records[LOG_RECORDS];
_Static_assert(sizeof(struct log_record) == 128, "gdb and dumps know this");
_Static_assert((LOG_RECORDS & (LOG_RECORDS - 1)) == 0, "numbers wrap around");

struct log_ring log_ring = {
    .magic = "corrode log 1",
    .record_size = sizeof(struct log_record),
    .record_count = LOG_RECORDS,
    .records = records,
};

static uint64_t (*clock_ns)(void);
static PER_CPU(unsigned, quiet); /* how many log_quiet_begin are open on this CPU */

static void (*console_write)(enum log_level level, const char *line, size_t length);
static enum log_level console_level = LOG_NOTICE;
bool log_restricted;
static uint64_t console_cursor; /* guarded by console_busy */
static bool console_busy;

static uint64_t state_of(uint64_t number, unsigned what)
{
    return (number + 1) << 2 | what;
}

static struct log_record *record_at(uint64_t number)
{
    return &records[number % LOG_RECORDS];
}

/* Makes the place of record NUMBER its writer's; false when it is not to be had, which is noted there. */
static bool claim(struct log_record *record, uint64_t number)
{
    uint64_t state = __atomic_load_n(&record->state, __ATOMIC_RELAXED);
    while (state < state_of(number, DONE)) {
        uint64_t wanted = state_of(number, (state & 3) == DONE ? WRITING : TAKEN);
        if (__atomic_compare_exchange_n(&record->state, &state, wanted, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            __atomic_thread_fence(__ATOMIC_RELEASE); /* no reader sees new text under the old state */
            if ((wanted & 3) == WRITING)
                return true;
            break;
        }
    }
    __atomic_fetch_add(&log_ring.dropped, 1, __ATOMIC_RELAXED);
    return false;
}

static void finish(struct log_record *record, uint64_t number)
{
    uint64_t state = state_of(number, WRITING);
    while (!__atomic_compare_exchange_n(
        &record->state, &state, (state & ~3ull) | DONE, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        record->flags = LOG_DROPPED; /* it is a newer one's now, whose text is gone */
        record->length = 0;
    }
}

struct origin {
    enum log_level level;
    unsigned facility;
    uint64_t time;
    unsigned cpu;
};

static void store(const struct origin *origin, const char *text, size_t length)
{
    unsigned count = length <= LOG_RECORD_TEXT ? 1 : (unsigned)((length + LOG_RECORD_TEXT - 1) / LOG_RECORD_TEXT);
    uint64_t first = __atomic_fetch_add(&log_ring.next, count, __ATOMIC_RELAXED);

    for (unsigned i = count; i-- > 0;) { /* the first comes last: when it is there, all of them are */
        struct log_record *record = record_at(first + i);
        if (!claim(record, first + i))
            continue;
        size_t from = i * LOG_RECORD_TEXT;
        record->time = origin->time;
        record->cpu = (uint16_t)origin->cpu;
        record->level = (uint8_t)origin->level;
        record->facility = (uint16_t)origin->facility;
        record->flags = (i > 0 ? LOG_PART : 0) | (i + 1 < count ? LOG_MORE : 0);
        record->length = (uint16_t)min_u64(length - from, LOG_RECORD_TEXT);
        memcpy(record->text, text + from, record->length);
        finish(record, first + i);
    }
}

static void log_text(enum log_level level, unsigned facility, const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == '\n')
        length--;
    const struct origin origin = {
        .level = level, .facility = facility, .time = clock_ns != NULL ? clock_ns() : 0, .cpu = cpu_number()};
    store(&origin, text, length);
    log_flush();
}

void log_vwrite(enum log_level level, const char *format, va_list arguments)
{
    char text[LOG_MESSAGE_MAX + 1];
    int whole = vsnprintf(text, sizeof text, format, arguments);
    size_t length = min_u64(whole < 0 ? 0 : (uint64_t)whole, LOG_MESSAGE_MAX);
    if ((size_t)whole > length)
        memcpy(text + length - 3, "...", 3);
    log_text(level, 0, text, length);
}

void log_write_for(unsigned priority, const char *text, size_t length)
{
    log_text(priority & 7, priority >> 3, text, min_u64(length, LOG_MESSAGE_MAX));
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_vwrite(level, format, arguments);
    va_end(arguments);
}

enum reading { READ, NOT_YET, LOST };

/* Can the record be had? */
static enum reading look(uint64_t number)
{
    uint64_t state = __atomic_load_n(&record_at(number)->state, __ATOMIC_ACQUIRE);
    if (state < state_of(number, DONE) || state == state_of(number, WRITING))
        return NOT_YET;
    return state == state_of(number, DONE) ? READ : LOST;
}

/* Copies one record, if it can be had. */
static enum reading read_record(uint64_t number, struct log_record *copy)
{
    enum reading reading = look(number);
    if (reading != READ)
        return reading;
    memcpy(copy, record_at(number), sizeof *copy);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (look(number) != READ)
        return LOST;
    return copy->flags & LOG_DROPPED ? LOST : READ;
}

/* Adds the text of a record to the message. */
static void append(struct log_message *message, const struct log_record *record)
{
    size_t length = min_u64(record->length, LOG_MESSAGE_MAX - message->length);
    memcpy(message->text + message->length, record->text, length);
    message->length += length;
    message->text[message->length] = '\0';
}

/* The records after the first of a long message. They were written before it; what is not there is lost. */
static void read_rest(uint64_t *next, struct log_message *message)
{
    struct log_record part = {.flags = LOG_MORE};
    while (part.flags & LOG_MORE) {
        if (read_record((*next)++, &part) != READ) {
            message->lost++;
            return;
        }
        append(message, &part);
    }
}

bool log_read(uint64_t *cursor, struct log_message *message)
{
    struct log_record record;
    uint64_t end = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    uint64_t oldest = end > LOG_RECORDS ? end - LOG_RECORDS : 0;
    uint64_t next = max_u64(*cursor, oldest);
    uint64_t lost = next - *cursor;

    for (;; next++, lost++) {
        if (next >= end)
            return false;
        enum reading reading = read_record(next, &record);
        if (reading == NOT_YET)
            return false;
        if (reading == READ && !(record.flags & LOG_PART))
            break;
    }

    message->number = next++;
    message->time = record.time;
    message->level = record.level;
    message->facility = record.facility;
    message->cpu = record.cpu;
    message->lost = lost;
    message->length = 0;
    append(message, &record);
    if (record.flags & LOG_MORE)
        read_rest(&next, message);
    *cursor = next;
    return true;
}

size_t log_format(const struct log_message *message, char *line, size_t size)
{
    uint64_t us = message->time / 1000;
    int length = snprintf(
        line, size, "[%5lu.%06lu] %s\n", (unsigned long)(us / 1000000), (unsigned long)(us % 1000000), message->text);
    return min_u64((uint64_t)length, size - 1);
}

static void show(const struct log_message *message)
{
    char line[LOG_LINE_MAX];
    if (message->lost > 0) {
        int length = snprintf(line, sizeof line, "log: %lu records lost\n", (unsigned long)message->lost);
        console_write(LOG_WARNING, line, (size_t)length);
    }
    if (message->level <= console_level)
        console_write(message->level, line, log_format(message, line, sizeof line));
}

/* Is there something to read at the cursor? */
bool log_has(uint64_t cursor)
{
    uint64_t end = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    enum reading reading = LOST;
    for (; reading == LOST && cursor < end; cursor++)
        reading = look(cursor);
    return reading == READ;
}

void log_flush(void)
{
    static struct log_message message; /* guarded by console_busy */
    if (console_write == NULL || this_cpu(quiet) > 0)
        return;
    do {
        if (__atomic_exchange_n(&console_busy, true, __ATOMIC_SEQ_CST))
            return;
        while (log_read(&console_cursor, &message))
            show(&message);
        __atomic_store_n(&console_busy, false, __ATOMIC_SEQ_CST);
    } while (log_has(__atomic_load_n(&console_cursor, __ATOMIC_RELAXED)));
}

/* Calls WRITE for each message that the console has not shown but for the first SKIP; returns how many there are. */
static unsigned walk_unshown(unsigned skip, void (*write)(enum log_level level, const char *line, size_t length))
{
    static struct log_message message;
    char line[LOG_LINE_MAX];
    uint64_t end = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    uint64_t number = end > LOG_RECORDS ? end - LOG_RECORDS : 0;
    unsigned count = 0;

    while (number < end) {
        if (!log_read(&number, &message)) {
            number++; /* whoever writes it has been stopped */
            continue;
        }
        bool shown = console_write != NULL && message.number < console_cursor && message.level <= console_level;
        if (!shown && count++ >= skip && write != NULL)
            write(message.level, line, log_format(&message, line, sizeof line));
    }
    return count;
}

void log_panic_flush(unsigned most, void (*write)(enum log_level level, const char *line, size_t length))
{
    unsigned count = walk_unshown(UINT32_MAX, NULL);
    walk_unshown(count > most ? count - most : 0, write);
}

bool log_ratelimit(struct log_ratelimit *limit)
{
    uint64_t now = clock_ns != NULL ? clock_ns() : 0;
    uint64_t window = __atomic_load_n(&limit->window, __ATOMIC_RELAXED);
    if (now - window >= LOG_WINDOW &&
        __atomic_compare_exchange_n(&limit->window, &window, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        uint32_t silenced = __atomic_exchange_n(&limit->silenced, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&limit->said, 0, __ATOMIC_RELAXED);
        if (silenced > 0)
            log_write(LOG_WARNING, "log: %u records like the next were kept silent", silenced);
    }
    if (__atomic_fetch_add(&limit->said, 1, __ATOMIC_RELAXED) < LOG_BURST)
        return true;
    __atomic_fetch_sub(&limit->said, 1, __ATOMIC_RELAXED); /* or it would wrap */
    __atomic_fetch_add(&limit->silenced, 1, __ATOMIC_RELAXED);
    return false;
}

void log_quiet_begin(void)
{
    this_cpu(quiet)++;
}

void log_quiet_end(void)
{
    this_cpu(quiet)--;
}

void log_set_clock(uint64_t (*nanoseconds)(void))
{
    clock_ns = nanoseconds;
}

void log_set_console(void (*write)(enum log_level level, const char *line, size_t length))
{
    console_write = write;
    log_flush();
}

void log_set_level(enum log_level level)
{
    console_level = level;
}

enum log_level log_get_level(void)
{
    return console_level;
}

bool log_parse_level(const char *text, enum log_level *level)
{
    static const char *const names[] = {
        [LOG_EMERGENCY] = "emergency",
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_NOTICE] = "notice",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
        bool digit = text[0] == (char)('0' + i) && text[1] == '\0';
        if (digit || (names[i] != NULL && strcmp(text, names[i]) == 0)) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}
