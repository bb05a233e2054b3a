/*
 * Fuzzes terminal emulation (kernel/tty/emulator.c, parser.c, grid.c, and libvterm behind them): any bytes, in any
 * pieces, on screens of any size. Nothing may crash, hang or write beyond the emulator's memory; the cursor stays on
 * the screen; wide characters stay whole, also in what has left the screen; what one write does, two writes of its
 * halves do.
 *
 * The first bytes of an input choose the size of the screen and the pieces.
 */
#include "tty/emulator.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HISTORY 5

struct outcome {
    struct emulator *emulator;
    void *history;
    unsigned columns, rows;
    size_t sent;
    uint8_t sum; /* of what was sent */
};

static void send(void *context, const char *bytes, size_t length)
{
    struct outcome *outcome = context;
    outcome->sent += length;
    for (size_t i = 0; i < length; i++)
        outcome->sum = (uint8_t)(outcome->sum * 31 + bytes[i]);
}

static void start(struct outcome *outcome, unsigned columns, unsigned rows)
{
    static const struct emulator_operations operations = {.send = send};
    *outcome = (struct outcome){.columns = columns, .rows = rows};
    void *memory = calloc(1, emulator_size(columns, rows));
    outcome->emulator = emulator_create(memory, columns, rows, &operations, outcome);
    outcome->history = malloc(emulator_history_size(outcome->emulator, HISTORY));
    emulator_keep_history(outcome->emulator, outcome->history, HISTORY);
}

static void check(const struct outcome *outcome)
{
    struct emulator_cursor cursor = emulator_cursor(outcome->emulator);
    if (cursor.row >= outcome->rows || cursor.column >= outcome->columns)
        abort();
    for (unsigned row = 0; row < outcome->rows; row++) {
        struct grid_range changed;
        const struct cell *cells = emulator_row(outcome->emulator, row, &changed);
        if (changed.first < changed.last && changed.last > outcome->columns)
            abort();
        for (unsigned column = 0; column < outcome->columns; column++) {
            if (cells[column].rest &&
                (column == 0 || cells[column - 1].rest || cells[column - 1].character != cells[column].character))
                abort();
            if (cells[column].character < ' ')
                abort();
        }
    }
}

static void compare(struct outcome *a, struct outcome *b)
{
    struct emulator_cursor first = emulator_cursor(a->emulator), second = emulator_cursor(b->emulator);
    if (first.row != second.row || first.column != second.column || first.visible != second.visible ||
        a->sent != b->sent || a->sum != b->sum)
        abort();
    for (unsigned row = 0; row < a->rows; row++) {
        struct grid_range changed;
        const struct cell *left = emulator_row(a->emulator, row, &changed);
        if (memcmp(left, emulator_row(b->emulator, row, &changed), a->columns * sizeof *left) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, pieces;
    if (size < 3)
        return 0;
    unsigned columns = data[0] % 40 + 1, rows = data[1] % 12 + 1, step = data[2] % 7 + 1;
    const char *text = (const char *)data + 3;
    size -= 3;

    start(&whole, columns, rows);
    emulator_write(whole.emulator, text, size);
    check(&whole);
    for (int i = 0; i < HISTORY && emulator_look_back(whole.emulator, 1); i++)
        check(&whole);
    start(&pieces, columns, rows);
    for (size_t i = 0; i < size; i += step)
        emulator_write(pieces.emulator, text + i, size - i < step ? size - i : step);
    emulator_look_back(pieces.emulator, HISTORY);
    compare(&whole, &pieces);
    for (unsigned i = 0; i < 64; i++) {
        struct key_event event = {
            .key = i % (KEY_F12 + 2), .character = i < 32 ? 'a' + i : 0x20ac, .modifiers = i % 8, .pressed = true};
        emulator_key(whole.emulator, &event);
    }
    emulator_interrupt(whole.emulator);
    emulator_write(whole.emulator, "ok", 2);
    check(&whole);
    free(whole.emulator);
    free(whole.history);
    free(pieces.emulator);
    free(pieces.history);
    return 0;
}
