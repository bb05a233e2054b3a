/*
 * The log (kernel/log.h): what is written is read, in order; what is overwritten is counted; the console sees what it
 * should; and threads that write, interrupted at any point and by the console's own code, tear nothing.
 */
#include "arch/x86_64/percpu.h"
#include "log.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LOG_NAME "test"

static uint64_t now;
static char shown[65536];
static size_t shown_length;

static uint64_t clock_now(void)
{
    return now;
}

static void show(enum log_level level, const char *line, size_t length)
{
    assert_int_equal(strlen(line), length);
    assert_int_equal(line[length - 1], '\n');
    assert_true(shown_length + length < sizeof shown);
    memcpy(shown + shown_length, line, length + 1);
    shown_length += length;
}

static const char *take_shown(void)
{
    static char taken[sizeof shown];
    memcpy(taken, shown, shown_length);
    taken[shown_length] = '\0';
    shown_length = 0;
    return taken;
}

static int setup(void **state)
{
    now = 0;
    fake_cpu = 0;
    log_set_clock(clock_now);
    log_set_level(LOG_NOTICE);
    log_set_console(show);
    take_shown();
    return 0;
}

/* Runs first: nothing has been set up. */
static void test_before_anything_is_up(void **state)
{
    struct log_message message;
    uint64_t cursor = 0;
    assert_false(log_read(&cursor, &message));
    log_error("early");
    assert_true(log_read(&cursor, &message));
    assert_string_equal(message.text, "test: early");
    assert_int_equal(message.time, 0);
    assert_int_equal(message.number, 0);
    assert_int_equal(message.lost, 0);
    assert_int_equal(cursor, 1);
    assert_false(log_read(&cursor, &message));
    log_set_console(show);
    assert_string_equal(take_shown(), "[    0.000000] test: early\n");
}

static void test_fields(void **state)
{
    struct log_message message;
    uint64_t cursor = log_ring.next;
    now = 1234567890123;
    fake_cpu = 255;
    log_debug("a %s of %d", "message", 3);
    assert_true(log_read(&cursor, &message));
    assert_string_equal(message.text, "test: a message of 3");
    assert_int_equal(message.length, strlen(message.text));
    assert_int_equal(message.level, LOG_DEBUG);
    assert_int_equal(message.time, now);
    assert_int_equal(message.cpu, 255);
    char line[LOG_LINE_MAX];
    assert_int_equal(log_format(&message, line, sizeof line), strlen(line));
    assert_string_equal(line, "[ 1234.567890] test: a message of 3\n");
    assert_int_equal(log_format(&message, line, 10), 9);
    assert_string_equal(line, "[ 1234.56");
}

static void test_long_texts(void **state)
{
    char text[2 * LOG_MESSAGE_MAX];
    struct log_message message;
    for (size_t length = 0; length < sizeof text - 1; length++) {
        for (size_t i = 0; i < length; i++)
            text[i] = (char)('a' + i % 26);
        text[length] = '\0';
        uint64_t cursor = log_ring.next;
        log_write(LOG_INFO, "%s", text);
        assert_true(log_read(&cursor, &message));
        assert_int_equal(cursor, log_ring.next);
        assert_int_equal(message.lost, 0);
        if (length <= LOG_MESSAGE_MAX) {
            assert_string_equal(message.text, text);
        } else {
            assert_int_equal(message.length, LOG_MESSAGE_MAX);
            assert_memory_equal(message.text, text, LOG_MESSAGE_MAX - 3);
            assert_string_equal(message.text + LOG_MESSAGE_MAX - 3, "...");
        }
    }
}

static void test_line_ends_go(void **state)
{
    struct log_message message;
    uint64_t cursor = log_ring.next;
    log_info("a\nb\n\n");
    assert_true(log_read(&cursor, &message));
    assert_string_equal(message.text, "test: a\nb");
}

static void test_levels_on_the_console(void **state)
{
    static const char *const words[] = {"0", "error", "3", "warning", "notice", "5", "info", "debug", "7"};
    static const unsigned levels[] = {0, 3, 3, 4, 5, 5, 6, 7, 7};
    enum log_level level;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_true(log_parse_level(words[i], &level));
        assert_int_equal(level, levels[i]);
        log_set_level(level);
        log_error("e");
        log_warning("w");
        log_notice("n");
        log_info("i");
        log_debug("d");
        const char *text = take_shown();
        assert_int_equal(strstr(text, ": e") != NULL, level >= LOG_ERROR);
        assert_int_equal(strstr(text, ": w") != NULL, level >= LOG_WARNING);
        assert_int_equal(strstr(text, ": n") != NULL, level >= LOG_NOTICE);
        assert_int_equal(strstr(text, ": i") != NULL, level >= LOG_INFO);
        assert_int_equal(strstr(text, ": d") != NULL, level >= LOG_DEBUG);
    }
    static const char *const bad[] = {"", "8", "-1", "55", "err", "Error", "errors"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(log_parse_level(bad[i], &level));
}

static void test_slow_readers_learn_what_they_missed(void **state)
{
    struct log_message message;
    uint64_t cursor = log_ring.next, first = cursor;
    for (unsigned i = 0; i < LOG_RECORDS + 100; i++)
        log_info("%u", i);
    assert_true(log_read(&cursor, &message));
    assert_int_equal(message.lost, 100);
    assert_string_equal(message.text, "test: 100");
    assert_int_equal(message.number, first + 100);
    for (unsigned i = 101; i < LOG_RECORDS + 100; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "test: %u", i);
        assert_true(log_read(&cursor, &message));
        assert_int_equal(message.lost, 0);
        assert_string_equal(message.text, wanted);
    }
    assert_false(log_read(&cursor, &message));
}

/* The rest of a long message whose beginning has been overwritten is no message. */
static void test_half_overwritten(void **state)
{
    struct log_message message;
    uint64_t cursor = log_ring.next;
    log_info("%0250d", 7); /* three records */
    for (unsigned i = 0; i < LOG_RECORDS - 2; i++)
        log_info("short");
    assert_true(log_read(&cursor, &message));
    assert_string_equal(message.text, "test: short");
    assert_int_equal(message.lost, 3);
}

static void test_nmi(void **state)
{
    log_quiet_begin();
    log_error("from an NMI");
    assert_string_equal(take_shown(), "");
    log_quiet_end();
    log_debug("after it");
    assert_string_equal(take_shown(), "[    0.000000] test: from an NMI\n");
}

static void show_and_log(enum log_level level, const char *line, size_t length)
{
    static unsigned depth;
    assert_int_equal(depth, 0); /* never inside itself */
    depth++;
    if (strstr(line, "outer") != NULL)
        log_error("inner");
    show(level, line, length);
    depth--;
}

/* As an interrupt in the middle of showing would. */
static void test_logging_while_showing(void **state)
{
    log_set_console(show_and_log);
    log_error("outer");
    assert_string_equal(take_shown(), "[    0.000000] test: outer\n[    0.000000] test: inner\n");
}

/* A writer that is interrupted while LOG_RECORDS others come: gdb's view of the ring, by hand. */
static void test_a_writer_overtaken(void **state)
{
    log_set_console(NULL);
    uint64_t number = log_ring.next;
    struct log_record *record = &log_ring.records[number % LOG_RECORDS];
    log_info("stuck");
    uint64_t dropped = log_ring.dropped;
    record->state |= 1; /* as if it were still at work */

    struct log_message message;
    uint64_t cursor = number;
    assert_false(log_read(&cursor, &message));
    for (unsigned i = 1; i <= LOG_RECORDS; i++)
        log_info("%u", i);
    assert_int_equal(log_ring.dropped, dropped + 1);
    cursor = number;
    assert_true(log_read(&cursor, &message));
    assert_string_equal(message.text, "test: 1");
    assert_int_equal(message.lost, 1);

    cursor = log_ring.next - 1; /* the last was the one dropped */
    assert_false(log_read(&cursor, &message));
    log_info("next");
    assert_true(log_read(&cursor, &message));
    assert_string_equal(message.text, "test: next");
    assert_int_equal(message.lost, 1);

    record->flags = LOG_DROPPED; /* its end, at last */
    record->state &= ~3ull;
    take_shown();
    log_set_console(show);
    log_error("well again");
    const char *text = take_shown();
    assert_non_null(strstr(text, "records lost"));
    assert_non_null(strstr(text, "well again"));
}

static void test_panic_shows_what_was_not(void **state)
{
    log_notice("shown");
    log_debug("not shown, old");
    for (unsigned i = 0; i < 5; i++)
        log_debug("not shown %u", i);
    log_quiet_begin();
    log_error("not shown, of an NMI");
    assert_string_equal(take_shown(), "[    0.000000] test: shown\n");
    log_panic_flush(4, show);
    assert_string_equal(take_shown(), "[    0.000000] test: not shown 2\n[    0.000000] test: not shown 3\n"
                                      "[    0.000000] test: not shown 4\n[    0.000000] test: not shown, of an NMI\n");
    log_quiet_end();
    log_flush();
}

static void test_ratelimit(void **state)
{
    static struct log_ratelimit limit;
    unsigned said = 0;
    for (unsigned i = 0; i < 100; i++)
        said += log_ratelimit(&limit);
    assert_int_equal(said, LOG_BURST);
    take_shown();
    now += LOG_WINDOW;
    assert_true(log_ratelimit(&limit));
    assert_string_equal(take_shown(), "[    5.000000] log: 90 records like the next were kept silent\n");
    now += LOG_WINDOW;
    assert_true(log_ratelimit(&limit));
    assert_string_equal(take_shown(), "");
}

/* Threads: each writes numbered lines of its own letter, in lengths that change; a reader checks what it gets. */
#define WRITERS 4
#define LINES 20000

static void *write_lines(void *argument)
{
    char letter = *(const char *)argument, text[200];
    memset(text, letter, sizeof text);
    for (unsigned i = 0; i < LINES; i++)
        log_write(LOG_INFO, "%06u%c%.*s", i, letter, (int)(i % 199), text);
    return NULL;
}

static void check_line(const struct log_message *message, int last[WRITERS])
{
    unsigned number = 0;
    char letter = 0;
    assert_int_equal(sscanf(message->text, "%6u%c", &number, &letter), 2);
    assert_in_range(letter, 'A', 'A' + WRITERS - 1);
    assert_true((int)number > last[letter - 'A']);
    last[letter - 'A'] = (int)number;
    if (message->lost == 0 || message->length == 7 + number % 199)
        assert_int_equal(message->length, 7 + number % 199);
    for (size_t i = 6; i < message->length; i++)
        assert_int_equal(message->text[i], letter);
}

static void test_threads(void **state)
{
    static const char letters[WRITERS] = "ABCD";
    log_set_console(NULL);
    pthread_t threads[WRITERS];
    uint64_t cursor = log_ring.next, end = cursor, seen = 0;
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, write_lines, (void *)&letters[i]);
    int last[WRITERS] = {-1, -1, -1, -1};
    struct log_message message;
    unsigned idle = 0;
    while (idle < 200) {
        if (log_read(&cursor, &message)) {
            check_line(&message, last);
            seen++;
            idle = 0;
        } else {
            idle++;
            usleep(1000);
        }
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(cursor, log_ring.next);
    assert_true(log_ring.next - end >= WRITERS * LINES);
    assert_true(seen > LOG_RECORDS / 4);
    log_set_console(show);
    take_shown();
}

#define TEST(function) cmocka_unit_test_setup(function, setup)
UNIT_MAIN(cmocka_unit_test(test_before_anything_is_up), TEST(test_fields), TEST(test_long_texts),
    TEST(test_line_ends_go), TEST(test_levels_on_the_console), TEST(test_slow_readers_learn_what_they_missed),
    TEST(test_half_overwritten), TEST(test_nmi), TEST(test_logging_while_showing), TEST(test_a_writer_overtaken),
    TEST(test_panic_shows_what_was_not), TEST(test_ratelimit), TEST(test_threads))
