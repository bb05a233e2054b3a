/*
 * A kernel that asks for physical addresses is loaded at them; here they equal the virtual ones, in the lower half.
 */
#include "test.h"

BOOT_REQUEST(.flags = BOOT_REQUEST_PHYSICAL);

void test(const struct boot_info *info)
{
    uint64_t rip, span;
    __asm__("lea 0(%%rip), %0" : "=r"(rip));
    CHECK(info->kernel_physical == FIXED_ADDRESS);
    CHECK(info->kernel_virtual == FIXED_ADDRESS);
    CHECK((test_pte(info, rip, &span) & 0x000ffffffffff000) == align_down(rip, PAGE_SIZE));
}
