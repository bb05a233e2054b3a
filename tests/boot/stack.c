/*
 * A small stack works, lies where boot_info says, and has unmapped pages below and above.
 */
#include "test.h"

BOOT_REQUEST(.stack_size = 0x2000);

void test(const struct boot_info *info)
{
    uint64_t rsp, span;
    __asm__("mov %%rsp, %0" : "=r"(rsp));
    CHECK(info->stack_size == 0x2000);
    CHECK(rsp - info->stack_base < info->stack_size);
    CHECK(!test_pte(info, info->stack_base - 1, &span));
    CHECK(!test_pte(info, info->stack_base + info->stack_size, &span));
    for (uint64_t at = 0; at < info->stack_size; at += PAGE_SIZE) {
        uint64_t pte = test_pte(info, info->stack_base + at, &span);
        CHECK((pte & PTE_WRITE) && (pte & PTE_NX));
    }
}
