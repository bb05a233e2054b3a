/*
 * The person at the terminal: types, waits for what should appear, and tells in TAP what did.
 *
 *     drive [--keyboard [--pixels]] [--monitor SOCKET] [--rows N] [--columns N] SCRIPT COMMAND...
 *
 * COMMAND runs on a pseudo-terminal of 25 rows and 80 columns, which is emulated: `busybox sh` of the host, or `corrode
 * run`, whose machine then has this terminal at its serial port. With --keyboard the machine's own keyboard and screen
 * are used in its place, by QEMU's monitor: a screen in text mode, or with --pixels any. So one script serves all
 * three.
 *
 * A script has one step a line:
 *
 *     point NAME            a test begins, which passes when all its steps do; after a failure the rest is left out
 *     recover TEXT          what to type after a test has failed, such as ^C\r
 *     send TEXT             types; \r \n \t \e \b \\ \xHH, and ^C for control and C, \^ for ^
 *     type TEXT             the same, then Enter
 *     key KEYS              presses keys as sendkey has them (ctrl-alt-delete); only with a monitor
 *     expect TEXT           waits until TEXT is said, after what the last `expect` found; /TEXT/ is a regex
 *     see TEXT              waits until a line of the screen has TEXT, or matches /TEXT/; see N TEXT: line N, from 1
 *     gone TEXT             waits until no line has it
 *     still SECONDS TEXT    for so long, TEXT is not said
 *     wait SECONDS
 *     timeout SECONDS       how long to wait in each of these; 60 at first
 *     resize ROWS COLUMNS   of the pseudo-terminal
 *     monitor COMMAND       a command for QEMU's monitor
 *     end STATUS            waits until COMMAND ends, with that status
 *     show                  prints the screen as comments
 *
 * With --keyboard nothing but the screen can be heard, so there `expect` and `still` look at it. A line that begins
 * with @WORD, WORD being native, serial or keyboard (the option --as says which we are, else it is keyboard or serial),
 * is for that alone; @!WORD for the others. Lines of # are comments.
 *
 * After four tests that failed one after the other it gives up.
 *
 * What is heard is kept without carriage returns and escape sequences.
 */
#include "tests/drive/keyboard.h"
#include "tests/drive/view.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 4

static int terminal;
static pid_t child;
static double limit = 60;
static const char *as;
static bool ended;
static int end_status;

static char *heard;
static size_t heard_length, heard_room, mark;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Hearing
 */

static void keep(char c)
{
    if (heard_length + 1 >= heard_room) {
        heard_room = heard_room ? heard_room * 2 : 65536;
        heard = realloc(heard, heard_room);
        if (!heard)
            exit(2);
    }
    heard[heard_length++] = c;
    heard[heard_length] = '\0';
}

/* Leaves out escape sequences (ECMA-48: CSI and OSC; else one character) and carriage returns. */
static void hear(char c)
{
    static enum { PLAIN, ESCAPE, CSI, OSC } state;
    if (c == '\033')
        state = ESCAPE;
    else if (state == ESCAPE)
        state = c == '[' ? CSI : c == ']' ? OSC : PLAIN;
    else if (state == CSI)
        state = c >= '@' && c <= '~' ? PLAIN : CSI;
    else if (state == OSC)
        state = c == '\a' ? PLAIN : OSC;
    else if (c != '\r' && c != '\0')
        keep(c);
}

static void note_end(int status)
{
    ended = true;
    end_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Listens for SECONDS at most, or until something comes. */
static void listen_for(double seconds)
{
    char buffer[4096];
    int status;
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    if (ended) {
        usleep((useconds_t)(seconds * 1e6));
        return;
    }
    ssize_t count = poll(&ready, 1, (int)(seconds * 1000)) > 0 ? read(terminal, buffer, sizeof buffer) : -2;
    if (count > 0) {
        view_write(buffer, (size_t)count);
        for (ssize_t i = 0; i < count; i++)
            hear(buffer[i]);
    } else if (count != -2 && errno != EINTR && waitpid(child, &status, 0) == child) {
        note_end(status);
    }
}

static void listen_through(double seconds)
{
    for (double end = now() + seconds, left; (left = end - now()) > 0;)
        listen_for(left < 0.05 ? left : 0.05);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Typing
 */

static void send_to_terminal(const char *text, size_t length)
{
    while (length > 0) {
        struct pollfd ready = {.fd = terminal, .events = POLLOUT};
        if (poll(&ready, 1, 1000) <= 0)
            return;
        ssize_t count = write(terminal, text, length > 16 ? 16 : length);
        if (count <= 0)
            return;
        text += count;
        length -= (size_t)count;
        listen_for(0.002); /* a person is no faster */
    }
}

/* TEXT without its escapes, in place; returns the length. */
static size_t unescape(char *text)
{
    static const char names[] = "rnteb", values[] = "\r\n\t\033\b";
    char *out = text;
    for (char *at = text; *at; at++) {
        const char *name = *at == '\\' && at[1] ? strchr(names, at[1]) : NULL;
        unsigned value;
        if (*at == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &value) == 1) {
            *out++ = (char)value;
            at += 3;
        } else if (*at == '\\' && at[1]) {
            at++;
            *out++ = name ? values[name - names] : *at;
        } else if (*at == '^' && at[1]) {
            at++;
            *out++ = *at == '?' ? '\x7f' : (char)(*at & 0x1f);
        } else {
            *out++ = *at;
        }
    }
    *out = '\0';
    return (size_t)(out - text);
}

static void send_text(char *text, bool enter)
{
    size_t length = unescape(text);
    void (*to)(const char *, size_t) = keyboard_is_used ? keyboard_type : send_to_terminal;
    to(text, length);
    if (length > 0 && text[length - 1] == '\033')
        listen_through(0.3); /* or it would be the beginning of another key */
    if (enter) {
        to("\r", 1);
        listen_through(0.2); /* what comes too early, the shell may take for itself */
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Looking
 */

/* Where in TEXT the pattern is: TEXT itself, or /a regular expression/; *END is behind it. NULL: nowhere. */
static const char *find(const char *text, const char *pattern, const char **end)
{
    size_t length = strlen(pattern);
    if (length >= 2 && pattern[0] == '/' && pattern[length - 1] == '/') {
        regex_t regex;
        regmatch_t match;
        char *inner = strndup(pattern + 1, length - 2);
        int failed = regcomp(&regex, inner, REG_EXTENDED | REG_NEWLINE);
        free(inner);
        if (failed) {
            fprintf(stderr, "drive: %s is no regular expression\n", pattern);
            exit(2);
        }
        failed = regexec(&regex, text, 1, &match, 0);
        regfree(&regex);
        *end = failed ? NULL : text + match.rm_eo;
        return failed ? NULL : text + match.rm_so;
    }
    const char *at = strstr(text, pattern);
    *end = at ? at + length : NULL;
    return at;
}

/* In line ONLY of the screen, or in any, which is 0. Text, but no regular expression, may end in a blank. */
static bool is_on_screen(const char *pattern, long only)
{
    char line[2048];
    const char *text, *end;
    view_update();
    for (unsigned row = 0; (text = view_line(row)) != NULL; row++) {
        snprintf(line, sizeof line, "%s%s", text, pattern[0] == '/' ? "" : " ");
        if ((only == 0 || row + 1 == only) && find(line, pattern, &end))
            return true;
    }
    return false;
}

static bool is_seen(const char *pattern)
{
    char *rest;
    long only = strtol(pattern, &rest, 10);
    if (rest > pattern && *rest == ' ')
        return is_on_screen(rest + 1, only);
    return is_on_screen(pattern, 0);
}

static bool is_heard(const char *pattern)
{
    const char *end = NULL;
    if (keyboard_is_used)
        return is_on_screen(pattern, 0);
    if (heard && find(heard + mark, pattern, &end))
        mark = (size_t)(end - heard);
    return end != NULL;
}

static bool is_gone(const char *pattern)
{
    return !is_seen(pattern);
}

static bool wait_until(bool (*what)(const char *), const char *pattern)
{
    for (double end = now() + limit; !what(pattern);) {
        if (now() > end)
            return false;
        listen_for(keyboard_is_used ? 0.1 : 0.02);
    }
    return true;
}

static void show(void)
{
    const char *line;
    view_update();
    printf(
        "# +%.*s\n", VIEW_COLUMNS, "--------------------------------------------------------------------------------");
    for (unsigned row = 0; (line = view_line(row)) != NULL; row++)
        printf("# |%s\n", line);
    printf(
        "# +%.*s\n", VIEW_COLUMNS, "--------------------------------------------------------------------------------");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Steps
 */

static bool step_send(char *text)
{
    send_text(text, false);
    return true;
}
static bool step_type(char *text)
{
    send_text(text, true);
    return true;
}
static bool step_key(char *text)
{
    keyboard_press(text);
    return monitor_is_open();
}
static bool step_expect(char *text)
{
    return wait_until(is_heard, text);
}
static bool step_see(char *text)
{
    return wait_until(is_seen, text);
}
static bool step_gone(char *text)
{
    return wait_until(is_gone, text);
}
static bool step_still(char *text)
{
    size_t before = mark;
    listen_through(strtod(text, &text));
    bool heard_it = is_heard(text + strspn(text, " "));
    mark = heard_it ? mark : before;
    return !heard_it;
}
static bool step_wait(char *text)
{
    listen_through(atof(text));
    return true;
}
static bool step_timeout(char *text)
{
    limit = atof(text);
    return true;
}
static bool step_resize(char *text)
{
    struct winsize size = {0};
    if (sscanf(text, "%hu %hu", &size.ws_row, &size.ws_col) != 2)
        return false;
    view_resize(size.ws_row, size.ws_col);
    return ioctl(terminal, TIOCSWINSZ, &size) == 0;
}
static bool step_monitor(char *text)
{
    return monitor_command(text);
}
static bool step_end(char *text)
{
    for (double end = now() + limit; !ended && now() < end;)
        listen_for(0.05);
    if (ended && end_status != atoi(text))
        printf("# it ended with %d\n", end_status);
    return ended && end_status == atoi(text);
}
static bool step_show(char *text)
{
    show();
    return true;
}

static const struct {
    const char *name;
    bool (*take)(char *text);
} steps[] = {
    {"send", step_send},
    {"type", step_type},
    {"key", step_key},
    {"expect", step_expect},
    {"see", step_see},
    {"gone", step_gone},
    {"still", step_still},
    {"wait", step_wait},
    {"timeout", step_timeout},
    {"resize", step_resize},
    {"monitor", step_monitor},
    {"end", step_end},
    {"show", step_show},
};

static struct {
    char name[256];
    bool open, failed;
    unsigned failures, in_sequence;
    char recover[256];
} test;

/* Ends COMMAND, if that is still necessary, and us. */
static _Noreturn void exit_with(int status)
{
    kill(child, SIGTERM);
    listen_through(ended ? 0 : 0.5);
    if (!ended)
        kill(child, SIGKILL);
    exit(status);
}

static void finish_point(void)
{
    if (test.open && !test.failed)
        printf("ok %s\n", test.name);
    test.in_sequence = test.failed ? test.in_sequence + 1 : 0;
    if (test.in_sequence == PATIENCE) {
        printf("not ok what follows # given up\n");
        exit_with(1);
    }
    test.open = false;
}

/* A person looks up before going on: what is typed too early may be thrown away. */
static void wait_for_quiet(void)
{
    size_t before;
    double end = now() + 2;
    do {
        before = heard_length;
        listen_through(0.15);
    } while (heard_length != before && now() < end);
}

static void begin_point(const char *name)
{
    finish_point();
    wait_for_quiet();
    if (test.failed && test.recover[0]) {
        char recover[sizeof test.recover];
        memcpy(recover, test.recover, sizeof recover);
        send_text(recover, false);
        listen_through(1);
        mark = heard_length;
    }
    snprintf(test.name, sizeof test.name, "%s", name);
    test.open = true;
    test.failed = false;
}

static void fail(unsigned number, const char *line)
{
    test.failed = true;
    test.failures++;
    printf("not ok %s # line %u: %s\n", test.name, number, line);
    if (!keyboard_is_used && heard)
        printf("# heard since: %.400s\n", heard + mark);
    show();
}

/* False: the step failed. */
static bool take(char *line)
{
    char *rest = line + strcspn(line, " ");
    if (*rest)
        *rest++ = '\0';
    if (strcmp(line, "point") == 0) {
        begin_point(rest);
        return true;
    }
    if (strcmp(line, "recover") == 0) {
        snprintf(test.recover, sizeof test.recover, "%s", rest);
        return true;
    }
    if (test.failed)
        return true;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(line, steps[i].name) == 0)
            return steps[i].take(rest);
    fprintf(stderr, "drive: %s is no step\n", line);
    exit(2);
}

/* Is the line for what we are? *LINE is moved to its step. */
static bool concerns_us(char **line)
{
    char word[32] = "";
    int length = 0;
    if (**line != '@')
        return true;
    sscanf(*line, "@%31s %n", word, &length);
    *line += length;
    return word[0] == '!' ? strcmp(word + 1, as) != 0 : strcmp(word, as) == 0;
}

static void play(FILE *script)
{
    char line[1024], copy[1024];
    for (unsigned number = 1; fgets(line, sizeof line, script); number++) {
        char *at = line + strspn(line, " ");
        at[strcspn(at, "\n")] = '\0';
        if (*at == '\0' || *at == '#' || !concerns_us(&at))
            continue;
        snprintf(copy, sizeof copy, "%s", at);
        if (!take(at))
            fail(number, copy);
        fflush(stdout);
    }
    finish_point();
}

/* What the emulated terminal answers. Who sits at the keyboard has no terminal at the serial line. */
static void answer(const char *text, size_t length)
{
    if (!keyboard_is_used)
        send_to_terminal(text, length);
}

static void start(char **command, unsigned rows, unsigned columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    view_init(rows, columns, answer);
    child = forkpty(&terminal, NULL, NULL, &size);
    if (child == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    if (child < 0) {
        perror("drive");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    const char *socket = NULL;
    unsigned rows = VIEW_ROWS, columns = VIEW_COLUMNS;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *option = argv[i];
        if (strcmp(option, "--keyboard") == 0)
            keyboard_is_used = true;
        else if (strcmp(option, "--pixels") == 0)
            view_is_of_pixels = true;
        else if (i + 1 < argc && strcmp(option, "--monitor") == 0)
            socket = argv[++i];
        else if (i + 1 < argc && strcmp(option, "--as") == 0)
            as = argv[++i];
        else if (i + 1 < argc && strcmp(option, "--rows") == 0)
            rows = (unsigned)atoi(argv[++i]);
        else if (i + 1 < argc && strcmp(option, "--columns") == 0)
            columns = (unsigned)atoi(argv[++i]);
        else
            break;
    }
    FILE *script = i + 1 < argc ? fopen(argv[i], "re") : NULL;
    if (!script) {
        fprintf(stderr, "usage: drive [--keyboard [--pixels]] [--monitor SOCKET] [--as WORD] SCRIPT COMMAND...\n");
        return 2;
    }
    if (!as)
        as = keyboard_is_used ? "keyboard" : "serial";
    start(argv + i + 1, rows, columns);
    if (socket && !monitor_open(socket)) {
        printf("not ok the monitor can be reached\n");
        kill(child, SIGTERM);
        return 1;
    }
    play(script);
    exit_with(test.failures > 0);
}
