/*
 * Shifts of 64-bit integers by a variable count, which the compiler calls out to on 32-bit processors. Elsewhere they
 * come with the compiler's run-time library, which a bare-metal target does not link.
 */
#include "boot/i386/shift.h"

uint64_t __ashldi3(uint64_t n, int by)
{
    uint32_t low = (uint32_t)n, high = (uint32_t)(n >> 32);
    if (by >= 32)
        return (uint64_t)(low << (by - 32)) << 32;
    if (by > 0) {
        high = high << by | low >> (32 - by);
        low <<= by;
    }
    return (uint64_t)high << 32 | low;
}

uint64_t __lshrdi3(uint64_t n, int by)
{
    uint32_t low = (uint32_t)n, high = (uint32_t)(n >> 32);
    if (by >= 32)
        return high >> (by - 32);
    if (by > 0) {
        low = low >> by | high << (32 - by);
        high >>= by;
    }
    return (uint64_t)high << 32 | low;
}
