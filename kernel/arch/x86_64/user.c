/*
 * Copies between the kernel and programs: see user.h. Words first, then bytes; a word that faults is tried again byte
 * by byte, so that the number of bytes is exact. What can be brought in, the page-fault handler brings in unseen
 * (proc/fault.c); the fixups are for what cannot.
 *
 * Source: Intel SDM volume 3A, 4.6 (SMAP), volume 2 (STAC, CLAC, REP).
 */
#include "arch/x86_64/user.h"

#include "arch/x86_64/trap.h"
#include "arch/x86_64/user_open.h"
#include "lib/errno.h"

static inline size_t copy(void *to, const void *from, size_t size)
{
    size_t rest = size % 8, words = size / 8;
    open_user();
    __asm__ volatile("1: rep movsq\n"
                     "2: lea (%3, %2, 8), %2\n" /* what is left in bytes: no words any more, or those that fault */
                     "3: rep movsb\n"
                     "4:\n" TRAP_FIXUP(1b, 2b) TRAP_FIXUP(3b, 4b)
        : "+D"(to), "+S"(from), "+c"(words)
        : "r"(rest)
        : "memory");
    close_user();
    return words;
}

size_t user_read(void *to, uaddr_t from, size_t size)
{
    return user_range_ok(from, size) ? copy(to, (const void *)from, size) : size;
}

size_t user_write(uaddr_t to, const void *from, size_t size)
{
    return user_range_ok(to, size) ? copy((void *)to, from, size) : size;
}

size_t user_zero(uaddr_t to, size_t size)
{
    if (!user_range_ok(to, size))
        return size;
    size_t rest = size % 8, words = size / 8;
    void *at = (void *)to;
    open_user();
    __asm__ volatile("1: rep stosq\n"
                     "2: lea (%2, %1, 8), %1\n"
                     "3: rep stosb\n"
                     "4:\n" TRAP_FIXUP(1b, 2b) TRAP_FIXUP(3b, 4b)
        : "+D"(at), "+c"(words)
        : "r"(rest), "a"(0)
        : "memory");
    close_user();
    return words;
}

/* Up to the next page only: what follows a string may not be there. */
long user_read_string(char *buffer, uaddr_t from, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t piece = min_u64(size - done, PAGE_SIZE - (from + done) % PAGE_SIZE);
        if (user_read(buffer + done, from + done, piece) != 0)
            return -EFAULT;
        for (size_t i = done; i < done + piece; i++)
            if (buffer[i] == '\0')
                return (long)i;
        done += piece;
    }
    return -ENAMETOOLONG;
}

/* Bit 7 of each byte that is 0, and perhaps of some above the first of them. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101) & ~word & 0x8080808080808080;
}

/* By aligned words, none of which crosses the end of a page. */
long user_string_length(uaddr_t from, size_t most)
{
    uaddr_t at = align_down(from, sizeof(uint64_t));
    uint64_t before = (1ull << (from - at) * 8) - 1; /* bytes of the first word that are not the string's */
    long length = -EFAULT;
    open_user();
    for (; at < USER_END; at += sizeof(uint64_t), before = 0) {
        uint64_t word, failed = 1;
        if (at > from && at - from >= most) {
            length = (long)most;
            break;
        }
        __asm__ volatile("1: mov (%2), %0\n"
                         "xor %k1, %k1\n"
                         "2:\n" TRAP_FIXUP(1b, 2b)
            : "=&r"(word), "+&r"(failed)
            : "r"(at)
            : "memory", "cc");
        if (failed)
            break;
        uint64_t zeros = zero_bytes(word | before);
        if (zeros) {
            length = (long)min_u64(at + (uint64_t)__builtin_ctzll(zeros) / 8 - from, most);
            break;
        }
    }
    close_user();
    return length;
}

int user_compare_exchange(uaddr_t address, uint32_t *old, uint32_t new)
{
    if (!is_aligned(address, sizeof *old) || !user_range_ok(address, sizeof *old))
        return -EFAULT;
    uint32_t failed = 1, value = *old;
    open_user();
    __asm__ volatile("1: lock cmpxchgl %3, (%2)\n"
                     "xorl %1, %1\n"
                     "2:\n" TRAP_FIXUP(1b, 2b)
        : "+a"(value), "+r"(failed)
        : "r"(address), "r"(new)
        : "memory", "cc");
    close_user();
    *old = value;
    return failed ? -EFAULT : 0;
}

int user_read_word(uint32_t *value, uaddr_t address)
{
    if (!is_aligned(address, sizeof *value) || !user_range_ok(address, sizeof *value))
        return -EFAULT;
    uint32_t failed = 1, word = 0;
    open_user();
    __asm__ volatile("1: movl (%2), %0\n"
                     "xorl %1, %1\n"
                     "2:\n" TRAP_FIXUP(1b, 2b)
        : "+r"(word), "+r"(failed)
        : "r"(address)
        : "memory", "cc");
    close_user();
    *value = word;
    return failed ? -EFAULT : 0;
}
