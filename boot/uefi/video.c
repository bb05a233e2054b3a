/*
 * The screen through EFI_GRAPHICS_OUTPUT_PROTOCOL. There is no text mode.
 *
 * The mode that the firmware has set is kept, since it is what the monitor prefers, unless a size is asked for that the
 * screen has. There may be several screens, and handles that stand for all of them at once; the first with a linear
 * framebuffer is taken, and the console's own is asked first. None is no error.
 *
 * Source: UEFI 2.10, 12.9 (graphics output).
 */
#include "boot/uefi/uefi.h"

static const struct efi_guid graphics_output = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

/* A colour's bits, which the mask has in one run. */
static struct boot_pixel_field field_of(uint32_t mask)
{
    struct boot_pixel_field field = {0, 0};
    for (; mask && !(mask & 1); mask >>= 1)
        field.shift++;
    for (; mask & 1; mask >>= 1)
        field.size++;
    return field;
}

/* Bits that a pixel takes: 8 to 32, in whole bytes. */
static uint32_t bits_of(const struct efi_graphics_information *mode)
{
    uint32_t all = mode->red | mode->green | mode->blue | mode->reserved, bits = 32;
    if (mode->format != PixelBitMask)
        return 32;
    while (bits > 8 && !(all >> (bits - 8)))
        bits -= 8;
    return bits;
}

static bool is_linear(const struct efi_graphics_information *mode)
{
    return mode->width > 0 && mode->height > 0 && mode->pixels_per_line >= mode->width && mode->format < PixelBltOnly &&
           bits_of(mode) >= 16;
}

static bool fits(const struct efi_graphics_information *mode, const struct video_wish *wish)
{
    if (wish->width && (mode->width != wish->width || mode->height != wish->height))
        return false;
    return is_linear(mode) && (!wish->bpp || bits_of(mode) == wish->bpp);
}

/* Sets the first mode that fits the wish. */
static bool try_modes(struct efi_graphics *screen, const struct video_wish *wish)
{
    for (uint32_t i = 0; i < screen->mode->mode_count; i++) {
        struct efi_graphics_information *mode;
        size_t size;
        if (EFI_ERROR(screen->query_mode(screen, i, &size, &mode)))
            continue;
        bool wanted = fits(mode, wish);
        uefi.boot->free_pool(mode);
        if (wanted && !EFI_ERROR(screen->set_mode(screen, i)))
            return true;
    }
    return false;
}

static void set_mode(struct efi_graphics *screen, const struct video_wish *wish)
{
    static const struct video_wish anything;
    struct video_wish size = {.width = wish->width, .height = wish->height};
    const struct efi_graphics_information *now = screen->mode->information;
    if (!wish->width || fits(now, wish) || try_modes(screen, wish) || fits(now, &size) || try_modes(screen, &size))
        return;
    if (!is_linear(now))
        try_modes(screen, &anything);
}

/* Makes the screen behind HANDLE the kernel's; false when it has no linear framebuffer. */
static bool use(efi_handle_t handle, const struct video_wish *wish, struct boot_framebuffer *framebuffer)
{
    struct efi_graphics *screen = uefi_protocol(handle, &graphics_output);
    if (!screen || !screen->mode || !screen->mode->information)
        return false;
    set_mode(screen, wish);

    const struct efi_graphics_information *mode = screen->mode->information;
    if (!is_linear(mode) || !screen->mode->framebuffer)
        return false;
    *framebuffer = (struct boot_framebuffer){
        .physical = screen->mode->framebuffer,
        .width = mode->width,
        .height = mode->height,
        .pitch = mode->pixels_per_line * (bits_of(mode) / 8),
        .bpp = bits_of(mode),
        .red = {0, 8},
        .green = {8, 8},
        .blue = {16, 8},
    };
    if (mode->format == PixelBlueGreenRedReserved8BitPerColor) {
        framebuffer->red.shift = 16;
        framebuffer->blue.shift = 0;
    } else if (mode->format == PixelBitMask) {
        framebuffer->red = field_of(mode->red);
        framebuffer->green = field_of(mode->green);
        framebuffer->blue = field_of(mode->blue);
    }
    return true;
}

void uefi_set_video(const struct video_wish *wish, struct boot_info *info)
{
    efi_handle_t *handles;
    size_t count;
    if (use(uefi.system->output_handle, wish, &info->framebuffer))
        return;
    if (EFI_ERROR(uefi.boot->locate_handle_buffer(ByProtocol, &graphics_output, NULL, &count, &handles)))
        return;
    for (size_t i = 0; i < count; i++)
        if (use(handles[i], wish, &info->framebuffer))
            break;
    uefi.boot->free_pool(handles);
}
