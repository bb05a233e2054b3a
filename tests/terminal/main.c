/*
 * The whole kernel with this for its purpose (kernel/init.h): fills the screen with everything that a terminal shows,
 * then tells, on the console, the bytes of what is typed on the keyboard ("keys: 1b 5b 41") or comes by the serial line
 * ("serial: 68 69"). Typing q ends it with success, Ctrl-P by a panic; Ctrl-S makes it write two thousand lines.
 */
#include "arch/x86_64/machine.h"
#include "drivers/serial.h"
#include "init.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "panic.h"
#include "sched/wait.h"
#include "tty/console.h"
#include "tty/terminal.h"

#define CONTROL(letter) ((letter) & 0x1f)

static void put(struct terminal *terminal, const char *text)
{
    terminal_write(terminal, text, strlen(text));
}

static void put_colors(struct terminal *terminal)
{
    char text[48];
    put(terminal, "16  ");
    for (unsigned i = 0; i < 16; i++) {
        snprintf(text, sizeof text, "\033[48;5;%um  ", i);
        put(terminal, text);
    }
    put(terminal, "\033[0m\r\n256 ");
    for (unsigned i = 0; i < 36; i++) {
        snprintf(text, sizeof text, "\033[48;5;%um ", 16 + 6 * i + i % 6);
        put(terminal, text);
    }
    for (unsigned i = 232; i < 256; i++) {
        snprintf(text, sizeof text, "\033[48;5;%um ", i);
        put(terminal, text);
    }
    put(terminal, "\033[0m\r\nRGB ");
    for (unsigned i = 0; i < 64; i++) {
        snprintf(text, sizeof text, "\033[48;2;%u;%u;%um ", 255 - 4 * i, 4 * i, 128);
        put(terminal, text);
    }
    put(terminal, "\033[0m\r\n");
}

static const char picture[] =
    "\033[2J\033[H\033[1mbold\033[0m \033[4munderlined\033[0m \033[7mreverse\033[0m \033[1;33;44mbright on blue\033[0m "
    "\033[31mred \033[32mgreen \033[34mblue\033[0m\r\n"
    "\xc3\x84rger \xc3\xbc"
    "ber gr\xc3\xb6\xc3\x9f"
    "ere Stra\xc3\x9f"
    "en; d\xc3\xa9j\xc3\xa0 vu, \xc5\x93uvre, "
    "ni\xc3\xb1o, \xc3\x85ngstr\xc3\xb6m, \xc5\x81\xc3\xb3"
    "d\xc5\xba\r\n"
    "\xce\x95\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1, \xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0, "
    "\xe2\x82\xac\xc2\xa3\xc2\xa5 \xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x80\x93 dashes \xe2\x80\x94 \xe2\x80\xa6 "
    "\xe2\x86\x90\xe2\x86\x91\xe2\x86\x92\xe2\x86\x93 \xe2\x96\xb2\xe2\x96\xbc\xe2\x96\xba\xe2\x97\x84 "
    "\xe2\x89\xa4\xe2\x89\xa5"
    "\xe2\x89\xa0\xc2\xb1\xc3\x97\xc3\xb7\r\n"
    "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x80\xe2\x94\xac\xe2\x94\x80\xe2\x94\x80\xe2\x94\x90 "
    "\xe2\x95\x94\xe2\x95\x90\xe2\x95\x90\xe2\x95\xa6\xe2\x95\x90\xe2\x95\x90\xe2\x95\x97 \033(0lqqwqqk\033(B "
    "\xe2\x96\x88\xe2\x96\x93\xe2\x96\x92\xe2\x96\x91 "
    "\xe2\x96\x81\xe2\x96\x82\xe2\x96\x83\xe2\x96\x84\xe2\x96\x85\xe2\x96\x86"
    "\xe2\x96\x87\xe2\x96\x88 \xe2\x96\x8f\xe2\x96\x8e\xe2\x96\x8d\xe2\x96\x8c\xe2\x96\x8b\xe2\x96\x8a\xe2\x96\x89 "
    "\xe2\x96\x96\xe2\x96\x97\xe2\x96\x98\xe2\x96\x9d\xe2\x96\x9a\xe2\x96\x9e\r\n"
    "\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80\xe2\x94\xb4\xe2\x94\x80\xe2\x94\x80\xe2\x94\x98 "
    "\xe2\x95\x9a\xe2\x95\x90\xe2\x95\x90\xe2\x95\xa9\xe2\x95\x90\xe2\x95\x90\xe2\x95\x9d \033(0mqqvqqj\033(B "
    "\xe2\xa0\x81\xe2\xa0\x83\xe2\xa0\x87\xe2\xa1\x87\xe2\xa3\x87\xe2\xa3\xa7\xe2\xa3\xb7\xe2\xa3\xbf "
    "\xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80 e\xcc\x81|\r\n";

static void show(struct terminal *terminal)
{
    put(terminal, picture);
    put_colors(terminal);
    put(terminal, "\033[10;14r\033[10;1H"); /* scrolls in five lines, without the rest */
    for (unsigned i = 1; i <= 9; i++) {
        char text[32];
        snprintf(text, sizeof text, "scrolled line %u\r\n", i);
        put(terminal, text);
    }
    put(terminal, "\033[r\033[16;1H");
}

static void tell(const char *what, const char *bytes, size_t length)
{
    char line[200];
    if (length == 0)
        return;
    size_t used = (size_t)snprintf(line, sizeof line, "%s:", what);
    for (size_t i = 0; i < length && used + 5 < sizeof line; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %02x", (uint8_t)bytes[i]);
    console_printf("%s\n", line);
}

static void flood(void)
{
    for (unsigned i = 1; i <= 2000; i++)
        console_printf("flood %u of 2000: the quick brown fox jumps over the lazy dog\n", i);
}

static void obey(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (bytes[i]) {
        case 'q': machine_exit(BOOT_EXIT_SUCCESS);
        case CONTROL('P'): panic("Ctrl-P was typed");
        case CONTROL('S'): flood(); break;
        }
    }
}

static struct wait_queue input = WAIT_QUEUE_INIT(input);

static void wake(void *queue)
{
    wait_queue_wake_all(queue);
}

void init_main(const struct boot_info *info)
{
    struct terminal *terminal = terminal_shown() != NULL ? terminal_shown() : terminal_create(0, 0);
    char keys[48], line[48];
    enum serial_kind kind;

    show(terminal);
    console_printf("ready\n");
    terminal_set_notify(terminal, wake, &input);
    serial_set_notify(wake, NULL, &input);
    for (;;) {
        wait_event(&input, terminal_has_input(terminal) || serial_has_input());
        size_t typed = terminal_read(terminal, keys, sizeof keys), received = serial_read(line, sizeof line, &kind);
        tell("keys", keys, typed);
        obey(keys, typed);
        tell("serial", line, received);
        obey(line, received);
    }
}
