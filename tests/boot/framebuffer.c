/*
 * A framebuffer is mapped write-combining, and every pixel of it can be written. Shows three bars, red, green and blue,
 * and stays, for the screen to be looked at.
 */
#include "test.h"

#include "arch/x86_64/machine.h"

BOOT_REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER);

#define PAT_MSR 0x277

static uint32_t colour(struct boot_pixel_field field)
{
    return ((1u << field.size) - 1) << field.shift;
}

static void draw(const struct boot_framebuffer *fb)
{
    for (uint32_t y = 0; y < fb->height; y++) {
        uint8_t *pixel = (uint8_t *)fb->address + (uint64_t)y * fb->pitch;
        for (uint32_t x = 0; x < fb->width; x++, pixel += fb->bpp / 8) {
            uint32_t c = colour(x < fb->width / 3 ? fb->red : x < fb->width * 2 / 3 ? fb->green : fb->blue);
            for (uint32_t i = 0; i < fb->bpp / 8; i++)
                pixel[i] = (uint8_t)(c >> 8 * i);
        }
    }
}

void test(const struct boot_info *info)
{
    const struct boot_framebuffer *fb = &info->framebuffer;
    uint32_t low, high;
    uint64_t span, pte = test_pte(info, (uint64_t)fb->address, &span);

    CHECK(fb->address != NULL);
    if (!fb->address)
        return;
    __asm__("rdmsr" : "=a"(low), "=d"(high) : "c"(PAT_MSR));
    CHECK((high >> 8 & 0xff) == 1);                     /* entry 5: write-combining */
    CHECK((pte & 1 << 3) && !(pte & 1 << 4));           /* PWT and not PCD ... */
    CHECK(pte & (span > PAGE_SIZE ? 1 << 12 : 1 << 7)); /* ... and PAT: entry 5 */
    console_printf("screen %ux%ux%u\n", fb->width, fb->height, fb->bpp);
    draw(fb);
    if (strcmp(info->cmdline, "stay") == 0)
        machine_halt();
}
