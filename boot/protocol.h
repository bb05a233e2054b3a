/*
 * The Corrode boot protocol, version 1: all that passes between the bootloader and a kernel.
 *
 * A kernel is an ELF64 x86-64 executable (ET_EXEC, or ET_DYN with relative relocations only) that carries one ELF
 * note, `struct boot_request`, in which it states what it wants. The loader places the kernel, builds page tables,
 * fills a `struct boot_info` and calls the ELF entry point as if it were the C function
 *
 *     void entry(struct boot_info *info);
 *
 * in 64-bit mode. docs/boot-protocol.md gives the state of the machine at that moment and a worked example.
 *
 * The file stands alone: it needs a compiler's <stdint.h> and nothing else, and may be copied into another project.
 * Fields are only ever added at the end of a structure; `size` and `version` tell a kernel what is there.
 */
#ifndef CORRODE_BOOT_PROTOCOL_H
#define CORRODE_BOOT_PROTOCOL_H

#include <stdint.h>

#define BOOT_PROTOCOL_VERSION 1

/*
 * A pointer in the hand-off: a virtual address, inside the direct map, that the kernel may use as it is. The loader
 * itself, which also runs as 32-bit code, defines BOOT_LOADER and sees a 64-bit integer.
 */
#ifdef BOOT_LOADER
#define BOOT_PTR(type) uint64_t
#else
#define BOOT_PTR(type) type *
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * What a kernel asks for
 */

#define BOOT_NOTE_NAME "Corrode" /* n_name of the ELF note, 8 bytes with its NUL */
#define BOOT_NOTE_REQUEST 1      /* n_type: the descriptor is a struct boot_request */

#define BOOT_DEFAULT_STACK_SIZE 0x10000ull             /* 64 KiB */
#define BOOT_DEFAULT_DIRECT_MAP 0xffff800000000000ull  /* first address of the higher half */
#define BOOT_DEFAULT_KERNEL_BASE 0xffffffff80000000ull /* where an ET_DYN kernel linked below 1 MiB goes: -2 GiB */

/* boot_request.flags */
#define BOOT_REQUEST_KASLR (1u << 0)    /* ET_DYN only: slide the kernel to a random address */
#define BOOT_REQUEST_PHYSICAL (1u << 1) /* load every segment at its p_paddr; without it the loader chooses */

/* boot_request.video. `video =` in corrode.conf overrides it. */
enum boot_video {
    BOOT_VIDEO_ANY = 0,         /* what the firmware has set already: fastest */
    BOOT_VIDEO_TEXT = 1,        /* 80x25 VGA text where the firmware has it (BIOS), else a framebuffer */
    BOOT_VIDEO_FRAMEBUFFER = 2, /* a linear framebuffer where there is one, else text */
};

/* The descriptor of the note. A zero means "the default" everywhere; unknown flags are refused. */
struct boot_request {
    uint32_t version;      /* BOOT_PROTOCOL_VERSION that the kernel was built for */
    uint32_t size;         /* sizeof(struct boot_request) */
    uint32_t flags;        /* BOOT_REQUEST_* */
    uint32_t video;        /* enum boot_video */
    uint32_t video_width;  /* pixels; 0: the screen's preferred mode */
    uint32_t video_height; /* pixels */
    uint32_t video_bpp;    /* bits a pixel, 16, 24 or 32; 0: 32 where possible */
    uint32_t reserved;     /* 0 */
    uint64_t stack_size;   /* bytes, rounded up to whole pages */
    uint64_t direct_map;   /* virtual address at which physical address 0 shall appear; 1 GiB aligned */
};

/*
 * Puts the request into the kernel. Use once, at file scope, with designated initialisers:
 *
 *     BOOT_REQUEST(.stack_size = 0x8000, .video = BOOT_VIDEO_TEXT);
 *
 * `used` and `retain` keep the note through garbage collection of sections and link-time optimisation; `aligned` keeps
 * GCC from aligning it more than a note is.
 */
#if defined(__has_attribute)
#if __has_attribute(retain)
#define BOOT_NOTE_ATTRIBUTES used, retain
#endif
#endif
#ifndef BOOT_NOTE_ATTRIBUTES
#define BOOT_NOTE_ATTRIBUTES used
#endif

struct boot_request_note {
    uint32_t name_size;
    uint32_t descriptor_size;
    uint32_t type;
    char name[8];
    struct boot_request request;
} __attribute__((packed, aligned(4)));

#define BOOT_REQUEST(...)                                                                                              \
    __attribute__((section(".note.corrode"), aligned(4),                                                               \
        BOOT_NOTE_ATTRIBUTES)) static const struct boot_request_note boot_request_note = {                             \
        .name_size = sizeof BOOT_NOTE_NAME,                                                                            \
        .descriptor_size = sizeof(struct boot_request),                                                                \
        .type = BOOT_NOTE_REQUEST,                                                                                     \
        .name = BOOT_NOTE_NAME,                                                                                        \
        .request = {.version = BOOT_PROTOCOL_VERSION, .size = sizeof(struct boot_request), __VA_ARGS__},               \
    }

/* ------------------------------------------------------------------------------------------------------------------
 * What a kernel receives
 */

#define BOOT_INFO_MAGIC 0x6f666e4965646f43ull /* "CodeInfo" in memory order */

/*
 * One range of physical memory. The map is sorted, its ranges do not overlap, base and length are multiples of 4 KiB,
 * and neighbours differ in type. Page 0 is never USABLE. What the map does not list is not memory.
 */
enum boot_memory_type {
    BOOT_MEMORY_USABLE = 1,           /* free: take it */
    BOOT_MEMORY_BOOT = 2,             /* boot_info, page tables, GDT, the loader's fault handler: free once replaced */
    BOOT_MEMORY_STACK = 3,            /* the stack that the kernel was entered on */
    BOOT_MEMORY_KERNEL = 4,           /* the kernel's segments */
    BOOT_MEMORY_MODULE = 5,           /* modules; free once they are used up */
    BOOT_MEMORY_ACPI_RECLAIMABLE = 6, /* ACPI tables: free once they are read */
    BOOT_MEMORY_ACPI_NVS = 7,         /* the firmware's across sleep: never touch */
    BOOT_MEMORY_FIRMWARE = 8,         /* UEFI runtime services: keep, and map to call them */
    BOOT_MEMORY_RESERVED = 9,         /* anything else that the firmware holds, and every type unknown to the loader */
    BOOT_MEMORY_FRAMEBUFFER = 10,     /* the screen */
    BOOT_MEMORY_BAD = 11,             /* reported as faulty */
};

struct boot_memory {
    uint64_t base;     /* physical address */
    uint64_t length;   /* bytes */
    uint32_t type;     /* enum boot_memory_type */
    uint32_t reserved; /* 0 */
};

/* A file that was loaded beside the kernel. `data` is page aligned; the rest of its last page is zero. */
struct boot_module {
    BOOT_PTR(const void) data;
    uint64_t size;             /* bytes */
    BOOT_PTR(const char) name; /* the path in corrode.conf */
    uint64_t physical;         /* physical address of data */
};

/* One colour of a pixel: `size` bits, the lowest at bit `shift`. */
struct boot_pixel_field {
    uint8_t shift;
    uint8_t size;
};

/* The linear framebuffer, mapped write-combining; address is NULL when there is none. */
struct boot_framebuffer {
    BOOT_PTR(void) address;
    uint64_t physical;
    uint32_t width;  /* pixels */
    uint32_t height; /* lines */
    uint32_t pitch;  /* bytes from one line to the next */
    uint32_t bpp;    /* bits a pixel: 16, 24 or 32 */
    struct boot_pixel_field red, green, blue;
    uint16_t reserved;
};

/* The VGA text screen: cells of two bytes, character then attribute. cells is NULL when there is none. */
struct boot_text {
    BOOT_PTR(uint16_t) cells;
    uint32_t columns;
    uint32_t rows;
    uint32_t cursor_column; /* where the firmware and the loader stopped writing */
    uint32_t cursor_row;
};

/* The serial port that the loader found and has set up as 8N1; port is 0 when there is none or it was turned off. */
struct boot_serial {
    uint16_t port; /* I/O port of a 16550 */
    uint16_t reserved;
    uint32_t baud;
};

enum boot_firmware {
    BOOT_FIRMWARE_BIOS = 1,
    BOOT_FIRMWARE_UEFI = 2,
    BOOT_FIRMWARE_PVH = 3, /* no firmware: a virtual machine monitor started the loader */
};

/* What UEFI left behind; all zero elsewhere. Boot services have ended; runtime services are in physical mode. */
struct boot_efi {
    uint64_t system_table;           /* physical address of EFI_SYSTEM_TABLE */
    BOOT_PTR(const void) memory_map; /* the final map as the firmware gave it, for SetVirtualAddressMap */
    uint64_t memory_map_size;        /* bytes */
    uint32_t descriptor_size;        /* step from one descriptor to the next */
    uint32_t descriptor_version;
};

struct boot_info {
    uint64_t magic;     /* BOOT_INFO_MAGIC */
    uint32_t version;   /* BOOT_PROTOCOL_VERSION of the loader */
    uint32_t size;      /* sizeof(struct boot_info) of the loader */
    uint32_t firmware;  /* enum boot_firmware */
    uint32_t seed_bits; /* how much entropy the loader believes is in seed: 0 to 256 */
    uint8_t seed[32];   /* random bytes: RDSEED, RDRAND, the firmware's generator, timing; wipe after use */

    BOOT_PTR(const char) loader;  /* name and version of the loader, such as "Corrode 0.1" */
    BOOT_PTR(const char) cmdline; /* the kernel's command line; "" when there is none */

    BOOT_PTR(const struct boot_memory) memory;
    uint64_t memory_count;
    BOOT_PTR(const struct boot_module) modules;
    uint64_t module_count;

    /*
     * Where physical address 0 appears. Mapped there, writable and never executable: all RAM of the map, the first MiB
     * whole, the framebuffer (write-combining), and what the firmware reserved below 4 GiB (uncached).
     */
    uint64_t direct_map;
    uint64_t direct_map_size; /* bytes, from physical 0 to the end of the highest RAM */

    uint64_t kernel_physical; /* of the lowest segment; the image is contiguous */
    uint64_t kernel_virtual;
    uint64_t kernel_size;  /* bytes in memory, whole pages */
    uint64_t kernel_slide; /* added to every link-time address; 0 for ET_EXEC */

    uint64_t stack_base; /* lowest virtual address; the page below is not mapped */
    uint64_t stack_size; /* bytes */

    uint64_t page_table; /* physical address of the PML4 that is in CR3 */

    struct boot_framebuffer framebuffer;
    struct boot_text text;
    struct boot_serial serial;

    uint64_t rsdp;   /* physical address of the ACPI RSDP; 0: none found */
    uint64_t smbios; /* physical address of the SMBIOS entry point, 3.x preferred; 0: none found */
    struct boot_efi efi;

    uint64_t tsc_at_entry; /* time-stamp counter when the first stage of the loader in C began */
};

/* The same layout for 32-bit and 64-bit compilers: every 64-bit field lies at a multiple of 8. */
_Static_assert(sizeof(struct boot_request) == 48, "boot_request");
_Static_assert(sizeof(struct boot_memory) == 24, "boot_memory");
_Static_assert(sizeof(struct boot_module) == 32, "boot_module");
_Static_assert(sizeof(struct boot_framebuffer) == 40, "boot_framebuffer");
_Static_assert(sizeof(struct boot_text) == 24, "boot_text");
_Static_assert(sizeof(struct boot_efi) == 32, "boot_efi");
_Static_assert(sizeof(struct boot_info) == 304, "boot_info");

/* ------------------------------------------------------------------------------------------------------------------
 * What a kernel may report
 *
 * Under QEMU with `-device isa-debug-exit,iobase=0xf4,iosize=4` a byte V written to the port ends QEMU with status
 * (V << 1) | 1. `corrode run` and `corrode test` add the device and understand these. Write it only when CPUID says
 * that there is a hypervisor (leaf 1, ECX bit 31): on a PC the port may belong to anything.
 */
#define BOOT_EXIT_PORT 0xf4
enum boot_exit {
    BOOT_EXIT_SUCCESS = 0x10, /* the kernel did what it was started for */
    BOOT_EXIT_FAILURE = 0x11, /* it could not, and said why */
    BOOT_EXIT_PANIC = 0x12,   /* it met a state that should be impossible, or a processor exception */
    BOOT_EXIT_LOADER = 0x13,  /* the loader could not start a kernel, and said why */
    BOOT_EXIT_RESTART = 0x14, /* the machine shall start anew; if it is still there, the kernel resets it */
};

#endif
