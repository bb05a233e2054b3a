/*
 * A program's memory, as the kernel touches it: only through these. An address that is not a program's, or not there,
 * costs -EFAULT and nothing else; pages that have yet to be brought in are. May sleep, so no spin lock is held.
 *
 * The type of the object says the size:  copy_from_user(&ts, arguments->timeout)
 *
 * SMAP forbids the kernel every other access; these open it (STAC) for the length of a copy.
 */
#ifndef CORRODE_ARCH_USER_H
#define CORRODE_ARCH_USER_H

#include "arch/x86_64/paging.h"

/* An address in a program. Not a pointer, so that it cannot be followed by mistake. */
typedef uint64_t uaddr_t;

/* Do [address, address + size) all lie below USER_END? */
static inline bool user_range_ok(uaddr_t address, uint64_t size)
{
    uaddr_t end = address + size;
    return end <= USER_END && end >= address;
}

/* Return how many bytes were NOT copied. */
size_t user_read(void *to, uaddr_t from, size_t size);
size_t user_write(uaddr_t to, const void *from, size_t size);
size_t user_zero(uaddr_t to, size_t size);

/* A string with its NUL into BUFFER: its length without, -EFAULT, or -ENAMETOOLONG when SIZE is too small. */
long user_read_string(char *buffer, uaddr_t from, size_t size);

/* How long a string is, without its NUL, if that is less than MOST; MOST if not; -EFAULT. */
long user_string_length(uaddr_t from, size_t most);

#define copy_from_user(object, address) (user_read((object), (address), sizeof *(object)) == 0 ? 0 : -EFAULT)
#define copy_to_user(address, object) (user_write((address), (object), sizeof *(object)) == 0 ? 0 : -EFAULT)

/* Both atomic, on an aligned word: for futexes. 0 or -EFAULT. */
int user_read_word(uint32_t *value, uaddr_t address);
/* *old: what was there. 0 or -EFAULT. */
int user_compare_exchange(uaddr_t address, uint32_t *old, uint32_t new);

/* The way to a program for the first time, on the current thread's kernel stack. */
struct trap_frame;
_Noreturn void user_enter(const struct trap_frame *frame);

#endif
