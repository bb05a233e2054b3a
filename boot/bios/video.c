/*
 * The screen through the video BIOS: 80x25 text, or a linear framebuffer set by VBE.
 *
 * Graphics are optional. The modes tried are, in order: the one asked for; the one the monitor prefers (EDID);
 * 1024x768, 800x600, 640x480; each at 32, 24 and 16 bits a pixel. A mode that cannot be set is followed by the next,
 * and in the end there is text, and if there is no video BIOS at all there is nothing.
 *
 * Sources: VESA BIOS Extension Core Functions 3.0 (INT 10h AX=4F00h to 4F02h); VBE/DDC 1.1 (AX=4F15h); VESA E-EDID 1.4,
 * 3.10.2 (detailed timing); Ralf Brown's Interrupt List, INT 10h AH=00h, 03h, 0Fh, AX=1130h.
 */
#include "boot/bios/bios.h"

#include "lib/string.h"

#define VBE_OK 0x004f
#define MODE_LINEAR 0x4000
#define ATTRIBUTES_NEEDED 0x91 /* supported by the hardware, graphics, linear framebuffer */
#define ATTRIBUTE_COLOUR 0x08
#define MEMORY_DIRECT_COLOUR 6
#define MODES_END 0xffff
#define MAX_MODES 512
#define TEXT_COLUMNS 80
#define TEXT_ROWS 25

struct vbe_info {
    char signature[4];
    uint16_t version;
    uint32_t oem, capabilities, modes;
    uint8_t rest[494];
} __attribute__((packed));
_Static_assert(sizeof(struct vbe_info) == 512, "VbeInfoBlock");

struct vbe_mode {
    uint16_t attributes;
    uint8_t windows[14];
    uint16_t pitch, width, height;
    uint8_t character_width, character_height, planes, bpp, banks, memory_model, bank_size, pages, reserved0;
    uint8_t red_size, red_shift, green_size, green_shift, blue_size, blue_shift, reserved_size, reserved_shift, direct;
    uint32_t framebuffer;
    uint8_t reserved1[6];
    uint16_t linear_pitch; /* from here on VBE 3 */
    uint8_t banked_pages, linear_pages;
    uint8_t linear_red_size, linear_red_shift, linear_green_size, linear_green_shift, linear_blue_size,
        linear_blue_shift;
    uint8_t rest[196];
} __attribute__((packed));
_Static_assert(sizeof(struct vbe_mode) == 256, "ModeInfoBlock");

static struct vbe_info vbe;
static uint16_t modes[MAX_MODES + 1];

/* A VBE function with a buffer in ES:DI. */
static bool vbe_call(uint16_t function, uint32_t ebx, uint32_t ecx, void *buffer)
{
    struct bios_registers r = {
        .eax = function, .ebx = ebx, .ecx = ecx, .es = bios_segment(buffer), .edi = bios_offset(buffer)};
    bios_call(0x10, &r);
    return (r.eax & 0xffff) == VBE_OK;
}

/* Reads the list of modes. It may lie in the info block, which the next call overwrites: keep a copy. */
static bool read_modes(void)
{
    memcpy(vbe.signature, "VBE2", 4);
    if (!vbe_call(0x4f00, 0, 0, &vbe) || memcmp(vbe.signature, "VESA", 4) != 0 || vbe.version < 0x200)
        return false;
    const uint16_t *list = bios_pointer(vbe.modes);
    uint32_t i = 0;
    for (; i < MAX_MODES && list[i] != MODES_END; i++)
        modes[i] = list[i];
    modes[i] = MODES_END;
    return i > 0;
}

/* The preferred resolution of the monitor: the first detailed timing. */
static bool read_edid(uint32_t *width, uint32_t *height)
{
    static uint8_t edid[128];
    static const uint8_t header[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    memset(edid, 0, sizeof edid);
    if (!vbe_call(0x4f15, 1, 0, edid) || memcmp(edid, header, sizeof header) != 0)
        return false;
    const uint8_t *timing = edid + 54;
    *width = timing[2] | (timing[4] & 0xf0) << 4;
    *height = timing[5] | (timing[7] & 0xf0) << 4;
    return (timing[0] || timing[1]) && *width >= 640 && *height >= 400;
}

static bool mode_fits(const struct vbe_mode *m, uint32_t width, uint32_t height, uint32_t bpp)
{
    if ((m->attributes & ATTRIBUTES_NEEDED) != ATTRIBUTES_NEEDED || !(m->attributes & ATTRIBUTE_COLOUR))
        return false;
    uint32_t bits = m->bpp == 15 ? 16 : m->bpp;
    return m->memory_model == MEMORY_DIRECT_COLOUR && m->width == width && m->height == height && bits == bpp &&
           m->framebuffer != 0;
}

static void describe(const struct vbe_mode *m, struct boot_framebuffer *fb)
{
    bool vbe3 = vbe.version >= 0x300 && m->linear_pitch != 0;
    *fb = (struct boot_framebuffer){
        .physical = m->framebuffer,
        .width = m->width,
        .height = m->height,
        .pitch = vbe3 ? m->linear_pitch : m->pitch,
        .bpp = m->bpp == 15 ? 16 : m->bpp,
        .red = {vbe3 ? m->linear_red_shift : m->red_shift, vbe3 ? m->linear_red_size : m->red_size},
        .green = {vbe3 ? m->linear_green_shift : m->green_shift, vbe3 ? m->linear_green_size : m->green_size},
        .blue = {vbe3 ? m->linear_blue_shift : m->blue_shift, vbe3 ? m->linear_blue_size : m->blue_size},
    };
}

static bool try_mode(uint32_t width, uint32_t height, uint32_t bpp, struct boot_framebuffer *fb)
{
    static struct vbe_mode mode;
    for (const uint16_t *number = modes; *number != MODES_END; number++) {
        memset(&mode, 0, sizeof mode);
        if (!vbe_call(0x4f01, 0, *number, &mode) || !mode_fits(&mode, width, height, bpp))
            continue;
        describe(&mode, fb);
        if (fb->pitch < width * (bpp / 8))
            continue;
        struct bios_registers r = {.eax = 0x4f02, .ebx = *number | MODE_LINEAR};
        bios_call(0x10, &r);
        if ((r.eax & 0xffff) == VBE_OK)
            return true;
    }
    fb->physical = 0;
    return false;
}

static bool try_resolution(const struct video_wish *wish, uint32_t width, uint32_t height, struct boot_framebuffer *fb)
{
    static const uint32_t depths[] = {32, 24, 16};
    if (width == 0 || height == 0)
        return false;
    if (wish->bpp && try_mode(width, height, wish->bpp, fb))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(depths); i++)
        if (depths[i] != wish->bpp && try_mode(width, height, depths[i], fb))
            return true;
    return false;
}

static bool set_graphics(const struct video_wish *wish, struct boot_framebuffer *fb)
{
    static const uint16_t fallbacks[][2] = {{1024, 768}, {800, 600}, {640, 480}};
    uint32_t width, height;
    if (!read_modes())
        return false;
    if (try_resolution(wish, wish->width, wish->height, fb))
        return true;
    if (read_edid(&width, &height) && try_resolution(wish, width, height, fb))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(fallbacks); i++)
        if (try_resolution(wish, fallbacks[i][0], fallbacks[i][1], fb))
            return true;
    return false;
}

/* Is the screen in 80x25 text? Sets that mode if it is in another; a machine without a video BIOS changes nothing. */
static bool is_text(void)
{
    struct bios_registers r = {.eax = 0x0f00};
    bios_call(0x10, &r);
    return (r.eax & 0x7f) == 3 && (r.eax >> 8 & 0xff) == TEXT_COLUMNS;
}

static void set_text(struct boot_text *text)
{
    struct bios_registers r = {.eax = 0x0003};
    if (!is_text())
        bios_call(0x10, &r);
    if (!is_text())
        return;
    r = (struct bios_registers){.eax = 0x0300};
    bios_call(0x10, &r);
    *text = (struct boot_text){
        .cells = 0xb8000,
        .columns = TEXT_COLUMNS,
        .rows = TEXT_ROWS,
        .cursor_column = r.edx & 0xff,
        .cursor_row = r.edx >> 8 & 0xff,
    };
}

void bios_set_video(const struct video_wish *wish, struct boot_info *info)
{
    if (wish->video == BOOT_VIDEO_FRAMEBUFFER && set_graphics(wish, &info->framebuffer))
        return;
    set_text(&info->text);
}

const uint8_t *bios_font(void)
{
    struct bios_registers r = {.eax = 0x1130, .ebx = 0x0600};
    bios_call(0x10, &r);
    return (const uint8_t *)bios_pointer((uint32_t)r.es << 16 | (r.ebp & 0xffff)) + ' ' * 16;
}
