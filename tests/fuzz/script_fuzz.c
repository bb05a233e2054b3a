/*
 * Fuzzes the first line of scripts (kernel/proc/script.c): words lie within the head, end there, are not empty and
 * begin with no blank; and they are those that another reading of the line finds, which copies where the kernel's cuts
 * in place.
 *
 * Input: the beginning of the file.
 */
#include "proc/script.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

struct line {
    char interpreter[SCRIPT_HEAD + 1], argument[SCRIPT_HEAD + 1];
};

/* The line as text, without its blanks at both ends. False: it goes on beyond the head, within its first word. */
static bool take_line(const char *head, char text[SCRIPT_HEAD + 1])
{
    size_t length = 2;
    while (length < SCRIPT_HEAD && head[length] != '\n' && head[length] != '\0')
        length++;
    bool ends = length < SCRIPT_HEAD && head[length] == '\n';
    if (!ends) /* the last byte of the head is given up for the NUL */
        length = SCRIPT_HEAD - 1;
    size_t start = 2 + strspn(head + 2, " \t");
    if (!ends) {
        size_t word = start;
        while (word < SCRIPT_HEAD && head[word] != '\0' && head[word] != ' ' && head[word] != '\t')
            word++;
        if (start >= SCRIPT_HEAD || word >= SCRIPT_HEAD)
            return false;
    }
    while (length > start && (head[length - 1] == ' ' || head[length - 1] == '\t'))
        length--;
    if (length <= start)
        return false;
    memcpy(text, head + start, length - start);
    text[length - start] = '\0';
    return true;
}

/* As script_parse: the other reading. */
static bool read_line(const char *head, struct line *line)
{
    char text[SCRIPT_HEAD + 1];
    if (strncmp(head, "#!", 2) != 0 || !take_line(head, text))
        return false;
    size_t word = strcspn(text, " \t");
    memcpy(line->interpreter, text, word);
    line->interpreter[word] = '\0';
    strcpy(line->argument, text + word + strspn(text + word, " \t"));
    return true;
}

static void check_word(const char *head, const char *word)
{
    CHECK(word >= head + 2 && word < head + SCRIPT_HEAD);
    CHECK(memchr(word, '\0', (size_t)(head + SCRIPT_HEAD - word)));
    CHECK(word[0] != ' ' && word[0] != '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script;
    struct line line;
    char copy[SCRIPT_HEAD + 1] = {0}, *head = calloc(1, SCRIPT_HEAD);
    memcpy(copy, data, size < SCRIPT_HEAD ? size : SCRIPT_HEAD);
    memcpy(head, copy, SCRIPT_HEAD);
    bool is_script = script_parse(head, &script);
    CHECK(is_script == read_line(copy, &line));
    if (is_script) {
        check_word(head, script.interpreter);
        CHECK(strcmp(script.interpreter, line.interpreter) == 0);
        if (script.argument)
            check_word(head, script.argument);
        CHECK(strcmp(script.argument ? script.argument : "", line.argument) == 0);
    }
    free(head);
    return 0;
}
