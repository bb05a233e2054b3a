/*
 * A kernel with a fixed address (ET_EXEC) is there: see module.mk for the addresses it is linked at.
 */
#include "test.h"

BOOT_REQUEST(.flags = BOOT_REQUEST_KASLR); /* which ET_EXEC cannot have */

void test(const struct boot_info *info)
{
    uint64_t rip;
    __asm__("lea 0(%%rip), %0" : "=r"(rip));
    CHECK(info->kernel_virtual == FIXED_ADDRESS);
    CHECK(info->kernel_slide == 0);
    CHECK(rip - FIXED_ADDRESS < info->kernel_size);
}
