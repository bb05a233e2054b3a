/*
 * Reading the files of /proc and /sys: for the tests of these.
 */
#ifndef CORRODE_TESTS_GUEST_SLURP_H
#define CORRODE_TESTS_GUEST_SLURP_H

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLURP_MAX (1 << 20)

/* All of the file, up to SLURP_MAX bytes, with a NUL behind it, until it is next called; its length in *length unless
 * that is NULL. NULL: errno. */
static inline char *slurp(const char *path, size_t *length)
{
    static char text[SLURP_MAX + 1];
    size_t got = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    while ((n = read(fd, text + got, SLURP_MAX - got)) > 0)
        got += (size_t)n;
    int error = errno;
    close(fd);
    errno = error;
    text[got] = '\0';
    if (length)
        *length = got;
    return n < 0 ? NULL : text;
}

/* The same for a file named after a number. */
static inline char *slurp_of(int number, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/%s", number, name);
    return slurp(path, NULL);
}

/* Does all of the text match the extended regular expression? */
static inline bool matches(const char *text, const char *expression)
{
    regex_t regex;
    regmatch_t match;
    if (text == NULL || regcomp(&regex, expression, REG_EXTENDED) != 0)
        return false;
    bool good = regexec(&regex, text, 1, &match, 0) == 0 && match.rm_so == 0 && text[match.rm_eo] == '\0';
    regfree(&regex);
    return good;
}

/* Is what is read from there lines, each of which matches, and at least one? Takes the stream, which may be NULL. */
static inline bool stream_lines_match(FILE *stream, const char *expression)
{
    regex_t regex;
    regmatch_t match;
    char *line = NULL;
    size_t room = 0;
    unsigned lines = 0;
    if (stream == NULL)
        return false;
    if (regcomp(&regex, expression, REG_EXTENDED) != 0) {
        fclose(stream);
        return false;
    }
    for (ssize_t n; (n = getline(&line, &room, stream)) > 0; lines++) {
        bool whole = line[n - 1] == '\n';
        line[n - whole] = '\0';
        if (!whole || regexec(&regex, line, 1, &match, 0) != 0 || match.rm_so != 0 || match.rm_eo != n - 1) {
            printf("# no match: %s\n", line);
            lines = 0;
            break;
        }
    }
    free(line);
    regfree(&regex);
    fclose(stream);
    return lines > 0;
}

static inline bool lines_match(const char *text, const char *expression)
{
    return stream_lines_match(text && *text ? fmemopen((void *)text, strlen(text), "r") : NULL, expression);
}

static inline bool file_matches(const char *path, const char *expression)
{
    char *text = slurp(path, NULL);
    bool good = matches(text, expression);
    if (!good)
        printf("# %s is %.300s\n", path, text ? text : strerror(errno));
    return good;
}

/* For files of any size. */
static inline bool file_lines_match(const char *path, const char *expression)
{
    return stream_lines_match(fopen(path, "re"), expression);
}

/* The number behind "NAME:" in lines such as those of /proc/meminfo; -1: there is none. */
static inline long value_of(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return strtol(line + length + 1, NULL, 10);
    return -1;
}

/* Read byte by byte, and at odd places, is it what it is as a whole? For files that stay the same. */
static inline bool reads_alike(const char *path)
{
    static char whole[SLURP_MAX + 1];
    size_t length;
    char *text = slurp(path, &length), piece[7];
    int fd = open(path, O_RDONLY);
    if (text == NULL || fd < 0)
        return false;
    memcpy(whole, text, length);
    bool alike = true;
    for (size_t i = 0; i < length && i < 5000 && alike; i++)
        alike = read(fd, piece, 1) == 1 && piece[0] == whole[i];
    if (length < 5000)
        alike = alike && read(fd, piece, 1) == 0 && read(fd, piece, 1) == 0;
    for (size_t at = 1; at < length && alike; at = at * 2 + 1) {
        size_t expected = length - at < sizeof piece ? length - at : sizeof piece;
        ssize_t got = pread(fd, piece, sizeof piece, (off_t)at);
        alike = got > 0 && (size_t)got <= expected && memcmp(piece, whole + at, (size_t)got) == 0;
    }
    alike = alike && pread(fd, piece, sizeof piece, (off_t)length + 100) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
            (length == 0 || (read(fd, piece, 1) == 1 && piece[0] == whole[0]));
    close(fd);
    return alike;
}

#endif
