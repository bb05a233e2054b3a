/*
 * The first line of scripts: see script.h. The argument is the rest of the line, blanks within it and all. A line that
 * does not end within the head is cut there, if that leaves the interpreter's name whole. `last` is always a character
 * that may be looked at, and becomes a NUL in the end.
 */
#include "proc/script.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *find_no_blank(char *at, char *last)
{
    for (; at <= last; at++)
        if (!is_blank(*at))
            return at;
    return NULL;
}

static char *find_word_end(char *at, char *last)
{
    for (; at <= last; at++)
        if (is_blank(*at) || *at == '\0')
            return at;
    return NULL;
}

/* Its newline; where there is none, the last byte of the head, if the interpreter's name ends before. */
static char *find_line_end(char *head)
{
    char *last = head + SCRIPT_HEAD - 1;
    for (char *at = head; at <= last && *at != '\0'; at++)
        if (*at == '\n')
            return at;
    char *name = find_no_blank(head + 2, last);
    return name && find_word_end(name, last) ? last : NULL;
}

bool script_parse(char head[SCRIPT_HEAD], struct script *script)
{
    char *last = head[0] == '#' && head[1] == '!' ? find_line_end(head) : NULL;
    if (last == NULL)
        return false;
    while (is_blank(last[-1]))
        last--;
    char *name = find_no_blank(head + 2, last);
    if (name == NULL || name == last)
        return false;
    char *after = find_word_end(name, last);
    *script = (struct script){.interpreter = name};
    if (after && *after != '\0') {
        script->argument = find_no_blank(after, last);
        *after = '\0';
    }
    *last = '\0';
    return true;
}
