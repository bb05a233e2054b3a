/* Screens as lines of text: see view.h. */
#include "tests/drive/view.h"

#include "tests/drive/keyboard.h"
#include "tests/drive/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vterm.h>

#define MAX_ROWS 200
#define MAX_COLUMNS 300
#define TEXT_SCREEN "0xb8000"

static VTerm *terminal;
static VTermScreen *screen;
static unsigned rows, columns, rows_of_pc = VIEW_ROWS;
bool view_is_of_pixels;
static char lines[MAX_ROWS][MAX_COLUMNS * 4 + 1];
static void (*answer)(const char *text, size_t length);

static void send_answer(const char *text, size_t length, void *user)
{
    answer(text, length);
}

void view_init(unsigned new_rows, unsigned new_columns, void (*to)(const char *text, size_t length))
{
    answer = to;
    rows = new_rows;
    columns = new_columns;
    terminal = vterm_new((int)rows, (int)columns);
    vterm_set_utf8(terminal, 1);
    vterm_output_set_callback(terminal, send_answer, NULL);
    screen = vterm_obtain_screen(terminal);
    vterm_screen_enable_altscreen(screen, 1);
    vterm_screen_reset(screen, 1);
}

void view_resize(unsigned new_rows, unsigned new_columns)
{
    rows = new_rows < MAX_ROWS ? new_rows : MAX_ROWS;
    columns = new_columns < MAX_COLUMNS ? new_columns : MAX_COLUMNS;
    vterm_set_size(terminal, (int)rows, (int)columns);
}

void view_write(const char *text, size_t length)
{
    vterm_input_write(terminal, text, length);
}

static void trim(char *line, size_t length)
{
    while (length > 0 && line[length - 1] == ' ')
        length--;
    line[length] = '\0';
}

/* The file in which the monitor leaves what it is asked for. */
static const char *path_of_screen(void)
{
    static char path[256];
    if (!path[0])
        snprintf(path, sizeof path, "%s/drive.%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
    return path;
}

/* Characters and attributes in turn, as the VGA has them. */
static void look_at_text(void)
{
    unsigned char cells[VIEW_ROWS][VIEW_COLUMNS][2];
    const char *path = path_of_screen();
    char command[512];
    snprintf(command, sizeof command, "pmemsave " TEXT_SCREEN " %zu \"%s\"", sizeof cells, path);
    monitor_command(command);
    FILE *file = fopen(path, "r");
    size_t got = file ? fread(cells, 1, sizeof cells, file) : 0;
    if (file)
        fclose(file);
    unlink(path);
    if (got != sizeof cells)
        return;
    for (unsigned row = 0; row < VIEW_ROWS; row++) {
        for (unsigned column = 0; column < VIEW_COLUMNS; column++) {
            unsigned char c = cells[row][column][0];
            lines[row][column] = (char)(c < ' ' || c > '~' ? ' ' : c);
        }
        trim(lines[row], VIEW_COLUMNS);
    }
}

static void look_at_pixels(void)
{
    struct picture picture;
    const char *path = path_of_screen();
    char command[512];
    snprintf(command, sizeof command, "screendump \"%s\"", path);
    monitor_command(command);
    bool loaded = picture_load(&picture, path);
    unlink(path);
    if (!loaded)
        return;
    rows_of_pc = picture.rows < MAX_ROWS ? picture.rows : MAX_ROWS;
    unsigned width = picture.columns < MAX_COLUMNS ? picture.columns : MAX_COLUMNS;
    for (unsigned row = 0; row < rows_of_pc; row++) {
        for (unsigned column = 0; column < width; column++)
            lines[row][column] = picture_character(&picture, row, column);
        trim(lines[row], width);
    }
}

static void look_at_terminal(void)
{
    for (unsigned row = 0; row < rows; row++) {
        VTermRect rect = {.start_row = (int)row, .end_row = (int)row + 1, .start_col = 0, .end_col = (int)columns};
        size_t length = vterm_screen_get_text(screen, lines[row], sizeof lines[row] - 1, rect);
        trim(lines[row], length);
    }
}

void view_update(void)
{
    if (monitor_is_open() && keyboard_is_used && view_is_of_pixels)
        look_at_pixels();
    else if (monitor_is_open() && keyboard_is_used)
        look_at_text();
    else
        look_at_terminal();
}

const char *view_line(unsigned row)
{
    return row < (keyboard_is_used ? rows_of_pc : rows) ? lines[row] : NULL;
}
