/*
 * What a kernel asks for arrives: stack size, direct map, command line. Built a second time with link-time
 * optimisation, which must not lose the request.
 */
#include "test.h"

#define STACK 0x8765
#define DIRECT_MAP 0xffff900000000000

BOOT_REQUEST(.stack_size = STACK, .direct_map = DIRECT_MAP, .video = BOOT_VIDEO_FRAMEBUFFER, .video_width = 800,
    .video_height = 600);

void test(const struct boot_info *info)
{
    CHECK(info->stack_size == 0x9000); /* whole pages */
    CHECK(info->direct_map == DIRECT_MAP);
    CHECK((uint64_t)info - DIRECT_MAP < info->direct_map_size);
    CHECK(strcmp(info->cmdline, "alpha beta=1  \"gamma delta\"") == 0);
    if (info->framebuffer.address)
        CHECK(info->framebuffer.width == 800 && info->framebuffer.height == 600);
}
