/*
 * A position-independent kernel that allows it is slid, and its pointers read right. Prints the slide, so that two
 * boots can be compared.
 */
#include "test.h"

BOOT_REQUEST(.flags = BOOT_REQUEST_KASLR);

static int target = 1234;
static int *volatile pointer = &target; /* a relative relocation */
static const char *const volatile names[] = {"zero", "one", "two"};

void test(const struct boot_info *info)
{
    CHECK(*pointer == 1234);
    CHECK(pointer == &target);
    CHECK(strcmp(names[2], "two") == 0);
    CHECK((uint64_t)&target - info->kernel_virtual < info->kernel_size);
    CHECK(info->kernel_virtual == 0xffffffff80000000 + info->kernel_slide);
    CHECK(is_aligned(info->kernel_slide, PAGE_SIZE));
    CHECK(info->kernel_slide < GIB(2));
    console_printf("slide %#lx\n", info->kernel_slide);
}
