/*
 * mkfont: turns console fonts (PSF, version 1 or 2, with their Unicode tables) into C. Run by the build; same fonts,
 * same bytes.
 *
 *     gzip -dc Lat15-VGA16.psf.gz | mkfont >font.c        the table of kernel/tty/font.h: ASCII, from standard input
 *     mkfont FONT... >unicode_font_data.c                 those of kernel/tty/unicode_font.h: all beyond ASCII that
 * some font has, each character from the first that has it
 *
 * Source: the format as the kbd project documents it, in its file doc/font-formats/font-formats-2.html.
 */
#include "tty/font.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1 << 20)
#define BLACK_SQUARE 0x25a0 /* U+25A0, which code page 437 has at 0xfe */

/* A font in memory: COUNT glyphs of FONT_HEIGHT bytes, then the table. */
struct font {
    const uint8_t *glyphs;
    size_t count;
    const uint8_t *table, *end;
    int version;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "mkfont: %s\n", what);
    exit(1);
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct font open_font(const uint8_t *data, size_t size)
{
    struct font font = {.end = data + size};
    size_t header, glyph_size, width = 8;
    bool has_table;

    if (size >= 4 && data[0] == 0x36 && data[1] == 0x04) {
        font.version = 1;
        header = 4;
        font.count = data[2] & 1 ? 512 : 256;
        glyph_size = data[3];
        has_table = data[2] & 6;
    } else if (size >= 32 && le32(data) == 0x864ab572) {
        font.version = 2;
        header = le32(data + 8);
        has_table = le32(data + 12) & 1;
        font.count = le32(data + 16);
        glyph_size = le32(data + 20);
        width = le32(data + 28);
    } else {
        fail("this is no PSF font");
    }
    if (glyph_size != FONT_HEIGHT || width != FONT_WIDTH)
        fail("the glyphs are not 8x16");
    if (!has_table)
        fail("the font has no Unicode table");
    if (header > size || font.count > (size - header) / glyph_size)
        fail("the file is cut off");
    font.glyphs = data + header;
    font.table = font.glyphs + font.count * glyph_size;
    return font;
}

/*
 * Reads the next item of the table: a character, or one of the two marks. The tables differ in nothing but the coding:
 * for each glyph its characters, then sequences of characters each behind a START, then an END.
 */
#define END 0xffff
#define START 0xfffe

static uint32_t next_item(const struct font *font, const uint8_t **p)
{
    const uint8_t *s = *p;
    if (font->version == 1) {
        if (font->end - s < 2)
            fail("the Unicode table is cut off");
        *p = s + 2;
        return s[0] | (uint32_t)s[1] << 8;
    }
    if (s == font->end)
        fail("the Unicode table is cut off");
    if (*s >= 0xfe) {
        *p = s + 1;
        return *s == 0xff ? END : START;
    }
    int more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3; /* UTF-8 */
    uint32_t character = more == 0 ? *s : *s & (0x3f >> more);
    if (font->end - s <= more)
        fail("the Unicode table is cut off");
    for (int i = 1; i <= more; i++)
        character = character << 6 | (s[i] & 0x3f);
    *p = s + 1 + more;
    return character;
}

static const uint8_t *find_glyph(const struct font *font, uint32_t wanted)
{
    const uint8_t *p = font->table;
    for (size_t i = 0; i < font->count; i++) {
        bool in_sequence = false;
        for (uint32_t item; (item = next_item(font, &p)) != END;) {
            if (item == START)
                in_sequence = true;
            else if (item == wanted && !in_sequence)
                return font->glyphs + i * FONT_HEIGHT;
        }
    }
    fprintf(stderr, "mkfont: the font lacks U+%04X\n", (unsigned)wanted);
    exit(1);
}

static void print_glyph(const uint8_t *glyph)
{
    printf("    {");
    for (unsigned y = 0; y < FONT_HEIGHT; y++)
        printf("%s0x%02x", y == 0 ? "" : ", ", glyph[y]);
    printf("},\n");
}

static void print_ascii(const struct font *font)
{
    printf("/* Made by tools/mkfont from one of Debian's console fonts. */\n"
           "#include \"tty/font.h\"\n\n"
           "const uint8_t font_glyphs[FONT_GLYPHS][FONT_HEIGHT] = {\n");
    for (unsigned i = 0; i < FONT_GLYPHS; i++)
        print_glyph(find_glyph(font, i < FONT_GLYPHS - 1 ? FONT_FIRST + i : BLACK_SQUARE));
    printf("};\n");
}

/* ------------------------------------------------------------------------------------------------------------------
 * All of several fonts
 */

#define LIMIT 0xe000 /* beyond are private characters, presentation forms, and what does not fit a kernel's table */

static const uint8_t *glyph_of[LIMIT]; /* by character */
static unsigned shared_by[LIMIT];      /* for how many characters that glyph serves in its font */
static const uint8_t *distinct[LIMIT];
static unsigned distinct_count;

/* Reads the characters of the next glyph in the table; returns how many. At most MAX are stored. */
static unsigned next_characters(const struct font *font, const uint8_t **p, uint32_t *characters, unsigned max)
{
    unsigned count = 0;
    bool in_sequence = false;
    for (uint32_t item; (item = next_item(font, p)) != END;) {
        if (item == START)
            in_sequence = true;
        else if (!in_sequence && count < max)
            characters[count++] = item;
    }
    return count;
}

static void collect(const struct font *font)
{
    const uint8_t *p = font->table;
    for (size_t i = 0; i < font->count; i++) {
        uint32_t characters[256];
        unsigned count = next_characters(font, &p, characters, 256);
        for (unsigned j = 0; j < count; j++) {
            uint32_t c = characters[j];
            if (c < 0xa0 || c >= LIMIT || (glyph_of[c] != NULL && shared_by[c] <= count))
                continue;
            glyph_of[c] = font->glyphs + i * FONT_HEIGHT;
            shared_by[c] = count;
        }
    }
}

static unsigned number_of(const uint8_t *glyph)
{
    for (unsigned i = 0; i < distinct_count; i++) {
        if (memcmp(distinct[i], glyph, FONT_HEIGHT) == 0)
            return i;
    }
    distinct[distinct_count] = glyph;
    return distinct_count++;
}

static void print_all(void)
{
    unsigned count = 0;
    printf("/* Made by tools/mkfont from some of Debian's console fonts. */\n"
           "#include \"tty/unicode_font.h\"\n\n"
           "const struct unicode_font_entry unicode_font_entries[] = {\n");
    for (unsigned character = 0; character < LIMIT; character++) {
        if (glyph_of[character] == NULL)
            continue;
        printf("    {0x%04x, %u},\n", character, number_of(glyph_of[character]));
        count++;
    }
    printf("};\n\nconst unsigned unicode_font_count = %u;\n\n"
           "const uint8_t unicode_font_glyphs[][FONT_HEIGHT] = {\n",
        count);
    for (unsigned i = 0; i < distinct_count; i++)
        print_glyph(distinct[i]);
    printf("};\n");
}

static struct font read_font(FILE *file)
{
    uint8_t *data = malloc(FILE_MAX);
    if (data == NULL)
        fail("there is no memory");
    return open_font(data, fread(data, 1, FILE_MAX, file));
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        struct font font = read_font(stdin);
        print_ascii(&font);
    }
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL)
            fail("a font cannot be opened");
        struct font font = read_font(file);
        fclose(file);
        collect(&font);
    }
    if (argc > 1)
        print_all();
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
