/*
 * What a tmpfs is given when it is mounted: "size=10%,nr_inodes=1k,mode=1777,uid=0,gid=0". See tmpfs_internal.h.
 *
 * Source: tmpfs(5).
 */
#include "fs/text.h"
#include "fs/tmpfs_internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"

#define MODE_DEFAULT 01777u

struct parsing {
    struct tmpfs_options *options;
    const char *value;
    size_t length;
};

/* [text, text + length): a number in BASE, with nothing after it. */
static bool parse_digits(const char *text, size_t length, unsigned base, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit >= base || __builtin_mul_overflow(*number, (uint64_t)base, number) ||
            __builtin_add_overflow(*number, (uint64_t)digit, number))
            return false;
    }
    return length > 0;
}

/* The same in decimal, with a letter of k, m, g, t, p, e after it for powers of 1024. */
static bool parse_amount(const struct parsing *parsing, uint64_t *number)
{
    static const char letters[] = "kmgtpe";
    size_t digits = parsing->length;
    unsigned shift = 0;
    char last = digits ? (char)(parsing->value[digits - 1] | 0x20) : '0';
    for (unsigned i = 0; letters[i]; i++)
        if (last == letters[i])
            shift = 10 * (i + 1);
    if (shift)
        digits--;
    if (!parse_digits(parsing->value, digits, 10, number) || (shift && *number >> (64 - shift)))
        return false;
    *number <<= shift;
    return true;
}

static bool set_size(struct parsing *parsing)
{
    uint64_t number, all = page_total_count();
    if (parsing->length && parsing->value[parsing->length - 1] == '%') {
        if (!parse_digits(parsing->value, parsing->length - 1, 10, &number) || number > 100000)
            return false;
        parsing->options->pages = number * all / 100;
        return true;
    }
    if (!parse_amount(parsing, &number) || number > INT64_MAX)
        return false;
    parsing->options->pages = align_up(number, PAGE_SIZE) / PAGE_SIZE;
    return true;
}

static bool set_blocks(struct parsing *parsing)
{
    return parse_amount(parsing, &parsing->options->pages) && parsing->options->pages <= INT64_MAX / PAGE_SIZE;
}

static bool set_inodes(struct parsing *parsing)
{
    return parse_amount(parsing, &parsing->options->inodes) && parsing->options->inodes <= INT64_MAX;
}

static bool set_number(struct parsing *parsing, unsigned base, uint64_t limit, uint32_t *to)
{
    uint64_t number;
    if (!parse_digits(parsing->value, parsing->length, base, &number) || number > limit)
        return false;
    *to = (uint32_t)number;
    return true;
}

static bool set_mode(struct parsing *parsing)
{
    return set_number(parsing, 8, 07777, &parsing->options->mode);
}

static bool set_uid(struct parsing *parsing)
{
    return set_number(parsing, 10, UINT32_MAX - 1, &parsing->options->uid);
}

static bool set_gid(struct parsing *parsing)
{
    return set_number(parsing, 10, UINT32_MAX - 1, &parsing->options->gid);
}

/* Huge pages, nodes of memory, swap and the width of numbers make no difference here. */
static bool set_nothing(struct parsing *parsing)
{
    return true;
}

static const struct {
    const char *name; /* with the "=", if it has a value */
    bool (*set)(struct parsing *parsing);
} known[] = {
    {"size=", set_size},
    {"nr_blocks=", set_blocks},
    {"nr_inodes=", set_inodes},
    {"mode=", set_mode},
    {"uid=", set_uid},
    {"gid=", set_gid},
    {"huge=", set_nothing},
    {"mpol=", set_nothing},
    {"inode32", set_nothing},
    {"inode64", set_nothing},
    {"noswap", set_nothing},
};

static int parse_one(struct tmpfs_options *options, const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        size_t name = strlen(known[i].name);
        bool has_value = known[i].name[name - 1] == '=';
        if (length < name || (!has_value && length != name) || memcmp(text, known[i].name, name) != 0)
            continue;
        struct parsing parsing = {options, text + name, length - name};
        return known[i].set(&parsing) ? 0 : -EINVAL;
    }
    return -EINVAL;
}

int tmpfs_options_parse(struct tmpfs_options *options, const char *text)
{
    int error = 0;
    while (*text && !error) {
        size_t length = 0;
        while (text[length] && text[length] != ',')
            length++;
        if (length)
            error = parse_one(options, text, length);
        text += length + (text[length] == ',');
    }
    return error;
}

void tmpfs_options_init(struct tmpfs_options *options)
{
    *options =
        (struct tmpfs_options){.pages = page_total_count() / 2, .inodes = page_total_count() / 2, .mode = MODE_DEFAULT};
}

void tmpfs_options_show(const struct tmpfs_options *options, struct text *text)
{
    struct tmpfs_options usual;
    tmpfs_options_init(&usual);
    if (options->pages != usual.pages)
        text_printf(text, ",size=%luk", options->pages * (PAGE_SIZE / 1024));
    if (options->inodes != usual.inodes)
        text_printf(text, ",nr_inodes=%lu", options->inodes);
    if (options->mode != usual.mode)
        text_printf(text, ",mode=%03o", options->mode);
    if (options->uid)
        text_printf(text, ",uid=%u", options->uid);
    if (options->gid)
        text_printf(text, ",gid=%u", options->gid);
}
