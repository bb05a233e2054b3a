/*
 * Our line discipline against the host's: the same random script of settings, typing, reading and writing on a terminal
 * of ours and on a pseudo-terminal of Linux's; both must send the same bytes and give the same ones to who reads.
 *
 * A script is made of its number alone. TTY_ORACLE_FIRST and TTY_ORACLE_COUNT choose which ones are run,
 * TTY_ORACLE_TRACE shows what is done.
 *
 * Linux receives what is typed in a thread of its own, and there is no way to wait for that when nothing is to be seen
 * of it. So a script that finds a difference is run again, with longer and longer pauses: only one that always finds it
 * has failed.
 *
 * Left out, because Linux depends on time there: signals typed together with other bytes that are echoed (what of the
 * echo has been sent?), and output that is on its way when it is thrown away.
 */
#include "tests/unit/tty_linux.h"
#include "tests/unit/tty_machine.h"
#include "tests/unit/unit.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define SCRIPTS 400
#define STEPS 60
#define SENT_MAX 60000
#define ECHO_MAX 2000 /* of more than that at once one or the other loses some */

static uint64_t seed;

static unsigned draw(unsigned below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % below;
}

static bool chance(unsigned percent)
{
    return draw(100) < percent;
}

struct pair {
    struct tty_machine ours;
    struct tty_linux theirs;
    char theirs_sent[SENT_MAX];
    size_t theirs_size;
    struct termios termios; /* as set last */
    unsigned script, step;
    unsigned pause; /* microseconds, after typing */
    bool trace, quiet;
    jmp_buf failed;
};

static void show(const struct pair *pair, const char *what, const void *bytes, long size)
{
    const uint8_t *at = bytes;
    if (pair->quiet)
        return;
    printf("# %s %ld:", what, size);
    for (long i = 0; at && i < size && i < 200; i++)
        printf(at[i] > ' ' && at[i] < 0x7f ? " %c" : " %02x", at[i]);
    printf("\n");
}

static void fail_step(struct pair *pair, const char *what)
{
    const struct termios *t = &pair->termios;
    if (pair->quiet)
        longjmp(pair->failed, 1);
    printf("# script %u, step %u: %s; iflag %o oflag %o lflag %o\n", pair->script, pair->step, what, t->c_iflag,
        t->c_oflag, t->c_lflag);
    show(pair, "c_cc", t->c_cc, NCCS);
    longjmp(pair->failed, 1);
}

static void compare_sent(struct pair *pair)
{
    struct tty_machine *ours = &pair->ours;
    int count = 0;
    tty_machine_ioctl(ours, FIONREAD, &count);
    tty_linux_settle(&pair->theirs, count, pair->pause);
    tty_linux_sent(&pair->theirs, pair->theirs_sent, &pair->theirs_size, SENT_MAX, ours->sent_size);
    if (pair->trace) {
        const struct tty *tty = ours->tty;
        show(pair, "sent", pair->theirs_sent, (long)pair->theirs_size);
        printf("# there are %u bytes, %u of them in lines, and %zu wait\n", tty->head - tty->tail,
            tty->lines_end - tty->tail, ours->typed_size);
    }
    if (pair->theirs_size != ours->sent_size && ours->sent_size > ECHO_MAX)
        longjmp(pair->failed, 2);
    if (pair->theirs_size != ours->sent_size || memcmp(pair->theirs_sent, ours->sent, ours->sent_size) != 0) {
        show(pair, "ours sent", ours->sent, (long)ours->sent_size);
        show(pair, "theirs  ", pair->theirs_sent, (long)pair->theirs_size);
        fail_step(pair, "sent");
    }
    int theirs = 0;
    tty_linux_ioctl(&pair->theirs, FIONREAD, &theirs);
    if (theirs != count &&
        ours->tty->lines_end - ours->tty->tail < TTY_INPUT_SIZE) { /* full, Linux takes it for empty */
        show(pair, "ours", NULL, count);
        show(pair, "theirs", NULL, theirs);
        fail_step(pair, "FIONREAD");
    }
    ours->sent_size = pair->theirs_size = 0;
}

static void flow(struct pair *pair, uintptr_t what)
{
    if (pair->trace)
        printf("# flow %lu\n", what);
    assert_int_equal(tty_machine_ioctl(&pair->ours, TCXONC, (void *)what), 0);
    assert_int_equal(tty_linux_ioctl(&pair->theirs, TCXONC, (void *)what), 0);
    if (what == TCOON) { /* Linux goes on with an echo that has waited only when there is something new to send */
        if (tty_linux_write(&pair->theirs, "!", 1) != tty_machine_write(&pair->ours, "!", 1))
            fail_step(pair, "!");
    }
    compare_sent(pair);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Steps
 */

static uint32_t draw_flags(const uint32_t *flags, size_t count, uint32_t usual, unsigned percent)
{
    uint32_t result = usual;
    for (size_t i = 0; i < count; i++)
        if (chance(percent))
            result ^= flags[i];
    return result;
}

static void step_settings(struct pair *pair)
{
    static const uint32_t input[] = {
        ISTRIP, INLCR, IGNCR, ICRNL, IUCLC, IXON, IXANY, IMAXBEL, IUTF8, PARMRK, INPCK, IGNBRK, BRKINT, IGNPAR, IXOFF};
    static const uint32_t output[] = {OPOST, OLCUC, ONLCR, OCRNL, ONOCR, ONLRET, XTABS};
    static const uint32_t local[] = {
        ISIG, ICANON, ECHO, ECHOE, ECHOK, ECHONL, NOFLSH, ECHOCTL, ECHOPRT, ECHOKE, IEXTEN, ICANON, ECHO};
    static const unsigned when[] = {TCSETS, TCSETSW, TCSETSF};
    static const char unusual[] = "\0\0\x03\x7f\r\n\t x\xff\xc3";
    static const uint8_t effective[] = {VINTR, VQUIT, VSUSP, VREPRINT, VSTART, VSTOP};
    struct termios *t = &pair->termios;
    unsigned percent = chance(50) ? 8 : 40;
    if (pair->ours.tty->stopped) { /* Linux processes an echo that waits when it sends it, by the new settings */
        flow(pair, TCOOFF);
        flow(pair, TCOON);
    }
    tty_machine_ioctl(&pair->ours, TCGETS, t);
    t->c_iflag = draw_flags(input, ARRAY_LENGTH(input), chance(50) ? t->c_iflag : ICRNL | IXON, percent);
    t->c_oflag = draw_flags(output, ARRAY_LENGTH(output), chance(50) ? t->c_oflag : OPOST | ONLCR, percent);
    t->c_lflag = draw_flags(local, ARRAY_LENGTH(local),
        chance(50) ? t->c_lflag : ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN, percent);
    t->c_cc[VMIN] = (uint8_t)draw(4);
    t->c_cc[VTIME] = (uint8_t)draw(2);
    if (chance(15))
        t->c_cc[VEOL] = 'e';
    if (chance(15))
        t->c_cc[VEOL2] = (uint8_t)unusual[draw(sizeof unusual - 1)];
    if (chance(10) && pair->ours.typed_size == 0)
        t->c_cc[draw(NCCS)] = (uint8_t)unusual[draw(sizeof unusual - 1)];
    t->c_cc[VMIN] %= 4; /* Linux, which reads 64 bytes at a time, is at odds with itself where more are wanted */
    for (size_t i = 0; i < sizeof effective; i++) /* not in what floods: there, time matters */
        if (strchr("\r\n\t x", t->c_cc[effective[i]]))
            t->c_cc[effective[i]] = CC_DISABLED;
    unsigned command = when[chance(80) ? 0 : draw(3)];
    if (command == TCSETSF && pair->ours.typed_size > 0)
        command = TCSETS; /* Linux forgets to go on with what waits */
    if (pair->trace)
        printf("# set %x: iflag %o oflag %o lflag %o\n", command, t->c_iflag, t->c_oflag, t->c_lflag);
    assert_int_equal(tty_machine_ioctl(&pair->ours, command, t), 0);
    assert_int_equal(tty_linux_ioctl(&pair->theirs, command, t), 0);
    struct termios ours, theirs;
    tty_machine_ioctl(&pair->ours, TCGETS, &ours);
    tty_linux_ioctl(&pair->theirs, TCGETS, &theirs);
    if (memcmp(&ours, &theirs, sizeof ours) != 0)
        fail_step(pair, "settings");
}

/* Is C one of those, whatever is done to bytes that are typed? */
static bool is_one_of(const struct pair *pair, uint8_t c, const uint8_t *indexes, size_t count)
{
    uint8_t stripped = c & 0x7f;
    if (stripped >= 'A' && stripped <= 'Z')
        stripped += 'a' - 'A';
    for (size_t i = 0; i < count; i++)
        if (pair->termios.c_cc[indexes[i]] == c || pair->termios.c_cc[indexes[i]] == stripped)
            return true;
    return false;
}

static uint8_t draw_byte(void)
{
    static const uint8_t usual[] = "\x7f\x7f\x7f\x15\x17\x17\x12\x16\x04\n\n\r\t\t\b \x01\x1b_-e";
    static const uint8_t rare[] = "\x03\x1c\x1a\x13\x11\x11\x0f\0\xff";
    unsigned kind = draw(100);
    if (kind < 45)
        return (uint8_t)("abcXYZ019 "[draw(10)]);
    if (kind < 80)
        return usual[draw(sizeof usual - 1)];
    if (kind < 90)
        return rare[draw(sizeof rare - 1)];
    return (uint8_t)draw(256);
}

static size_t draw_bytes(uint8_t *bytes, size_t most)
{
    size_t size = 0, wanted = 1 + draw((unsigned)most - 4);
    while (size < wanted) {
        if (chance(8)) {
            memcpy(bytes + size, "\xc3\xa9\xe2\x82\xac", 5);
            size += chance(50) ? 2 : 5;
        } else {
            bytes[size++] = draw_byte();
        }
    }
    return size < most ? size : most;
}

static void type(struct pair *pair, const uint8_t *bytes, size_t size)
{
    if (pair->trace)
        show(pair, "type", bytes, (long)size);
    tty_machine_type(&pair->ours, bytes, size);
    assert_int_equal(tty_linux_type(&pair->theirs, bytes, size), size);
    compare_sent(pair);
}

static void step_type(struct pair *pair)
{
    static const uint8_t signals[] = {VINTR, VQUIT, VSUSP}, flows[] = {VSTART, VSTOP};
    uint8_t bytes[40];
    size_t size = draw_bytes(bytes, chance(50) ? 6 : sizeof bytes), from = 0;
    for (size_t i = 0; i <= size; i++) {
        bool alone = i < size && is_one_of(pair, bytes[i], signals, sizeof signals);
        bool flow = i < size && is_one_of(pair, bytes[i], flows, sizeof flows);
        if ((alone || flow) && pair->ours.typed_size > 0) {
            bytes[i] = 'q'; /* it would have to wait, together with others or, in Linux, alone not */
            alone = false;
        }
        if (i < size && !alone)
            continue;
        if (i > from)
            type(pair, bytes + from, i - from);
        if (alone)
            type(pair, bytes + i, 1);
        from = i + 1;
    }
}

/* So much that it does not fit. */
static void step_flood(struct pair *pair)
{
    static uint8_t bytes[3000];
    if (pair->ours.typed_size > 20000 || pair->ours.tty->stopped)
        return; /* less of an echo waits than in Linux */
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(chance(1) ? '\n' : 'a' + draw(26));
    type(pair, bytes, sizeof bytes);
}

static bool read_both(struct pair *pair, size_t size)
{
    static uint8_t ours[5000], theirs[5000];
    long our_count = tty_machine_read(&pair->ours, ours, size);
    long their_count = tty_linux_read(&pair->theirs, theirs, size);
    if (pair->trace)
        show(pair, "read", theirs, their_count);
    if (our_count != their_count || (our_count > 0 && memcmp(ours, theirs, (size_t)our_count) != 0)) {
        show(pair, "ours read", ours, our_count);
        show(pair, "theirs   ", theirs, their_count);
        fail_step(pair, "read");
    }
    compare_sent(pair);
    return our_count > 0;
}

static void step_read(struct pair *pair)
{
    read_both(pair, chance(70) ? 1 + draw(12) : 4999);
}

static void step_read_all(struct pair *pair)
{
    for (unsigned i = 0; i < 100 && read_both(pair, chance(50) ? 1 + draw(200) : 4999); i++)
        ;
}

static void step_write(struct pair *pair)
{
    uint8_t bytes[60];
    size_t size = draw_bytes(bytes, sizeof bytes);
    if (pair->ours.tty->stopped && pair->termios.c_oflag & ONOCR)
        return; /* Linux takes a return that becomes nothing though it is stopped */
    if (pair->trace)
        show(pair, "write", bytes, (long)size);
    long ours = tty_machine_write(&pair->ours, bytes, size), theirs = tty_linux_write(&pair->theirs, bytes, size);
    if (ours != theirs) {
        show(pair, "ours", NULL, ours);
        show(pair, "theirs", NULL, theirs);
        fail_step(pair, "written");
    }
    compare_sent(pair);
}

static void step_flush(struct pair *pair)
{
    uintptr_t what = draw(4);
    if (pair->ours.tty->stopped && what != TCIFLUSH)
        return; /* Linux keeps an echo that waits */
    if (pair->ours.typed_size > 0)
        return; /* Linux has looked for ^S in what waits before the terminal, and miscounts when that goes */
    if (pair->trace)
        printf("# flush %lu\n", what);
    long ours = tty_machine_ioctl(&pair->ours, TCFLSH, (void *)what);
    assert_int_equal(ours, tty_linux_ioctl(&pair->theirs, TCFLSH, (void *)what));
    compare_sent(pair);
}

static void step_flow(struct pair *pair)
{
    flow(pair, draw(2));
}

static void step(struct pair *pair)
{
    static const struct {
        void (*function)(struct pair *pair);
        unsigned weight;
    } steps[] = {{step_settings, 15}, {step_type, 45}, {step_read, 15}, {step_read_all, 8}, {step_write, 12},
        {step_flush, 2}, {step_flow, 2}, {step_flood, 1}};
    unsigned at = draw(100), i = 0;
    while (at >= steps[i].weight)
        at -= steps[i++].weight;
    steps[i].function(pair);
}

static bool run(struct pair *pair, unsigned script, unsigned pause, bool last)
{
    memset(pair, 0, sizeof *pair);
    pair->script = script;
    pair->pause = pause;
    pair->quiet = !last;
    pair->trace = last && getenv("TTY_ORACLE_TRACE") != NULL;
    seed = script * 0x9e3779b97f4a7c15ull + 1;
    if (!tty_linux_open(&pair->theirs)) {
        printf("# the host has no pseudo-terminal to compare with\n");
        return true;
    }
    tty_machine_open(&pair->ours);
    tty_machine_ioctl(&pair->ours, TCGETS, &pair->termios);
    volatile bool passed = false;
    int outcome = setjmp(pair->failed);
    passed = outcome == 2;
    if (outcome == 0) {
        for (pair->step = 0; pair->step < STEPS; pair->step++)
            step(pair);
        passed = true;
    }
    tty_machine_close(&pair->ours);
    tty_linux_close(&pair->theirs);
    return passed;
}

static void test_scripts(void **state)
{
    static struct pair pair;
    const char *first = getenv("TTY_ORACLE_FIRST"), *count = getenv("TTY_ORACLE_COUNT");
    unsigned begin = first ? (unsigned)atoi(first) : 0, end = begin + (count ? (unsigned)atoi(count) : SCRIPTS);
    for (unsigned script = begin; script < end; script++) {
        if (!run(&pair, script, 0, false) && !run(&pair, script, 2000, false))
            assert_true(run(&pair, script, 20000, true));
    }
}

UNIT_MAIN(cmocka_unit_test(test_scripts))
