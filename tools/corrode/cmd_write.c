/* `corrode write`: copies an image to a USB stick and reads it back. */
#include "commands.h"

#include "boot/layout.h"
#include "device.h"
#include "file.h"
#include "image.h"
#include "progress.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1u << 20)
#define SYNC_EVERY (16 * CHUNK) /* or the progress bar would show how fast memory fills */

struct settings {
    bool yes, force, file, dry_run;
};

#define AT(member) offsetof(struct settings, member)

static const struct option_row options[] = {
    {OPTION_SWITCH, 'n', "dry-run", NULL, "Check everything, say what would be done, write nothing", AT(dry_run), 0},
    {OPTION_SWITCH, 'y', "yes", NULL, "Do not ask before overwriting", AT(yes), 0},
    {OPTION_SWITCH, 0, "force", NULL, "Also write to a disk that is not removable", AT(force), 0},
    {OPTION_SWITCH, 0, "file", NULL, "DEVICE may be a file that stands for one", AT(file), 0},
    {0},
};

/* Fatal unless IMAGE is one that this tool made and in a form that a stick can hold. Returns its size. */
static uint64_t check_image(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        fatal_errno(path, "open");
    if (!S_ISREG(status.st_mode))
        fatal(path, "is not a file; give the image that `corrode image` has written");
    enum image_format format = image_detect(path);
    if (format == IMAGE_UNKNOWN)
        fatal(path, "is not a disk image; make one of a kernel with `corrode image`");
    if (format != IMAGE_RAW)
        fatal(path,
            "is in the format %s and a stick needs a raw image; convert it: qemu-img convert -O raw %s disk.img",
            image_format_name(format), path);
    if (!image_is_ours(path))
        fatal(path, "is not an image that `corrode image` made; write others with dd");
    return (uint64_t)status.st_size;
}

static void confirm(const struct device *device, bool yes)
{
    char answer[16] = "";
    if (yes)
        return;
    if (!isatty(STDIN_FILENO))
        fatal(device->path,
            "everything on it would be lost and there is no terminal to ask on; say --yes if you are sure");
    fprintf(stderr, "Everything on %s (%s) will be lost. Continue? [y/N] ", device->path, device->description);
    if (!fgets(answer, sizeof answer, stdin) || (strcasecmp(answer, "y\n") != 0 && strcasecmp(answer, "yes\n") != 0))
        fatal(device->path, "nothing was written");
}

/* Reads SIZE bytes at OFFSET, or dies. */
static void read_at(int fd, const char *path, void *buffer, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (count == 0)
            fatal(path, "is shorter than it was; is something else changing it?");
        if (count < 0 && errno != EINTR)
            fatal_errno(path, "read");
        done += count > 0 ? (size_t)count : 0;
    }
}

static void copy(int image, const char *image_path, const struct device *device, uint64_t size)
{
    char *buffer = memory_get(CHUNK);
    struct output output = {.path = device->path, .fd = device->fd};
    progress_begin("writing", size);
    for (uint64_t at = 0; at < size; at += CHUNK) {
        size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        read_at(image, image_path, buffer, part, at);
        output_write(&output, at, buffer, part);
        bool last = size - at <= CHUNK;
        if ((last || (at + CHUNK) % SYNC_EVERY == 0) && fsync(device->fd) < 0)
            fatal_errno(device->path, "write");
    }
    progress_end();
    free(buffer);
}

static void verify(int image, const char *image_path, const struct device *device, uint64_t size)
{
    char *expected = memory_get(CHUNK), *found = memory_get(CHUNK);
    device_forget_cache(device);
    progress_begin("verifying", size);
    for (uint64_t at = 0; at < size; at += CHUNK) {
        size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK, i = 0;
        read_at(image, image_path, expected, part, at);
        read_at(device->fd, device->path, found, part, at);
        while (i < part && expected[i] == found[i])
            i++;
        if (i < part)
            fatal(device->path, "does not hold what was written to it, first at byte %llu; it is broken, use another",
                (unsigned long long)(at + i));
        progress_show(at + part);
    }
    progress_end();
    free(expected);
    free(found);
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    struct strings operands = options_parse(&command_write, &settings, argc, argv);
    if (operands.count != 2)
        fatal_usage("give an image and the device to write it to");
    const char *path = operands.items[0];
    uint64_t size = check_image(path);
    unsigned flags = (settings.file ? DEVICE_FILE : 0) | (settings.force ? DEVICE_FORCE : 0);
    /* First without touching it: opening a disk for writing makes some systems look at it anew. */
    struct device device = device_open(operands.items[1], size, flags | DEVICE_DRY_RUN);
    if (settings.dry_run) {
        printf("would write %s (%s) to %s (%s), and read it back\n", path, text_size(size), device.path,
            device.description);
        return 0;
    }
    confirm(&device, settings.yes);
    device = device_open(operands.items[1], size, flags);
    int image = open(path, O_RDONLY | O_CLOEXEC);
    if (image < 0)
        fatal_errno(path, "open");
    report_detail("writing %s (%s) to %s (%s)", path, text_size(size), device.path, device.description);
    copy(image, path, &device, size);
    verify(image, path, &device, size);
    device_changed(&device);
    close(image);
    if (close(device.fd) < 0)
        fatal_errno(device.path, "write");
    report_note("%s is written and verified", device.path);
    report_note(
        "to boot it: start the PC with the stick in place, open the firmware's boot menu (often F12, F11, F9, F8 "
        "or Esc) and choose the stick; if UEFI refuses it, turn Secure Boot off");
    return 0;
}

const struct command command_write = {
    .name = "write",
    .summary = "Write an image to a USB stick",
    .synopsis = "[OPTIONS] IMAGE DEVICE",
    .help = "Writes a raw IMAGE to DEVICE, the whole USB stick (such as /dev/sdb), reads it back and compares.\n"
            "Everything on the stick is lost. Refuses disks that are mounted, hold the running system, are too small,\n"
            "or (without --force) are not removable.\n",
    .options = options,
    .run = run,
};
