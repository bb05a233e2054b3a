/*
 * Code, boot_info and stack of a kernel that was linked there lie in the higher half.
 */
#include "test.h"

#define HIGHER_HALF 0xffff800000000000

BOOT_REQUEST(.flags = 0);

void test(const struct boot_info *info)
{
    uint64_t rip, rsp;
    __asm__("lea 0(%%rip), %0; mov %%rsp, %1" : "=r"(rip), "=r"(rsp));
    CHECK(rip >= HIGHER_HALF);
    CHECK(rsp >= HIGHER_HALF);
    CHECK((uint64_t)info >= HIGHER_HALF);
    CHECK(info->kernel_virtual == 0xffffffff80000000);
}
