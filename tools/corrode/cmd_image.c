/* `corrode image`: options to an image on disk. */
#include "commands.h"

#include "image.h"
#include "lib/types.h"
#include "program.h"
#include "report.h"
#include "rootfs.h"
#include "tools/session/session.h"

#include <string.h>

struct settings {
    struct image_spec spec;
    const char *out, *rootfs, *program_name;
    struct strings initramfs;
    struct program_options program;
    int format;
};

#define AT(member) offsetof(struct settings, member)
#define PROGRAM_AT(member) offsetof(struct settings, program.member)

static const struct option_row options[] = {
    {OPTION_TEXT, 'o', "output", "OUT", "The image to write (required)", AT(out), 0},
    {OPTION_TEXT, 'k', "kernel", "FILE", "The kernel: an ELF file with a Corrode boot note; default: Corrode's",
        AT(spec.kernel), 0},
    {OPTION_TEXT, 'r', "rootfs", "DIR|TAR", "A directory, or an archive, that the machine has as its files", AT(rootfs),
        0},
    {OPTION_TEXT, 'p', "program", "FILE", "A program of this machine, with what it needs; the COMMAND is its arguments",
        AT(program_name), 0},
    PROGRAM_OPTIONS(PROGRAM_AT),
    {OPTION_LIST, 'i', "initramfs", "FILE", "The same as a cpio archive (newc), over those; may be repeated",
        AT(initramfs), 0},
    {OPTION_LIST, 'm', "module", "FILE", "A file to load beside the kernel; may be repeated", AT(spec.modules), 0},
    {OPTION_TEXT, 'c', "cmdline", "STRING", "The kernel's command line", AT(spec.cmdline), 0},
    {OPTION_TEXT, 0, "config", "FILE", "Lines to put first in corrode.conf, such as `video = text`", AT(spec.config),
        0},
    {OPTION_BYTES, 's', "size", "N", "Size of the disk, such as 64M or 1G; default: the smallest", AT(spec.size), 1},
    {OPTION_CHOICE, 'f', "format", IMAGE_FORMATS, "Format; default: what OUT ends in, else raw", AT(format), 0},
    {0},
};

/* What OUT's suffix says; raw where it says nothing. */
static enum image_format format_of(const char *out)
{
    static const char *const suffixes[] = {".raw", ".qcow2", ".vmdk", ".vdi", ".vhdx", ".iso"};
    /* A raw image of such a name would be taken for what it is not. */
    static const char *const others[] = {".vhd", ".vpc", ".avhdx", ".cow", ".qcow", ".qed", ".hdd", ".hds", ".ova",
        ".ovf", ".dmg", ".nrg", ".cue", ".mdf", ".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".7z", ".tar", ".tgz"};
    for (unsigned i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        if (text_ends_with(out, suffixes[i]))
            return i;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
        if (text_ends_with(out, others[i]))
            fatal_usage("%s: the format %s is not one that corrode makes; end the name in .img, .qcow2, .vmdk, .vdi, "
                        ".vhdx or .iso, or say --format raw",
                out, others[i]);
    }
    return IMAGE_RAW;
}

/* As `corrode run` would have it, but on the machine's console, and the machine is turned off at the end. */
static void add_program(struct settings *settings, const struct strings *arguments, struct strings *modules)
{
    struct strings command = {0}, session = {0};
    struct image_spec *spec = &settings->spec;
    strings_add(&command, "%s", settings->program_name);
    for (size_t i = 0; i < arguments->count; i++)
        strings_add(&command, "%s", arguments->items[i]);
    struct tree_node *root = program_root(&command, &settings->program, NULL);
    strings_add(modules, "%s", rootfs_pack(root));
    strings_add(&session, "%s", SESSION_PROGRAM_FILE);
    char *words = text_format("end=off%s%s", spec->cmdline ? " " : "", spec->cmdline ? spec->cmdline : "");
    spec->cmdline = rootfs_cmdline(root, settings->program_name, words, &session);
}

/* The tree and the archives become modules, in that order, before those that are named so. */
static void add_files(struct settings *settings, const struct strings *command)
{
    struct strings modules = {0};
    struct image_spec *spec = &settings->spec;
    if (settings->program_name) {
        add_program(settings, command, &modules);
    } else if (settings->rootfs) {
        struct tree_node *root = rootfs_read(settings->rootfs);
        strings_add(&modules, "%s", rootfs_pack(root));
        bool chosen = settings->initramfs.count || (spec->cmdline && strstr(spec->cmdline, "init="));
        if (command->count || !chosen)
            spec->cmdline = rootfs_cmdline(root, settings->rootfs, spec->cmdline, command);
    }
    for (size_t i = 0; i < settings->initramfs.count; i++) {
        rootfs_check_initramfs(settings->initramfs.items[i]);
        strings_add(&modules, "%s", settings->initramfs.items[i]);
    }
    for (size_t i = 0; i < spec->modules.count; i++)
        strings_add(&modules, "%s", spec->modules.items[i]);
    spec->modules = modules;
}

static int run(int argc, char **argv)
{
    struct settings settings = {.format = -1};
    struct strings operands = options_parse(&command_image, &settings, argc, argv);
    struct image_spec *spec = &settings.spec;
    if (settings.rootfs && settings.program_name)
        fatal_usage("--rootfs or --program? The first has its programs in it; add files to the second with --add");
    if (program_has_options(&settings.program) && !settings.program_name)
        fatal_usage("--add, --env and --cwd are for --program");
    if (operands.count && !settings.rootfs && !settings.program_name)
        fatal_usage("%s: not expected here; the kernel goes behind --kernel, the image behind -o", operands.items[0]);
    if (!spec->kernel && !settings.rootfs && !settings.program_name && !settings.initramfs.count)
        fatal_usage("an image of what? Give --program FILE, --rootfs DIR, --initramfs FILE or --kernel FILE");
    if (!settings.out)
        fatal_usage("write the image where? Give -o OUT");
    add_files(&settings, &operands);
    if (!spec->kernel)
        spec->kernel = rootfs_kernel();
    spec->format = settings.format < 0 ? format_of(settings.out) : (enum image_format)settings.format;
    image_build(spec, settings.out);
    return 0;
}

const struct command command_image = {
    .name = "image",
    .summary = "Make a bootable image of programs, or of a kernel",
    .synopsis = "[OPTIONS] -o OUT [COMMAND...]",
    .help = "Makes one image that boots as hard disk, USB stick and optical disc, on BIOS and on UEFI: of a program of "
            "this\n"
            "machine (--program), of a directory or archive of Linux programs (--rootfs), whose COMMAND becomes "
            "process 1,\n"
            "or of a kernel of yours (--kernel).\n"
            "The same input gives the same bytes. No root needed.\n",
    .after = "Without a COMMAND, process 1 is /init, /sbin/init, /etc/init, /bin/init or /bin/sh.\n"
             "The size is rounded up to whole MiB. Below 34 MiB the system partition is FAT16, else FAT32.\n"
             "Formats other than raw and iso need qemu-img.\n\n"
             "Examples:\n"
             "  corrode image -o disk.img --program ./server -- --port 80\n"
             "  corrode image --rootfs root.tar.gz -o disk.img /bin/server --port 80\n"
             "  corrode image --kernel kernel.elf --module disk.tar --cmdline 'log=debug' -o disk.img\n",
    .options = options,
    .run = run,
};
