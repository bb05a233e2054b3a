/*
 * Which terminal /dev/console is: see console_tty.h.
 *
 * On both at once, output goes at the speed of the slower one, the serial line, but for one that takes nothing at all:
 * then the screen goes on alone. Questions in the output (where is the cursor?) are answered by the terminal at which
 * somebody has typed last: the screen's stays silent until the keyboard is used, and as long as input comes by the
 * serial line, where an answer comes from the other end.
 */
#include "tty/console_tty.h"

#include "drivers/serial.h"
#include "fs/device.h"
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"
#include "tty/console.h"
#include "tty/port_tty.h"
#include "tty/pty.h"
#include "tty/serial_tty.h"
#include "tty/tty.h"
#include "tty/virtual_console.h"

#define LOG_NAME "tty"

static bool has_screen, has_line; /* of the console */
static struct tty *both;          /* NULL: the console is one of the machine's other terminals */

static size_t write(struct tty *tty, const char *data, size_t size)
{
    size_t sent = has_line ? serial_send(data, size) : size;
    if (sent < size && serial_is_stuck())
        sent = size;
    if (has_screen)
        virtual_console_put(data, sent);
    if (sent > 0)
        console_set_begun(data[sent - 1] != '\n');
    return sent;
}

static void written(struct tty *tty)
{
    if (has_screen)
        virtual_console_look();
}

static size_t unsent(struct tty *tty)
{
    return has_line && !serial_is_stuck() ? serial_unsent() : 0;
}

static void input_room(struct tty *tty)
{
    if (has_line)
        serial_tty()->driver->input_room(serial_tty());
}

static long ioctl(struct tty *tty, unsigned command, uintptr_t argument)
{
    return has_screen ? virtual_console_ioctl(tty, 1, command, argument) : -ENOTTY;
}

static void typed_on_line(void)
{
    virtual_console_mute(true);
}

static void typed_on_screen(void)
{
    virtual_console_mute(false);
}

static int open(struct file *file)
{
    struct tty *tty = both ? both : has_line ? serial_tty() : virtual_console(0);
    return tty_open_console(tty, file);
}

const char *console_term(void)
{
    return has_screen || !has_line ? "linux" : "vt102";
}

/* What the command line says, as far as the machine has it. */
static void choose(void)
{
    char name[16];
    bool screen = virtual_console(1) != NULL, line = serial_tty() != NULL;
    has_screen = screen;
    has_line = line;
    if (cmdline_get("console", name, sizeof name) < 0)
        return;
    if (strncmp(name, "ttyS0", 5) == 0 && (name[5] == '\0' || name[5] == ',')) /* "ttyS0,115200" too */
        has_screen = screen && !line;
    else if (strcmp(name, "tty0") == 0 || strcmp(name, "tty1") == 0)
        has_line = line && !screen;
    else
        log_warning("console=%s is none of tty0, ttyS0", name);
}

static bool make_both(void)
{
    static const struct tty_driver driver = {
        .name = "console",
        .write = write,
        .written = written,
        .unsent = unsent,
        .input_room = input_room,
        .ioctl = ioctl,
        .is_line = true,
    };
    both = tty_create(&driver, 0, DEVICE_CONSOLE, NULL);
    if (both == NULL)
        return false;
    if (has_screen)
        virtual_console_share(both, typed_on_screen);
    if (has_screen && has_line)
        virtual_console_mute(true); /* until somebody types on the keyboard */
    if (has_line)
        serial_tty_share(both, typed_on_line);
    return true;
}

void ttys_init(void)
{
    static const struct file_ops ops = {.open = open};
    bool made = serial_tty_init() && port_tty_init() && virtual_consoles_init() && ptys_init();
    if (made) {
        choose();
        if (has_screen == has_line)
            made = make_both();
    }
    if (!made)
        panic("there is not enough memory to start; give the machine more");
    tty_devices_init();
    device_register(DEVICE_CONSOLE, "console", 0600, &ops);
}
