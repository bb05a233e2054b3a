/* Parsing options and printing help from one table: see options.h. */
#include "options.h"

#include "lib/types.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool help_wanted, version_wanted;

static const struct option_row common[] = {
    {OPTION_SWITCH, 'q', "quiet", NULL, "Say nothing but errors", 0, 0},
    {OPTION_SWITCH, 'v', "verbose", NULL, "Say what is being done", 0, 0},
    {OPTION_SWITCH, 'h', "help", NULL, "Show this and exit", 0, 0},
    {OPTION_SWITCH, 'V', "version", NULL, "Show the version and exit", 0, 0},
    {0},
};
static bool *const common_switches[] = {&report_quiet, &report_verbose, &help_wanted, &version_wanted};

int options_choice(const char *choices, const char *word)
{
    size_t length = strlen(word);
    for (int index = 0;; index++) {
        size_t span = strcspn(choices, "|");
        if (span == length && memcmp(choices, word, length) == 0)
            return index;
        if (!choices[span])
            return -1;
        choices += span + 1;
    }
}

const char *options_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    unsigned least = (unsigned)strlen(word) / 2 + 1; /* more than half of it wrong is another word */
    if (least > 3)
        least = 3;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = text_distance(word, names[i]);
        if (distance < least) {
            least = distance;
            best = names[i];
        }
    }
    return best;
}

static const struct option_row *find_row(const struct option_row *rows, const char *name, size_t length)
{
    for (; rows->kind; rows++) {
        if (length == 1 && rows->letter == *name)
            return rows;
        if (length > 1 && strncmp(rows->name, name, length) == 0 && !rows->name[length])
            return rows;
    }
    return NULL;
}

static _Noreturn void fail_unknown(const struct command *command, const char *word)
{
    const char *names[64];
    size_t count = 0;
    for (const struct option_row *row = command->options; row->kind; row++)
        names[count++] = row->name;
    for (const struct option_row *row = common; row->kind; row++)
        names[count++] = row->name;
    char *name = text_copy(word + strspn(word, "-"));
    name[strcspn(name, "=")] = '\0';
    const char *nearest = options_nearest(name, names, count);
    if (nearest)
        fatal_usage("unknown option %s; did you mean --%s?", word, nearest);
    fatal_usage("unknown option %s", word);
}

/* A number with an optional suffix, times UNIT when it has none. */
static uint64_t parse_bytes(const struct option_row *row, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    uint64_t unit = row->unit;
    if (*end) {
        const char *suffixes = "KkMmGgTt", *suffix = strchr(suffixes, *end);
        unit = suffix ? 1024ull << (suffix - suffixes) / 2 * 10 : 0;
        end++;
        if (*end == 'i')
            end++;
        if (*end == 'B' || *end == 'b')
            end++;
    }
    uint64_t bytes;
    if (errno || *end || unit == 0 || *text < '0' || *text > '9' || number == 0 ||
        __builtin_mul_overflow(number, unit, &bytes))
        fatal_usage("--%s %s: not a size; write a number such as 64M or 1G", row->name, text);
    return bytes;
}

static uint64_t parse_number(const struct option_row *row, const char *text, uint64_t limit)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || number < 1 || number > limit)
        fatal_usage("--%s %s: not a whole number from 1 to %llu", row->name, text, (unsigned long long)limit);
    return number;
}

static void store(const struct option_row *row, void *settings, const char *value)
{
    if (row >= common && row < common + ARRAY_LENGTH(common)) {
        *common_switches[row - common] = true;
        return;
    }
    void *variable = (char *)settings + row->offset;
    switch (row->kind) {
    case OPTION_SWITCH: *(bool *)variable = true; break;
    case OPTION_TEXT: *(const char **)variable = value; break;
    case OPTION_LIST: strings_add(variable, "%s", value); break;
    case OPTION_BYTES: *(uint64_t *)variable = parse_bytes(row, value); break;
    case OPTION_NUMBER: *(uint64_t *)variable = parse_number(row, value, row->unit); break;
    case OPTION_PORT: *(uint64_t *)variable = value ? parse_number(row, value, UINT16_MAX) : row->unit; break;
    case OPTION_CHOICE:
        *(int *)variable = options_choice(row->value, value);
        if (*(int *)variable < 0)
            fatal_usage("--%s %s: unknown; choose one of %s", row->name, value, row->value);
        break;
    case OPTION_END: break;
    }
}

static void print_rows(const struct option_row *rows)
{
    for (; rows->kind; rows++) {
        char left[64], value[64] = "";
        if (rows->value)
            snprintf(value, sizeof value, rows->kind == OPTION_PORT ? "[=%s]" : " %s", rows->value);
        snprintf(left, sizeof left, "%c%c%s --%s%s", rows->letter ? '-' : ' ', rows->letter ? rows->letter : ' ',
            rows->letter ? "," : " ", rows->name, value);
        if (strlen(left) > 28)
            printf("  %s\n  %-28s  %s\n", left, "", rows->help);
        else
            printf("  %-28s  %s\n", left, rows->help);
    }
}

static void print_help(const struct command *command)
{
    printf("Usage: corrode %s %s\n\n%s\nOptions:\n", command->name, command->synopsis, command->help);
    print_rows(command->options);
    print_rows(common);
    if (command->after)
        printf("\n%s", command->after);
}

/* One option at argv[i]; returns how many words it took. */
static int parse_one(const struct command *command, void *settings, char **argv)
{
    const char *word = argv[0];
    bool is_long = word[1] == '-';
    const char *name = word + 1 + is_long;
    size_t length = is_long ? strcspn(name, "=") : 1;
    const struct option_row *row = NULL;
    if (is_long ? length > 1 : true) {
        row = find_row(command->options, name, length);
        if (!row)
            row = find_row(common, name, length);
    }
    if (!row)
        fail_unknown(command, word);
    const char *attached = name[length] ? name + length + is_long : NULL; /* --name=VALUE, -xVALUE */
    if (row->kind == OPTION_SWITCH || (row->kind == OPTION_PORT && !attached)) {
        if (attached)
            fatal_usage("%s: --%s takes no value", word, row->name);
        store(row, settings, NULL);
        return 1;
    }
    const char *value = attached ? attached : argv[1];
    if (!value)
        fatal_usage("%s needs a value: --%s %s", word, row->name, row->value);
    store(row, settings, value);
    return attached ? 1 : 2;
}

struct strings options_parse(const struct command *command, void *settings, int argc, char **argv)
{
    struct strings operands = {0};
    int i = 1;
    while (i < argc) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (argv[i][0] == '-' && argv[i][1]) {
            i += parse_one(command, settings, argv + i);
            continue;
        }
        if (command->operands_end_options)
            break;
        strings_add(&operands, "%s", argv[i++]);
    }
    while (i < argc)
        strings_add(&operands, "%s", argv[i++]);
    if (version_wanted) {
        printf("corrode %s\n", VERSION);
        exit(EXIT_SUCCESS);
    }
    if (help_wanted) {
        print_help(command);
        exit(EXIT_SUCCESS);
    }
    return operands;
}
