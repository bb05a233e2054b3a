/* From options to a QEMU command, and from a path to what QEMU boots: see machine.h. */
#include "machine.h"

#include "cleanup.h"
#include "embedded.h"
#include "file.h"
#include "formats.h"
#include "kernel.h"
#include "lib/types.h"
#include "ovmf.h"
#include "process.h"
#include "program.h"
#include "report.h"
#include "rootfs.h"
#include "tools/session/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MEMORY MIB(256)
#define DIRECT_ROOM (MIB(1) + KIB(512)) /* below and in pvh.elf; QEMU would put a larger image over it */

static void insert_kernel(struct machine *machine, const char *path, const char *cmdline)
{
    struct image_spec spec = {
        .kernel = path,
        .modules = machine->modules,
        .cmdline = cmdline,
        .config = machine->config,
        .smallest = true,
    };
    machine->image = cleanup_path("kernel.img");
    machine->format = IMAGE_RAW;
    image_build(&spec, machine->image);
}

/* The kernel itself, for the monitor. It is checked here, because QEMU's own messages are for those who know. */
static void insert_direct(struct machine *machine, const char *path, char *cmdline)
{
    struct file kernel = file_load(path);
    if (!kernel_has_pvh_entry(&kernel))
        fatal(path, "has no PVH entry (an ELF note of Xen's), so nothing but a boot loader can start it; use "
                    "--firmware none");
    if (machine->config || machine->modules.count > 1)
        fatal_usage("--firmware direct: there is no boot loader to read --config, or more than one --module");
    machine->kernel = path;
    machine->cmdline = cmdline;
}

static void check_machine(const struct machine *machine, unsigned firmwares)
{
    const unsigned without_disk = 1u << FIRMWARE_NONE | 1u << FIRMWARE_DIRECT;
    if (machine->type == MACHINE_MICROVM && (firmwares & ~without_disk))
        fatal_usage("--machine microvm has no PC's firmware; use --firmware none or direct");
    if (machine->disk >= 0 && !(firmwares & ~without_disk))
        fatal_usage("--disk has no meaning without firmware, for all is in memory then; leave one of them out");
}

static void insert(struct machine *machine, const char *kernel, char *cmdline, unsigned firmwares)
{
    const unsigned direct = 1u << FIRMWARE_DIRECT;
    if (firmwares & direct)
        insert_direct(machine, kernel, cmdline);
    if (firmwares & ~direct)
        insert_kernel(machine, kernel, cmdline);
}

/* The tree becomes the first module. PATH names it in messages. */
static void insert_root(struct machine *machine, struct tree_node *root, const char *path,
    const struct strings *command, unsigned firmwares)
{
    struct strings modules = {0};
    strings_add(&modules, "%s", rootfs_pack(root));
    for (size_t i = 0; i < machine->modules.count; i++)
        strings_add(&modules, "%s", machine->modules.items[i]);
    machine->modules = modules;
    insert(machine, machine->kernel ? machine->kernel : rootfs_kernel(),
        rootfs_cmdline(root, path, machine->words, command), firmwares);
}

void machine_insert_tree(struct machine *machine, const char *path, const struct strings *command, unsigned firmwares)
{
    check_machine(machine, firmwares);
    insert_root(machine, rootfs_read(path), path, command, firmwares);
}

void machine_insert_program(
    struct machine *machine, const struct strings *program, const struct program_options *options, unsigned firmwares)
{
    struct strings command = {0};
    check_machine(machine, firmwares);
    if (machine->type == MACHINE_MICROVM)
        fatal_usage("--machine microvm has no PCI, over which a program's streams go; use pc or q35");
    struct tree_node *root = program_root(program, options, machine->streams);
    strings_add(&command, "%s", SESSION_PROGRAM_FILE);
    insert_root(machine, root, program->items[0], &command, firmwares);
}

void machine_insert(struct machine *machine, const char *path, const struct strings *arguments, unsigned firmwares)
{
    const unsigned direct = 1u << FIRMWARE_DIRECT;
    check_machine(machine, firmwares);
    if (machine->kernel || machine->words)
        fatal_usage(
            "%s: --kernel and --cmdline are for directories and archives; a kernel has its words after it", path);
    char magic[4] = "";
    if (file_read_start(path, magic, sizeof magic) == 0)
        fatal(path, "is empty; give a program, a directory, an archive, a disk image or a kernel");
    if (memcmp(magic, "\177ELF", sizeof magic) == 0) {
        insert(machine, path, strings_joined(arguments), firmwares);
        return;
    }
    machine->format = image_detect(path);
    if (machine->format == IMAGE_UNKNOWN)
        fatal(path, "is neither a program (an ELF file, or a script that begins with #!), a directory, an archive, a "
                    "disk image "
                    "nor a kernel; give one of these");
    if (firmwares & direct)
        fatal_usage("%s: --firmware direct starts a kernel, and this is an image; use --firmware none", path);
    if (arguments->count)
        fatal_usage(
            "%s: an image has its command line inside; give arguments to a kernel, or make the image again with "
            "`corrode image --cmdline`",
            path);
    if (machine->modules.count || machine->config)
        fatal_usage("%s: an image has its modules and configuration inside; make it again with `corrode image`", path);
    machine->image = realpath(path, NULL);
    if (!machine->image)
        fatal_errno(path, "open");
}

static void add_words(struct strings *command, const char *first, const char *second)
{
    strings_add(command, "%s", first);
    strings_add(command, "%s", second);
}

/* SeaBIOS is quickest with AHCI: from virtio it reads 32 KiB at once, and spins until they are there. */
static int default_disk(const struct machine *machine)
{
    return machine->firmware == FIRMWARE_UEFI ? DISK_VIRTIO : DISK_AHCI;
}

static void add_disk(const struct machine *machine, struct strings *command)
{
    static const struct {
        const char *controller, *device;
    } kinds[] = {
        [DISK_VIRTIO] = {NULL, "virtio-blk-pci"},
        [DISK_IDE] = {"piix3-ide,id=pata", "ide-hd,bus=pata.0"}, /* on q35; pc has one */
        [DISK_AHCI] = {"ahci,id=ahci", "ide-hd,bus=ahci.0"},
        [DISK_NVME] = {NULL, "nvme,serial=corrode"},
        [DISK_USB] = {"qemu-xhci,id=xhci", "usb-storage,bus=xhci.0,removable=on"},
        [DISK_CDROM] = {NULL, "ide-cd,bus=ide.0"},
    };
    bool q35 = machine->type == MACHINE_Q35;
    int kind = machine->disk < 0 ? default_disk(machine) : machine->disk;
    /* Changes to what cannot be written to go into a temporary file of QEMU's. */
    const char *how = "";
    if (kind == DISK_CDROM)
        how = ",media=cdrom,readonly=on";
    else if (access(machine->image, W_OK) < 0)
        how = ",snapshot=on";
    char *file = text_escape_commas(machine->image);
    strings_add(command, "-drive");
    strings_add(command, "if=none,id=disk,format=%s,file=%s%s", image_format_name(machine->format), file, how);
    const char *controller = kinds[kind].controller, *device = kinds[kind].device;
    if (kind == DISK_IDE && !q35) {
        controller = NULL;
        device = "ide-hd,bus=ide.0";
    }
    if (controller)
        add_words(command, "-device", controller);
    strings_add(command, "-device");
    strings_add(command, "%s,drive=disk,bootindex=0", device);
    free(file);
}

static void add_kernel(const struct machine *machine, struct strings *command)
{
    add_words(command, "-kernel", machine->kernel);
    if (machine->cmdline[0])
        add_words(command, "-append", machine->cmdline);
    if (machine->modules.count)
        add_words(command, "-initrd", machine->modules.items[0]);
}

/* Without firmware: QEMU starts our PVH front end, which finds the whole image in memory as its initial RAM disk. */
static void add_loader(const struct machine *machine, struct strings *command)
{
    const struct embedded_file *loader = embedded_find("boot/pvh.elf");
    char *path = cleanup_path("pvh.elf");
    unlink(path);
    file_save(path, loader->data, loader->size);
    const char *image = machine->image;
    if (machine->format != IMAGE_RAW) {
        char *raw = cleanup_path("raw.img");
        unlink(raw);
        format_to_raw(machine->image, machine->format, raw);
        image = raw;
    }
    struct stat status;
    uint64_t memory = machine->memory ? machine->memory : DEFAULT_MEMORY;
    if (stat(image, &status) == 0 && memory < (uint64_t)status.st_size + DIRECT_ROOM)
        fatal(image, "%s of memory cannot hold the image, %s, and a machine beside it; give more with --memory",
            text_size(memory), text_size((uint64_t)status.st_size));
    add_words(command, "-kernel", path);
    add_words(command, "-initrd", image);
}

/* A window where there is a screen for it, else VNC. */
static void add_display(struct strings *command)
{
    struct strings ask = {0};
    char *known = NULL;
    const char *screen = getenv("WAYLAND_DISPLAY");
    if (!screen || !*screen)
        screen = getenv("DISPLAY");
    if (screen && *screen) {
        add_words(&ask, "qemu-system-x86_64", "-display");
        strings_add(&ask, "help");
        process_run(&ask, "qemu-system-x86", 0, &known);
        for (char *line = strtok(known, "\n"); line; line = strtok(NULL, "\n")) {
            if (strcmp(line, "gtk") == 0 || strcmp(line, "sdl") == 0) {
                add_words(command, "-display", line);
                return;
            }
        }
        report_note("this QEMU opens no windows (on Debian: install qemu-system-gui); using VNC");
    }
    add_words(command, "-display", "vnc=localhost:0,to=99");
}

static void add_accel(const struct machine *machine, struct strings *command)
{
    if (accel_choose(machine->accel) == ACCEL_KVM) {
        add_words(command, "-accel", "kvm");
        add_words(command, "-cpu", "host");
    } else {
        add_words(command, "-accel", "tcg");
    }
}

struct strings machine_command(const struct machine *machine)
{
    struct strings command = {0};
    uint64_t memory = machine->memory ? machine->memory : DEFAULT_MEMORY;
    strings_add(&command, "qemu-system-x86_64");
    add_words(&command, "-no-user-config", "-nodefaults");
    static const char *const types[] = {"pc", "q35", "microvm"};
    add_words(&command, "-machine", types[machine->type]);
    add_accel(machine, &command);
    strings_add(&command, "-m");
    bool whole = is_aligned(memory, MIB(1));
    strings_add(&command, "%llu%c", (unsigned long long)(whole ? memory / MIB(1) : memory / KIB(1)), whole ? 'M' : 'K');
    strings_add(&command, "-smp");
    strings_add(&command, "%llu", (unsigned long long)(machine->processors ? machine->processors : 1));
    if (machine->type != MACHINE_MICROVM)
        add_words(&command, "-vga", "std");
    if (machine->display)
        add_display(&command);
    else
        add_words(&command, "-display", "none");
    if (machine->firmware == FIRMWARE_UEFI)
        ovmf_add(&command);
    if (machine->firmware == FIRMWARE_NONE)
        add_loader(machine, &command);
    else if (machine->firmware == FIRMWARE_DIRECT)
        add_kernel(machine, &command);
    else
        add_disk(machine, &command);
    /* With a window, the machine stays for as long as the person wants to look at it. */
    if (!machine->display)
        add_words(&command, "-device", "isa-debug-exit,iobase=0xf4,iosize=4");
    strings_add(&command, "-no-reboot");
    if (machine->gdb)
        add_words(&command, "-gdb", text_format("tcp:localhost:%llu", (unsigned long long)machine->gdb));
    for (size_t i = 0; i < machine->qemu_arguments.count; i++)
        strings_add(&command, "%s", machine->qemu_arguments.items[i]);
    return command;
}
