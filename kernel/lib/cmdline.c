/*
 * The command line is kept as it came and read anew for each question: there are few, and all at start.
 */
#include "lib/cmdline.h"
#include "lib/string.h"
#include "lib/types.h"

static char line[CMDLINE_MAX];

/* A word and the end of its name, both still in the line and with their quotes. */
struct word {
    const char *start, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word at or after AT; false at the end of the line. */
static bool next_word(const char *at, struct word *word)
{
    while (is_blank(*at))
        at++;
    word->start = at;
    for (bool quoted = false; *at != '\0' && (quoted || !is_blank(*at)); at++)
        quoted ^= *at == '"';
    word->end = at;
    return word->start < word->end;
}

static bool is_separator(const struct word *word)
{
    return word->end - word->start == 2 && word->start[0] == '-' && word->start[1] == '-';
}

static char canonical(char c)
{
    return c == '-' ? '_' : c;
}

/* Where the word's value begins if its name is NAME: at its '=', or at its end without one. */
static const char *match(const struct word *word, const char *name)
{
    const char *at = word->start;
    for (; at < word->end; at++) {
        if (*at == '"')
            continue;
        if (*at == '=' || canonical(*at) != canonical(*name))
            break;
        name++;
    }
    return *name == '\0' && (at == word->end || *at == '=') ? at : NULL;
}

/* The last word of that name. */
static bool find(const char *name, struct word *value)
{
    bool found = false;
    struct word word;
    for (const char *at = line; next_word(at, &word) && !is_separator(&word); at = word.end) {
        const char *start = match(&word, name);
        if (start == NULL)
            continue;
        *value = (struct word){.start = start < word.end ? start + 1 : start, .end = word.end};
        found = true;
    }
    return found;
}

int cmdline_get(const char *name, char *buffer, size_t size)
{
    struct word value;
    if (!find(name, &value))
        return -1;
    size_t length = 0;
    for (const char *at = value.start; at < value.end; at++) {
        if (*at == '"')
            continue;
        if (length + 1 < size)
            buffer[length] = *at;
        length++;
    }
    if (size > 0)
        buffer[min_u64(length, size - 1)] = '\0';
    return (int)length;
}

bool cmdline_flag(const char *name)
{
    static const char *const refusals[] = {"0", "no", "off", "false"};
    char value[8];
    int length = cmdline_get(name, value, sizeof value);
    if (length < 0)
        return false;
    for (unsigned i = 0; i < ARRAY_LENGTH(refusals); i++) {
        if (strcmp(value, refusals[i]) == 0)
            return false;
    }
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' ^ 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How many bits a suffix shifts by; -1 for one that is none. */
static int suffix_shift(const char *text)
{
    static const char suffixes[] = "kmgt";
    if (text[0] == '\0')
        return 0;
    const char *found = strchr(suffixes, text[0] | ('a' ^ 'A'));
    return found != NULL && *found != '\0' && text[1] == '\0' ? (int)(found - suffixes + 1) * 10 : -1;
}

bool cmdline_parse_number(const char *text, uint64_t *number)
{
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    const char *first = text;
    uint64_t value = 0;
    for (int digit; (digit = digit_value(*text)) >= 0 && digit < (int)base; text++) {
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, (unsigned)digit, &value))
            return false;
    }
    int shift = suffix_shift(text);
    if (text == first || shift < 0 || value << shift >> shift != value)
        return false;
    *number = value << shift;
    return true;
}

bool cmdline_number(const char *name, uint64_t *number)
{
    char text[32];
    int length = cmdline_get(name, text, sizeof text);
    return length >= 0 && length < (int)sizeof text && cmdline_parse_number(text, number);
}

const char *cmdline_text(void)
{
    return line;
}

const char *cmdline_rest(void)
{
    struct word word;
    const char *at = line;
    while (next_word(at, &word)) {
        at = word.end;
        if (is_separator(&word))
            break;
    }
    while (is_blank(*at))
        at++;
    return at;
}

void cmdline_init(const char *text)
{
    size_t length = strlcpy(line, text != NULL ? text : "", sizeof line);
    if (length < sizeof line)
        return;
    size_t end = sizeof line - 1;
    while (end > 0 && !is_blank(line[end]))
        end--;
    line[end] = '\0';
}
