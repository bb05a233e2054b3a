/*
 * Virtual consoles: see virtual_console.h. Each is a terminal (an emulated xterm, tty/terminal.h) with a line
 * discipline on top.
 *
 *     keyboard -> virtual_console_key -> terminal_key -> take_input -> tty_receive
 *     screen <- terminal_write <- write <- output processing
 *
 * They live for ever once they are made. `making` is held while one is; everything else reads pointers that only ever
 * go from NULL to what they stay.
 *
 * Source: console_codes(4), ioctl_console(2), Linux's Documentation/admin-guide/devices.txt for the numbers.
 */
#include "tty/virtual_console_internal.h"

#include "drivers/speaker.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "log.h"

#define LOG_NAME "tty"

#define MAJOR 4
#define PIECE 64
#define BELL_HZ 750
#define BELL_NS 125000000

static struct virtual_console consoles[VIRTUAL_CONSOLES];
static struct virtual_console *shown = &consoles[0];
static struct mutex making = MUTEX_INIT(making, TTY_SETTINGS);
static bool locked; /* nobody switches */
static struct wait_queue switched = WAIT_QUEUE_INIT(switched);

static struct tty *sharer; /* of the first one; NULL: nobody is */
static void (*on_typed)(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Input
 */

static struct tty *receiver(const struct virtual_console *console)
{
    struct tty *share = __atomic_load_n(&sharer, __ATOMIC_ACQUIRE);
    bool shared = share && console == &consoles[0] && __atomic_load_n(&console->tty->files, __ATOMIC_RELAXED) == 0;
    return shared ? share : console->tty;
}

/* What there is no room for is lost. */
static void take_input(void *context)
{
    struct virtual_console *console = context;
    struct tty *tty = receiver(console);
    char bytes[PIECE];
    size_t size;
    while ((size = terminal_read(console->terminal, bytes, sizeof bytes)) > 0) {
        size_t taken = tty_receive(tty, (const uint8_t *)bytes, size);
        if (taken < size)
            tty_look_ahead(tty, (const uint8_t *)bytes + taken, size - taken);
    }
}

static void look(struct virtual_console *console)
{
    if (terminal_has_input(console->terminal))
        feed_run(&console->feed, take_input, console);
}

static void on_input(void *context)
{
    look(context);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The terminal's side
 */

static size_t write(struct tty *tty, const char *data, size_t size)
{
    const struct virtual_console *console = tty->data;
    terminal_write(console->terminal, data, size);
    return size;
}

static void written(struct tty *tty)
{
    look(tty->data);
}

static const struct tty_driver driver = {
    .name = "tty",
    .write = write,
    .written = written,
    .ioctl = virtual_console_tty_ioctl,
};

static void set_size(struct tty *tty, const struct terminal *terminal)
{
    unsigned columns, rows;
    terminal_size(terminal, &columns, &rows);
    tty->size = (struct winsize){.rows = (uint16_t)rows, .columns = (uint16_t)columns};
}

/* With TERMINAL, or one of its own if that is NULL. */
static int make(struct virtual_console *console, struct terminal *terminal)
{
    unsigned number = (unsigned)(console - consoles) + 1;
    struct terminal *own = terminal ? terminal : terminal_create(0, 0);
    struct tty *tty = own ? tty_create(&driver, number, DEVICE_NUMBER(MAJOR, number), console) : NULL;
    if (tty == NULL) {
        if (own && !terminal)
            terminal_destroy(own);
        return -ENOMEM;
    }
    struct termios termios = tty->termios;
    termios.c_iflag |= IUTF8;
    tty_set_defaults(tty, &termios, tty->output_speed);
    set_size(tty, own);
    console->terminal = own;
    console->keyboard_mode = K_UNICODE;
    __atomic_store_n(&console->tty, tty, __ATOMIC_RELEASE);
    terminal_set_notify(own, on_input, console);
    return 0;
}

struct tty *virtual_console(unsigned number)
{
    if (number > VIRTUAL_CONSOLES || consoles[0].tty == NULL)
        return NULL;
    struct virtual_console *console = number == 0 ? __atomic_load_n(&shown, __ATOMIC_ACQUIRE) : &consoles[number - 1];
    if (__atomic_load_n(&console->tty, __ATOMIC_ACQUIRE))
        return console->tty;
    mutex_lock(&making);
    if (console->tty == NULL && make(console, NULL) < 0)
        log_warning("there is no memory for virtual console %u", number);
    mutex_unlock(&making);
    return console->tty;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Switching
 */

static unsigned wanted; /* number of the one to be made and shown */

static void show(struct virtual_console *console)
{
    if (__atomic_load_n(&locked, __ATOMIC_RELAXED) || terminal_show(console->terminal) != 0)
        return;
    __atomic_store_n(&shown, console, __ATOMIC_RELEASE);
    wait_queue_wake_all(&switched);
}

static void make_and_show(struct work *work)
{
    unsigned number = __atomic_load_n(&wanted, __ATOMIC_RELAXED);
    if (virtual_console(number))
        show(&consoles[number - 1]);
}

static void switch_to(unsigned number)
{
    static struct work work = WORK_INIT(make_and_show);
    if (__atomic_load_n(&consoles[number - 1].tty, __ATOMIC_ACQUIRE)) {
        show(&consoles[number - 1]);
        return;
    }
    __atomic_store_n(&wanted, number, __ATOMIC_RELAXED);
    work_queue_add(NULL, &work);
}

/* By half a screen. */
static void look_back(struct terminal *terminal, bool up)
{
    unsigned columns, rows;
    terminal_size(terminal, &columns, &rows);
    terminal_look_back(terminal, up ? (int)rows / 2 : -(int)rows / 2);
}

void virtual_console_key(const struct key_event *event)
{
    struct terminal *terminal = terminal_shown();
    if (terminal == NULL)
        return;
    bool is_function = event->key >= KEY_F1 && event->key < KEY_F1 + VIRTUAL_CONSOLES;
    if (is_function && event->modifiers & KEY_MODIFIER_ALT && consoles[0].tty) {
        if (event->pressed)
            switch_to((unsigned)(event->key - KEY_F1) + 1);
        return;
    }
    if ((event->key == KEY_PAGE_UP || event->key == KEY_PAGE_DOWN) && event->modifiers == KEY_MODIFIER_SHIFT) {
        if (event->pressed)
            look_back(terminal, event->key == KEY_PAGE_UP);
        return;
    }
    const struct virtual_console *console = __atomic_load_n(&shown, __ATOMIC_ACQUIRE);
    if (console->tty && console->keyboard_mode == K_OFF)
        return;
    if (console->tty && receiver(console) != console->tty)
        on_typed();
    terminal_key(terminal, event);
}

/* ------------------------------------------------------------------------------------------------------------------
 * For requests
 */

unsigned virtual_console_shown(void)
{
    return (unsigned)(__atomic_load_n(&shown, __ATOMIC_ACQUIRE) - consoles) + 1;
}

struct virtual_console *virtual_console_of(unsigned number)
{
    return &consoles[number - 1];
}

bool virtual_console_is_used(unsigned number)
{
    const struct tty *tty = __atomic_load_n(&consoles[number - 1].tty, __ATOMIC_ACQUIRE);
    return tty && (number == 1 || __atomic_load_n(&tty->files, __ATOMIC_RELAXED) > 0);
}

int virtual_console_activate(unsigned number)
{
    if (virtual_console(number) == NULL)
        return -ENOMEM;
    show(&consoles[number - 1]);
    return 0;
}

void virtual_console_lock(bool lock)
{
    __atomic_store_n(&locked, lock, __ATOMIC_RELAXED);
}

int virtual_console_wait(unsigned number)
{
    return wait_event_interruptible(&switched, virtual_console_shown() == number);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sharing the first one
 */

void virtual_console_share(struct tty *tty, void (*typed)(void))
{
    set_size(tty, consoles[0].terminal);
    on_typed = typed;
    __atomic_store_n(&sharer, tty, __ATOMIC_RELEASE);
    look(&consoles[0]);
}

void virtual_console_put(const char *data, size_t size)
{
    terminal_write(consoles[0].terminal, data, size);
}

void virtual_console_look(void)
{
    look(&consoles[0]);
}

void virtual_console_mute(bool mute)
{
    terminal_mute(consoles[0].terminal, mute);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Devices
 */

static int open(struct file *file)
{
    unsigned number = file->inode->device & 0xff;
    struct tty *tty = virtual_console(number);
    if (tty == NULL)
        return consoles[0].tty ? -ENOMEM : -ENXIO;
    if (number == 0)
        file->flags |= O_NOCTTY; /* what is shown may be another one at the next moment */
    return tty_open(tty, file);
}

/* As PCs have sounded since the first of them. */
static void ring_bell(void)
{
    speaker_tone(BELL_HZ, BELL_NS);
}

bool virtual_consoles_init(void)
{
    static const char *const names[VIRTUAL_CONSOLES + 1] = {"tty0", "tty1", "tty2", "tty3", "tty4", "tty5", "tty6"};
    static const struct file_ops ops = {.open = open};
    struct terminal *terminal = terminal_shown();
    if (terminal == NULL)
        return true;
    if (make(&consoles[0], terminal) < 0)
        return false;
    terminal_set_bell(ring_bell);
    for (unsigned number = 0; number <= VIRTUAL_CONSOLES; number++)
        device_register(DEVICE_NUMBER(MAJOR, number), names[number], 0600, &ops);
    return true;
}
