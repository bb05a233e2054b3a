/*
 * Terminals, and the console's way to the first of them.
 *
 * Two locks. `screen_lock` guards the emulators of all terminals, the display, and which one is shown; it is the last
 * in the order of locks, after the console's, so that the console can print here whatever its caller holds. Nothing is
 * woken or printed under it. Each terminal's `lock` guards its input; what an emulator sends while it works (keys,
 * answers) is gathered in an array on the caller's stack and becomes input when screen_lock is free again.
 *
 * In a panic the console takes the screen back (close_output), without locks, and goes on as it began.
 */
#include "tty/terminal.h"
#include "arch/x86_64/spinlock.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "lib/string.h"
#include "tty/console.h"
#include "tty/display.h"
#include "tty/emulator.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 25
#define HISTORY_ROWS 250
#define OUTBOX_SIZE 256 /* a longer answer at once is cut off */

struct outbox {
    size_t length;
    bool bell;
    char bytes[OUTBOX_SIZE];
};

struct terminal {
    struct emulator *emulator; /* screen_lock, as the next */
    void *history;             /* its memory; NULL: none */
    struct outbox *outbox;     /* where what it sends goes; NULL: nowhere */
    unsigned columns, rows;
    bool mute; /* what it sends while it is written to goes nowhere */

    struct spinlock lock; /* TERMINAL: what follows */
    void (*notify)(void *context);
    void *notify_context;
    struct byte_ring input;
    char input_bytes[TERMINAL_INPUT_SIZE];
};

static struct spinlock screen_lock = SPINLOCK_INIT(SCREEN);
static struct terminal *shown;
static bool screen_closed; /* by a panic */

static const struct terminal_memory *memory;

/* ------------------------------------------------------------------------------------------------------------------
 * Input
 */

static void put_input(struct terminal *terminal, const char *bytes, size_t length)
{
    spin_lock(&terminal->lock);
    byte_ring_put(&terminal->input, bytes, length);
    spin_unlock(&terminal->lock);
}

void terminal_input(struct terminal *terminal, const char *bytes, size_t length)
{
    spin_lock(&terminal->lock);
    length = byte_ring_put(&terminal->input, bytes, length);
    void (*notify)(void *context) = terminal->notify;
    void *context = terminal->notify_context;
    spin_unlock(&terminal->lock);
    if (length > 0 && notify != NULL)
        notify(context);
}

size_t terminal_read(struct terminal *terminal, char *bytes, size_t size)
{
    spin_lock(&terminal->lock);
    size = byte_ring_get(&terminal->input, bytes, size);
    spin_unlock(&terminal->lock);
    return size;
}

bool terminal_has_input(struct terminal *terminal)
{
    return __atomic_load_n(&terminal->input.count, __ATOMIC_RELAXED) > 0;
}

void terminal_set_notify(struct terminal *terminal, void (*notify)(void *context), void *context)
{
    spin_lock(&terminal->lock);
    terminal->notify = notify;
    terminal->notify_context = context;
    spin_unlock(&terminal->lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Output, and keys
 */

/* From the emulator. */
static void send(void *context, const char *bytes, size_t length)
{
    struct outbox *outbox = ((struct terminal *)context)->outbox;
    if (outbox == NULL)
        return;
    size_t room = OUTBOX_SIZE - outbox->length;
    if (length > room)
        length = room;
    memcpy(outbox->bytes + outbox->length, bytes, length);
    outbox->length += length;
}

static void (*bell)(void);

void terminal_set_bell(void (*ring)(void))
{
    bell = ring;
}

/* From the emulator. */
static void note_bell(void *context)
{
    struct outbox *outbox = ((struct terminal *)context)->outbox;
    if (outbox != NULL)
        outbox->bell = true;
}

static void update(struct terminal *terminal)
{
    if (terminal == shown && !screen_closed)
        display_update(terminal->emulator);
}

/* What is gathered between the two becomes input. */
static void begin(struct terminal *terminal, struct outbox *outbox)
{
    outbox->length = 0;
    outbox->bell = false;
    spin_lock(&screen_lock);
    terminal->outbox = outbox;
}

static void end(struct terminal *terminal)
{
    terminal->outbox = NULL;
    spin_unlock(&screen_lock);
}

void terminal_write(struct terminal *terminal, const char *text, size_t length)
{
    struct outbox outbox;
    begin(terminal, &outbox);
    emulator_write(terminal->emulator, text, length);
    update(terminal);
    end(terminal);
    if (outbox.length > 0 && !__atomic_load_n(&terminal->mute, __ATOMIC_RELAXED))
        put_input(terminal, outbox.bytes, outbox.length);
    if (outbox.bell && bell != NULL)
        bell();
}

void terminal_mute(struct terminal *terminal, bool mute)
{
    __atomic_store_n(&terminal->mute, mute, __ATOMIC_RELAXED);
}

void terminal_look_back(struct terminal *terminal, int up)
{
    spin_lock(&screen_lock);
    if (emulator_look_back(terminal->emulator, up))
        update(terminal);
    spin_unlock(&screen_lock);
}

void terminal_key(struct terminal *terminal, const struct key_event *event)
{
    struct outbox outbox;
    begin(terminal, &outbox);
    if (event->pressed && event->key < KEY_CENTER && emulator_look_back(terminal->emulator, -HISTORY_ROWS))
        update(terminal);
    emulator_key(terminal->emulator, event);
    end(terminal);
    if (outbox.length > 0)
        terminal_input(terminal, outbox.bytes, outbox.length);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The console
 */

static struct terminal *console_terminal;
static bool console_writing; /* between the first write and the flush of a call; the console's lock guards it */

static void write_output(const char *text, size_t length)
{
    spin_lock(&screen_lock);
    if (!console_writing)
        emulator_interrupt(console_terminal->emulator); /* whatever a program was about to say */
    console_writing = true;
    emulator_write(console_terminal->emulator, text, length);
    spin_unlock(&screen_lock);
}

static void flush_output(void)
{
    console_writing = false;
    spin_lock(&screen_lock);
    update(console_terminal);
    spin_unlock(&screen_lock);
}

static void close_output(void)
{
    screen_closed = true;
    display_close();
}

static const struct console_output output = {
    .write = write_output,
    .flush = flush_output,
    .close = close_output,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Life
 */

struct terminal *terminal_create(unsigned columns, unsigned rows)
{
    static const struct emulator_operations operations = {.send = send, .bell = note_bell};

    if (columns == 0 && !display_size(&columns, &rows)) {
        columns = DEFAULT_COLUMNS;
        rows = DEFAULT_ROWS;
    }
    size_t size = emulator_size(columns, rows);
    struct terminal *terminal = size > 0 ? memory->allocate(sizeof *terminal) : NULL;
    if (terminal == NULL)
        return NULL;
    void *emulator = memory->allocate(size);
    if (emulator == NULL) {
        memory->release(terminal);
        return NULL;
    }
    spin_lock_init(&terminal->lock, LOCK_RANK_TERMINAL);
    terminal->input = (struct byte_ring)BYTE_RING_INIT(terminal->input_bytes);
    terminal->columns = columns;
    terminal->rows = rows;
    terminal->emulator = emulator_create(emulator, columns, rows, &operations, terminal);
    terminal->history = memory->allocate(emulator_history_size(terminal->emulator, HISTORY_ROWS));
    if (terminal->history != NULL)
        emulator_keep_history(terminal->emulator, terminal->history, HISTORY_ROWS);
    return terminal;
}

void terminal_destroy(struct terminal *terminal)
{
    if (terminal->history != NULL)
        memory->release(terminal->history);
    memory->release(terminal->emulator);
    memory->release(terminal);
}

int terminal_show(struct terminal *terminal)
{
    unsigned columns, rows;
    if (!display_size(&columns, &rows) || columns != terminal->columns || rows != terminal->rows)
        return -EINVAL;
    spin_lock(&screen_lock);
    shown = terminal;
    update(terminal);
    spin_unlock(&screen_lock);
    return 0;
}

struct terminal *terminal_shown(void)
{
    return __atomic_load_n(&shown, __ATOMIC_RELAXED);
}

void terminal_size(const struct terminal *terminal, unsigned *columns, unsigned *rows)
{
    *columns = terminal->columns;
    *rows = terminal->rows;
}

int terminal_init(const struct terminal_memory *from)
{
    unsigned columns, rows;
    memory = from;
    if (!display_size(&columns, &rows))
        return -ENODEV;
    struct cell *cells = memory->allocate((size_t)columns * rows * sizeof *cells);
    struct terminal *terminal = cells != NULL ? terminal_create(columns, rows) : NULL;
    if (terminal == NULL) {
        if (cells != NULL)
            memory->release(cells);
        return -ENOMEM;
    }
    display_open(cells);
    display_copy(terminal->emulator);
    screen_closed = false;
    shown = console_terminal = terminal;
    console_set_output(&output);
    return 0;
}
