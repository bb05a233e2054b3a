/*
 * The machine that `corrode run` and `corrode test` start: its options, the QEMU command that they make, and how a boot
 * ended.
 */
#ifndef CORRODE_MACHINE_H
#define CORRODE_MACHINE_H

#include "accel.h"
#include "image.h"
#include "options.h"

/* NONE: the monitor starts the boot loader, which has the image in memory. DIRECT: it starts the kernel, and there is
 * no image. */
#define FIRMWARES "bios|uefi|none|direct"
enum firmware { FIRMWARE_BIOS, FIRMWARE_UEFI, FIRMWARE_NONE, FIRMWARE_DIRECT, FIRMWARE_COUNT };

#define DISKS "virtio|ide|ahci|nvme|usb|cdrom"
enum disk { DISK_VIRTIO, DISK_IDE, DISK_AHCI, DISK_NVME, DISK_USB, DISK_CDROM };

#define MACHINES "pc|q35|microvm"
enum machine_type { MACHINE_PC, MACHINE_Q35, MACHINE_MICROVM };

struct machine {
    uint64_t memory; /* bytes; 0: the default */
    uint64_t processors;
    uint64_t timeout; /* seconds; 0: none */
    int firmware, disk, type;
    int accel;                  /* enum accel, or -1 */
    const char *kernel, *words; /* for a tree: not the one in the tool; and what comes first on its command line */
    uint64_t gdb;               /* the port to wait for gdb on; 0: do not */
    bool display;
    struct strings modules; /* for the image that is made of a kernel */
    const char *config;
    struct strings qemu_arguments;
    /* Not options: */
    char *image; /* what is booted, and its format; NULL when only `kernel` is */
    enum image_format format;
    char *cmdline;           /* for FIRMWARE_DIRECT */
    struct streams *streams; /* of a program, which are not the serial line; NULL: there are none */
};

#define MACHINE_DEFAULTS .accel = -1, .disk = -1

/* Rows for the options above but --firmware. A subcommand's settings begin with a struct machine. */
#define MACHINE_OPTIONS                                                                                                \
    {OPTION_BYTES, 'M', "memory", "N", "Memory, in MiB or with a suffix such as 1G; default: 256M",                    \
        offsetof(struct machine, memory), 1 << 20},                                                                    \
        {OPTION_NUMBER, 0, "smp", "N", "Processors; default: 1", offsetof(struct machine, processors), 255},           \
        {OPTION_CHOICE, 0, "machine", MACHINES, "QEMU's kind of machine; default: pc", offsetof(struct machine, type), \
            0},                                                                                                        \
        {OPTION_CHOICE, 0, "disk", DISKS, "How the image is attached; default: ahci, virtio with uefi",                \
            offsetof(struct machine, disk), 0},                                                                        \
        {OPTION_CHOICE, 0, "accel", ACCELS, "Default: kvm where a test guest runs on it, else tcg",                    \
            offsetof(struct machine, accel), 0},                                                                       \
        {OPTION_LIST, 'm', "module", "FILE", "A file to load beside the kernel; may be repeated",                      \
            offsetof(struct machine, modules), 0},                                                                     \
        {OPTION_TEXT, 0, "config", "FILE", "Lines to put first in corrode.conf", offsetof(struct machine, config), 0}, \
        {OPTION_LIST, 0, "qemu-arg", "ARG", "One more argument for QEMU; may be repeated",                             \
            offsetof(struct machine, qemu_arguments), 0}

/*
 * Finds out what PATH is: a disk image, or a kernel, which gets a temporary image with ARGUMENTS for a command line.
 * Sets what is not an option. FIRMWARES has the bit 1 << f for each enum firmware f that it will be booted on. Fatal
 * when PATH is neither, or cannot be booted so.
 */
void machine_insert(struct machine *machine, const char *path, const struct strings *arguments, unsigned firmwares);

/*
 * The same for a directory or archive of programs (rootfs.h), of which COMMAND becomes process 1; the kernel is the
 * machine's, or else the one in the tool.
 */
void machine_insert_tree(struct machine *machine, const char *path, const struct strings *command, unsigned firmwares);

/* The same for a program of this machine, PROGRAM[0], with its arguments (program.h). */
struct program_options;
void machine_insert_program(
    struct machine *machine, const struct strings *program, const struct program_options *options, unsigned firmwares);

/* The whole QEMU command but for its serial line and control channel (boot.c). */
struct strings machine_command(const struct machine *machine);

/* How a boot ended. */
enum verdict {
    VERDICT_SUCCESS,
    VERDICT_OFF,     /* switched off, by the kernel or by a person, before the kernel gave a verdict */
    VERDICT_FAILURE, /* the kernel says that it failed */
    VERDICT_PANIC,
    VERDICT_RESET,
    VERDICT_RESTART, /* the kernel wants it to start anew */
    VERDICT_TIMEOUT,
    VERDICT_LOADER, /* the boot loader gave up */
    VERDICT_QEMU,   /* QEMU itself failed */
};

/* The status that `corrode run` ends with; one word; one sentence. */
int verdict_status(enum verdict verdict);
const char *verdict_word(enum verdict verdict);
const char *verdict_sentence(enum verdict verdict);

#define EXIT_TIMEOUT 124
#define EXIT_BROKEN 125
#define EXIT_CRASHED 126

/*
 * Runs the machine to its end. SINK gets what it prints on the serial line (and QEMU on stderr), with nothing for
 * input; without a sink the serial line is this terminal. A program's streams need a sink: the serial line is the
 * kernel's then.
 */
enum verdict machine_boot(const struct machine *machine, void (*sink)(const char *text, size_t length));

#endif
