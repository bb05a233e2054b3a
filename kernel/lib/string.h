/*
 * Memory and strings, with the names and meanings of C11 7.24 (and strlcpy of the BSDs). The compiler emits calls to
 * the first four wherever it likes, so they exist under exactly these names on every bare-metal target; they are in
 * arch/x86_64/memory.c, the strings in lib/string.c.
 */
#ifndef CORRODE_LIB_STRING_H
#define CORRODE_LIB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
char *strchr(const char *s, int c);

/* Copies as much of FROM as fits into SIZE bytes with its NUL; returns strlen(from), so >= size means cut off. */
size_t strlcpy(char *to, const char *from, size_t size);

#endif
