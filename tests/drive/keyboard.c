/* Keys by QEMU's monitor: see keyboard.h. */
#include "tests/drive/keyboard.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HOLD_MS 8 /* how long a key is down, and as long until the next: a keyboard's queue is short */
#define PROMPT "(qemu) "

bool keyboard_is_used;
static int monitor = -1;
static const char *path_of_monitor;

static void nap(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Reads up to the next prompt. */
static bool read_prompt(void)
{
    char text[65536];
    size_t length = 0;
    for (;;) {
        struct pollfd ready = {.fd = monitor, .events = POLLIN};
        if (poll(&ready, 1, 10000) <= 0)
            return false;
        ssize_t count = read(monitor, text + length, sizeof text - 1 - length);
        if (count <= 0)
            return false;
        length += (size_t)count;
        if (length >= strlen(PROMPT) && memcmp(text + length - strlen(PROMPT), PROMPT, strlen(PROMPT)) == 0)
            return true;
        if (length > sizeof text / 2) {
            memmove(text, text + length - 16, 16);
            length = 16;
        }
    }
}

static bool connect_to(const char *path, int tries)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (int i = 0; i < tries; i++) {
        monitor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(monitor, (struct sockaddr *)&address, sizeof address) == 0)
            return read_prompt();
        close(monitor);
        monitor = -1;
        nap(100);
    }
    return false;
}

bool monitor_open(const char *path)
{
    path_of_monitor = path;
    return connect_to(path, 200);
}

bool monitor_is_open(void)
{
    return monitor >= 0;
}

static bool command_once(const char *command)
{
    char line[1024];
    int length = snprintf(line, sizeof line, "%s\n", command);
    if (monitor >= 0 && send(monitor, line, (size_t)length, MSG_NOSIGNAL) == length && read_prompt())
        return true;
    if (monitor >= 0)
        close(monitor);
    monitor = -1;
    return false;
}

/* A machine that starts anew has another monitor at the same place. */
bool monitor_command(const char *command)
{
    return command_once(command) || (connect_to(path_of_monitor, 20) && command_once(command));
}

/* The monitor's name of the key with C on it, and whether it takes shift. */
static const char *key_of(char c, bool *shift)
{
    static const char plain[] = "-=[]\\;'`,./ \r\n\t\x1b\x7f\b";
    static const char shifted[] = "_+{}|:\"~<>?";
    static const char *const names[] = {"minus", "equal", "bracket_left", "bracket_right", "backslash", "semicolon",
        "apostrophe", "grave_accent", "comma", "dot", "slash", "spc", "ret", "ret", "tab", "esc", "backspace",
        "backspace"};
    static const char digits[] = ")!@#$%^&*(";
    static char single[2];
    const char *at;
    *shift = isupper((unsigned char)c) || (c && (strchr(shifted, c) || strchr(digits, c)));
    if (isalnum((unsigned char)c))
        single[0] = (char)tolower((unsigned char)c);
    else if (c && (at = strchr(digits, c)))
        single[0] = (char)('0' + (at - digits));
    else if (c && (at = strchr(shifted, c)))
        return names[at - shifted];
    else if (c && (at = strchr(plain, c)))
        return names[at - plain];
    else
        return NULL;
    return single;
}

static void press(const char *modifier, const char *key)
{
    char command[64];
    snprintf(command, sizeof command, "sendkey %s%s %d", modifier, key, HOLD_MS);
    monitor_command(command);
    nap(3 * HOLD_MS);
}

/* The key whose sequence (ESC [ letter) TEXT begins with: whoever reads waits for the rest of one so shortly that it
 * cannot be typed by three keys. */
static const char *cursor_key(const char *text, size_t length)
{
    static const char *const names[] = {"up", "down", "right", "left"};
    bool is_one = length >= 3 && text[0] == '\033' && text[1] == '[' && text[2] >= 'A' && text[2] <= 'D';
    return is_one ? names[text[2] - 'A'] : NULL;
}

void keyboard_type(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool shift;
        const char *cursor = cursor_key(text + i, length - i), *key = key_of(text[i], &shift);
        if (cursor) {
            press("", cursor);
            i += 2;
        } else if (key)
            press(shift ? "shift-" : "", key);
        else if ((key = key_of((char)(text[i] + '@'), &shift)) != NULL)
            press("ctrl-", key);
    }
}

void keyboard_press(const char *keys)
{
    press("", keys);
}
