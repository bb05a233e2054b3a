/*
 * Terminals and drivers of keyboard and serial line, as far as they can be tried from inside; what they show and send
 * is tests/system/kernel-terminal.t's part.
 */
#include "drivers/serial.h"
#include "ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/wait.h"
#include "time/clock.h"
#include "time/timer.h"
#include "tty/console.h"
#include "tty/terminal.h"

static int create_terminal(void *argument)
{
    struct terminal *terminal = terminal_create(132, 43);
    if (terminal == NULL)
        return -ENOMEM;
    terminal_write(terminal, "\033[31mtext\r\n", 11);
    terminal_destroy(terminal);
    return 0;
}

KTEST(terminal_without_memory)
{
    KTEST_EVERY_ALLOCATION(create_terminal, NULL);
}

KTEST(terminal_answers)
{
    char bytes[16];
    struct terminal *terminal = terminal_create(40, 10);
    if (!KTEST_CHECK(terminal != NULL))
        return;
    terminal_write(terminal, "\033[3;5H\033[6n", 10);
    KTEST_EQUAL(terminal_read(terminal, bytes, sizeof bytes), 6);
    KTEST_CHECK(memcmp(bytes, "\033[3;5R", 6) == 0);
    terminal_key(terminal, &(struct key_event){.key = KEY_UP, .pressed = true});
    KTEST_EQUAL(terminal_read(terminal, bytes, sizeof bytes), 3);
    KTEST_EQUAL(terminal_read(terminal, bytes, sizeof bytes), 0);
    terminal_destroy(terminal);
}

static struct wait_queue typed = WAIT_QUEUE_INIT(typed);
static struct terminal *typed_on;
static unsigned typed_count;

#define KEYS 300
#define KEY_PAUSE_NS 50000

static void wake(void *queue)
{
    wait_queue_wake_all(queue);
}

/* In an interrupt, as a keyboard driver does. */
static void type_key(struct timer *timer)
{
    terminal_key(typed_on, &(struct key_event){.character = 'a' + typed_count % 26, .pressed = true});
    if (++typed_count < KEYS)
        timer_start(timer, clock_monotonic() + KEY_PAUSE_NS);
}

KTEST(terminal_wakes_readers)
{
    struct timer timer;
    typed_on = terminal_create(40, 10);
    if (!KTEST_CHECK(typed_on != NULL))
        return;
    typed_count = 0;
    terminal_set_notify(typed_on, wake, &typed);
    timer_init(&timer, type_key);
    timer_start(&timer, clock_monotonic() + KEY_PAUSE_NS);
    for (unsigned i = 0; i < KEYS; i++) {
        char byte = 0;
        if (!KTEST_CHECK(wait_event_until(&typed, terminal_has_input(typed_on), clock_monotonic() + 10000000000)))
            break;
        terminal_read(typed_on, &byte, 1);
        KTEST_EQUAL(byte, 'a' + i % 26);
    }
    timer_stop_wait(&timer);
    terminal_destroy(typed_on);
}

/* More than the ring holds, in one go: nobody waits for ever, and the report of this test comes out behind it. */
KTEST(serial_floods)
{
    struct serial_counts before = serial_counts();
    for (unsigned i = 0; i < 2 * SERIAL_OUTPUT_SIZE / 64; i++)
        console_printf("# %60u\n", i);
    KTEST_EQUAL(serial_counts().overruns, before.overruns);
}
