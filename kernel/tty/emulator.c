/*
 * The glue around libvterm: parser.c calls libvterm's state machine, which calls back here with what shall be where.
 *
 *     bytes -> parser.c -> on_text ... below -> libvterm state.c -> put_glyph ... below -> cells
 *
 * Of libvterm we take the layer that knows cursor, modes, regions, colours and character sets (state.c, pen.c,
 * encoding.c) and the encoding of keys (keyboard.c). Its parser is replaced by ours (parser.c says why), its table of
 * widths by unicode.c, and its screen layer by the cells here: they take a third of the memory, and scrolling moves
 * pointers to rows instead of cells.
 *
 * What libvterm trusts its input with, nothing wrong gets to: arguments are clamped, in an array that is longer than
 * what it reads; text is whole characters, none of them without a width; sequences that could make it run or grow for
 * ever are dealt with here. All that it allocates it allocates in emulator_create, from the arena behind the cells.
 */
#include "tty/emulator.h"
#include "lib/string.h"
#include "lib/types.h"
#include "tty/parser.h"
#include "tty/unicode.h"

#include "vterm_internal.h"

/* What libvterm allocates at its start (vterm.c, state.c), each aligned to 16; the sizes of the buffers are its own. */
#define ARENA_ALIGN 16
#define VTERM_BUFFER 64
#define ARENA_FIXED (sizeof(VTerm) + sizeof(VTermState) + 4 * VTERM_BUFFER + 8 * ARENA_ALIGN)

struct emulator {
    struct grid grid;
    struct emulator_cursor cursor;
    bool reverse;

    struct parser parser;
    char last_text[4]; /* the last character, for REP */
    unsigned last_length;

    VTerm *vterm;
    const VTermEncoding *utf8; /* the character set that is no other */
    const struct emulator_operations *operations;
    void *context;
    char *arena, *arena_end; /* what is left of it */
};

/* ------------------------------------------------------------------------------------------------------------------
 * What libvterm would have of its own
 */

int vterm_unicode_width(uint32_t character)
{
    return (int)unicode_width(character);
}

/* The parser drops them. */
int vterm_unicode_is_combining(uint32_t character)
{
    return 0;
}

void vterm_parser_set_callbacks(VTerm *vterm, const VTermParserCallbacks *callbacks, void *context)
{
    vterm->parser.callbacks = callbacks;
    vterm->parser.cbdata = context;
}

/* There is no screen layer. */
void vterm_screen_free(VTermScreen *screen) {}

static void *arena_allocate(size_t size, void *context)
{
    struct emulator *emulator = context;
    char *memory = emulator->arena;
    size = align_up(size, ARENA_ALIGN);
    if (size > (size_t)(emulator->arena_end - memory))
        __builtin_trap(); /* emulator_size knows better */
    emulator->arena += size;
    return memory;
}

static void arena_free(void *memory, void *context) {}

/* ------------------------------------------------------------------------------------------------------------------
 * From libvterm to the cells
 */

static int put_glyph(VTermGlyphInfo *info, VTermPos position, void *context)
{
    struct emulator *emulator = context;
    grid_put(&emulator->grid, position.row, position.col, info->chars[0], info->width, info->protected_cell);
    return 1;
}

static int move_cursor(VTermPos position, VTermPos old, int visible, void *context)
{
    struct emulator *emulator = context;
    emulator->cursor.row = (unsigned)position.row;
    emulator->cursor.column = (unsigned)position.col;
    return 1;
}

static struct grid_rect grid_rect(VTermRect rect)
{
    return (struct grid_rect){
        .top = rect.start_row, .bottom = rect.end_row, .left = rect.start_col, .right = rect.end_col};
}

static int erase(VTermRect rect, int selective, void *context)
{
    struct emulator *emulator = context;
    grid_erase(&emulator->grid, grid_rect(rect), selective != 0);
    return 1;
}

static int scroll(VTermRect rect, int up, int left, void *context)
{
    struct emulator *emulator = context;
    grid_scroll(&emulator->grid, grid_rect(rect), up, left);
    return 1;
}

static uint32_t cell_color(const VTermColor *color)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color))
        return CELL_COLOR_DEFAULT;
    if (VTERM_COLOR_IS_INDEXED(color))
        return cell_color_indexed(color->indexed.idx);
    return cell_color_rgb(color->rgb.red, color->rgb.green, color->rgb.blue);
}

static int set_pen(VTermAttr attribute, VTermValue *value, void *context)
{
    struct emulator *emulator = context;
    struct cell *pen = &emulator->grid.pen;

    switch (attribute) {
    case VTERM_ATTR_BOLD: pen->bold = value->boolean != 0; break;
    case VTERM_ATTR_UNDERLINE: pen->underline = value->number != 0; break;
    case VTERM_ATTR_REVERSE: pen->reverse = value->boolean != 0; break;
    case VTERM_ATTR_FOREGROUND: pen->foreground = cell_color(&value->color); break;
    case VTERM_ATTR_BACKGROUND: pen->background = cell_color(&value->color); break;
    default: break; /* italic, blinking, struck out: not shown */
    }
    return 1;
}

static int set_property(VTermProp property, VTermValue *value, void *context)
{
    struct emulator *emulator = context;

    switch (property) {
    case VTERM_PROP_CURSORVISIBLE: emulator->cursor.visible = value->boolean != 0; break;
    case VTERM_PROP_ALTSCREEN: grid_switch(&emulator->grid, value->boolean != 0); break;
    case VTERM_PROP_REVERSE:
        emulator->reverse = value->boolean != 0;
        grid_touch(&emulator->grid);
        break;
    default: break; /* titles, shapes and blinking of the cursor, the mouse: there is none */
    }
    return 1;
}

/* Double-width lines are not shown as such. */
static int set_line(int row, const VTermLineInfo *new_info, const VTermLineInfo *old_info, void *context)
{
    return 0;
}

static int ring_bell(void *context)
{
    struct emulator *emulator = context;
    if (emulator->operations->bell != NULL)
        emulator->operations->bell(emulator->context);
    return 1;
}

static const VTermStateCallbacks state_callbacks = {
    .putglyph = put_glyph,
    .movecursor = move_cursor,
    .scrollrect = scroll,
    .erase = erase,
    .setpenattr = set_pen,
    .settermprop = set_property,
    .setlineinfo = set_line,
    .bell = ring_bell,
};

/* ------------------------------------------------------------------------------------------------------------------
 * From the parser to libvterm
 */

/*
 * ASCII that goes where the cursor is and not beyond the last column but one, in the state in which terminals nearly
 * always are: libvterm would only copy it. Returns how much of it that was.
 */
static size_t put_simple_text(struct emulator *emulator, const char *bytes, size_t length)
{
    VTermState *state = emulator->vterm->state;
    unsigned room = emulator->grid.columns - 1 - (unsigned)state->pos.col;

    if (state->encoding[state->gl_set].enc != emulator->utf8 || state->gsingle_set != 0 || state->mode.insert ||
        state->at_phantom || (uint8_t)bytes[0] >= 0x80)
        return 0;
    if (length > room)
        length = room;
    grid_put_ascii(&emulator->grid, (unsigned)state->pos.row, (unsigned)state->pos.col, bytes, (unsigned)length,
        state->protected_cell);
    state->pos.col += (int)length;
    emulator->cursor.column = (unsigned)state->pos.col;
    return length;
}

static void on_text(void *context, const char *bytes, size_t length)
{
    struct emulator *emulator = context;
    VTerm *vterm = emulator->vterm;

    for (size_t i = put_simple_text(emulator, bytes, length); i < length;) {
        int eaten = vterm->parser.callbacks->text(bytes + i, length - i, vterm->state);
        i += eaten > 0 ? (size_t)eaten : 1;
    }
    emulator->last_length = (uint8_t)bytes[0] < 0x80 ? 1 : (unsigned)length;
    memcpy(emulator->last_text, &bytes[length - emulator->last_length], emulator->last_length);
}

static void on_control(void *context, uint8_t code)
{
    struct emulator *emulator = context;
    emulator->vterm->parser.callbacks->control(code, emulator->vterm->state);
}

static void on_escape(void *context, char intermediate, char final)
{
    struct emulator *emulator = context;
    char bytes[3] = {intermediate, final};
    bool one = intermediate == 0;
    emulator->vterm->parser.callbacks->escape(one ? bytes + 1 : bytes, one ? 1 : 2, emulator->vterm->state);
}

/* REP, ECMA-48 8.3.103: what libvterm makes of it loops when nothing has been written. */
static void repeat(struct emulator *emulator, unsigned count)
{
    char text[sizeof emulator->last_text];
    unsigned length = emulator->last_length;
    memcpy(text, emulator->last_text, sizeof text);
    if (count > emulator->grid.columns)
        count = emulator->grid.columns;
    for (unsigned i = 0; i < count && length > 0; i++)
        on_text(emulator, text, length);
}

/* libvterm looks up to three arguments beyond the last (pen.c: 38 and 48). */
#define BEYOND_ARGUMENTS 4

static void send_sequence(
    struct emulator *emulator, const struct parser_sequence *sequence, unsigned first, unsigned count)
{
    long arguments[PARSER_ARGUMENTS_MAX + BEYOND_ARGUMENTS];
    const char leader[2] = {sequence->leader}, intermediate[2] = {sequence->intermediate};

    for (unsigned i = 0; i < ARRAY_LENGTH(arguments); i++)
        arguments[i] = CSI_ARG_MISSING;
    for (unsigned i = 0; i < count; i++) {
        if (sequence->arguments[first + i].value >= 0)
            arguments[i] = sequence->arguments[first + i].value;
        if (sequence->arguments[first + i].more)
            arguments[i] |= (long)CSI_ARG_FLAG_MORE;
    }
    emulator->vterm->parser.callbacks->csi(sequence->leader != 0 ? leader : NULL, arguments, (int)count,
        sequence->intermediate != 0 ? intermediate : NULL, sequence->final, emulator->vterm->state);
}

static void on_sequence(void *context, const struct parser_sequence *sequence)
{
    struct emulator *emulator = context;
    bool plain = sequence->leader == 0 && sequence->intermediate == 0;

    if (sequence->final == 'b' && plain) {
        int count = sequence->arguments[0].value;
        repeat(emulator, count <= 0 ? 1 : (unsigned)count);
    } else if (sequence->final == 'h' || sequence->final == 'l') {
        for (unsigned i = 0; i < sequence->count; i++) /* libvterm knows one mode at a time */
            send_sequence(emulator, sequence, i, 1);
    } else {
        send_sequence(emulator, sequence, 0, sequence->count);
    }
}

/* DECRQSS, the question for a setting; libvterm answers others with what it has no right to read. */
static void on_device_string(void *context, const char *bytes, size_t length)
{
    static const char *const known[] = {"$qm", "$qr", "$qs", "$q q", "$q\"q"};
    struct emulator *emulator = context;

    for (unsigned i = 0; i < ARRAY_LENGTH(known); i++) {
        if (length == strlen(known[i]) && memcmp(bytes, known[i], length) == 0)
            emulator->vterm->parser.callbacks->dcs(bytes, length, emulator->vterm->state);
    }
}

static const struct parser_operations parser_operations = {
    .text = on_text,
    .control = on_control,
    .escape = on_escape,
    .sequence = on_sequence,
    .device_string = on_device_string,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Life and use
 */

static void on_output(const char *bytes, size_t length, void *context)
{
    struct emulator *emulator = context;
    if (emulator->operations->send != NULL)
        emulator->operations->send(emulator->context, bytes, length);
}

/* The parts of the memory, in this order. */
struct layout {
    size_t rows, cells, arena, end;
};

static struct layout lay_out(unsigned columns, unsigned rows)
{
    struct layout layout;
    layout.rows = align_up(sizeof(struct emulator), ARENA_ALIGN);
    layout.cells = align_up(layout.rows + 2 * rows * sizeof(struct grid_row), ARENA_ALIGN);
    layout.arena = align_up(layout.cells + 2 * (size_t)rows * columns * sizeof(struct cell), ARENA_ALIGN);
    layout.end = align_up(layout.arena + ARENA_FIXED + columns / 8 + rows * sizeof(VTermLineInfo), ARENA_ALIGN);
    return layout;
}

size_t emulator_size(unsigned columns, unsigned rows)
{
    if (columns == 0 || columns > EMULATOR_COLUMNS_MAX || rows == 0 || rows > EMULATOR_ROWS_MAX)
        return 0;
    return lay_out(columns, rows).end;
}

struct emulator *emulator_create(
    void *memory, unsigned columns, unsigned rows, const struct emulator_operations *operations, void *context)
{
    static VTermAllocatorFunctions allocator = {.malloc = arena_allocate, .free = arena_free};
    struct layout layout = lay_out(columns, rows);
    struct emulator *emulator = memory;
    char *bytes = memory;

    *emulator = (struct emulator){
        .cursor = {.visible = true},
        .operations = operations,
        .context = context,
        .arena = bytes + layout.arena,
        .arena_end = bytes + layout.end,
    };
    grid_init(&emulator->grid, columns, rows, (struct grid_row *)(bytes + layout.rows),
        (struct cell *)(bytes + layout.cells));
    parser_init(&emulator->parser, &parser_operations, emulator);

    emulator->vterm = vterm_new_with_allocator((int)rows, (int)columns, &allocator, emulator);
    vterm_set_utf8(emulator->vterm, 1);
    vterm_output_set_callback(emulator->vterm, on_output, emulator);
    emulator->utf8 = vterm_lookup_encoding(ENC_UTF8, 'u');
    VTermState *state = vterm_obtain_state(emulator->vterm);
    vterm_state_set_callbacks(state, &state_callbacks, emulator);
    vterm_state_reset(state, 1);
    return emulator;
}

size_t emulator_history_size(const struct emulator *emulator, unsigned count)
{
    return grid_history_size(&emulator->grid, count);
}

void emulator_keep_history(struct emulator *emulator, void *memory, unsigned count)
{
    grid_keep_history(&emulator->grid, memory, count);
}

bool emulator_look_back(struct emulator *emulator, int up)
{
    return grid_look_back(&emulator->grid, up);
}

void emulator_write(struct emulator *emulator, const char *bytes, size_t length)
{
    emulator_look_back(emulator, -(int)emulator->grid.view);
    parser_feed(&emulator->parser, bytes, length);
}

/* Control and a character: the codes that every terminal has sent since the VT100. 0 to 31, or -1. */
static int control_code(uint32_t character)
{
    if (character >= 'a' && character <= 'z')
        return (int)(character - 'a' + 1);
    if (character >= '@' && character <= '_')
        return (int)(character - '@');
    switch (character) {
    case ' ':
    case '2': return 0;
    case '/':
    case '-':
    case '7': return 0x1f;
    case '?':
    case '8': return 0x7f;
    default: return character >= '3' && character <= '7' ? (int)(character - '3' + 0x1b) : -1;
    }
}

/* libvterm would encode Control with some letters in a way that few programs know, so characters are encoded here. */
static void send_character(struct emulator *emulator, const struct key_event *event)
{
    char bytes[8];
    unsigned length = 0;
    int control = event->modifiers & KEY_MODIFIER_CONTROL ? control_code(event->character) : -1;

    if (event->modifiers & KEY_MODIFIER_ALT)
        bytes[length++] = '\033';
    if (control >= 0)
        bytes[length++] = (char)control;
    else
        length += unicode_encode(event->character, &bytes[length]);
    on_output(bytes, length, emulator);
}

void emulator_key(struct emulator *emulator, const struct key_event *event)
{
    static const VTermKey keys[] = {
        [KEY_ENTER] = VTERM_KEY_ENTER,
        [KEY_TAB] = VTERM_KEY_TAB,
        [KEY_BACKSPACE] = VTERM_KEY_BACKSPACE,
        [KEY_ESCAPE] = VTERM_KEY_ESCAPE,
        [KEY_UP] = VTERM_KEY_UP,
        [KEY_DOWN] = VTERM_KEY_DOWN,
        [KEY_LEFT] = VTERM_KEY_LEFT,
        [KEY_RIGHT] = VTERM_KEY_RIGHT,
        [KEY_INSERT] = VTERM_KEY_INS,
        [KEY_DELETE] = VTERM_KEY_DEL,
        [KEY_HOME] = VTERM_KEY_HOME,
        [KEY_END] = VTERM_KEY_END,
        [KEY_PAGE_UP] = VTERM_KEY_PAGEUP,
        [KEY_PAGE_DOWN] = VTERM_KEY_PAGEDOWN,
    };
    unsigned modifiers = event->modifiers & 7;

    if (!event->pressed)
        return;
    if (event->key == KEY_ENTER || event->key == KEY_BACKSPACE || event->key == KEY_ESCAPE)
        modifiers &= KEY_MODIFIER_ALT; /* the other modifiers have no code that programs expect */
    if (event->key == KEY_TAB && !(modifiers & KEY_MODIFIER_SHIFT))
        modifiers &= KEY_MODIFIER_ALT;

    if (event->key == KEY_NONE)
        send_character(emulator, event);
    else if (event->key >= KEY_F1 && event->key <= KEY_F12)
        vterm_keyboard_key(emulator->vterm, VTERM_KEY_FUNCTION(event->key - KEY_F1 + 1), (VTermModifier)modifiers);
    else if (event->key < ARRAY_LENGTH(keys))
        vterm_keyboard_key(emulator->vterm, keys[event->key], (VTermModifier)modifiers);
}

void emulator_interrupt(struct emulator *emulator)
{
    static const struct cell plain = {
        .character = ' ', .foreground = CELL_COLOR_DEFAULT, .background = CELL_COLOR_DEFAULT};
    parser_abort(&emulator->parser);
    if (cell_word(&emulator->grid.pen) != cell_word(&plain))
        emulator_write(emulator, "\033[0m", 4);
}

const struct cell *emulator_row(struct emulator *emulator, unsigned row, struct grid_range *changed)
{
    return grid_row(&emulator->grid, row, changed);
}

void emulator_touch(struct emulator *emulator)
{
    grid_touch(&emulator->grid);
}

struct emulator_cursor emulator_cursor(const struct emulator *emulator)
{
    struct emulator_cursor cursor = emulator->cursor;
    cursor.row += emulator->grid.view;
    if (cursor.row < emulator->grid.rows)
        return cursor;
    return (struct emulator_cursor){.row = emulator->grid.rows - 1, .column = cursor.column}; /* out of view */
}

void emulator_set_row(struct emulator *emulator, unsigned row, const struct cell *cells)
{
    grid_set_row(&emulator->grid, row, cells);
}

void emulator_move_cursor(struct emulator *emulator, unsigned row, unsigned column)
{
    struct parser_sequence sequence = {.final = 'H', .count = 2};
    sequence.arguments[0].value = (int16_t)(row + 1);
    sequence.arguments[1].value = (int16_t)(column + 1);
    on_sequence(emulator, &sequence);
}

bool emulator_is_reverse(const struct emulator *emulator)
{
    return emulator->reverse;
}
