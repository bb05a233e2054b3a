/*
 * The part of UEFI that the loader uses, declared after the specification. Slots that it does not use are only counted.
 *
 * Constants keep the specification's names. Every function follows the Microsoft calling convention, which is the
 * target's own.
 *
 * Source: UEFI 2.10; the chapter stands beside each piece.
 */
#ifndef CORRODE_BOOT_EFI_H
#define CORRODE_BOOT_EFI_H

#include "lib/types.h"

/* 2.3.1, appendix D */
typedef uint64_t efi_status_t;
typedef void *efi_handle_t;

#define EFI_ERROR(status) ((status) >> 63 != 0)
#define EFI_ERROR_CODE(n) (1ull << 63 | (n))
#define EFI_SUCCESS 0ull
#define EFI_LOAD_ERROR EFI_ERROR_CODE(1)
#define EFI_BUFFER_TOO_SMALL EFI_ERROR_CODE(5)

struct efi_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

struct efi_header { /* 4.2 */
    uint64_t signature;
    uint32_t revision, size, crc32, reserved;
};

/* ------------------------------------------------------------------------------------------------------------------
 * Console (12.3, 12.4)
 */

struct efi_input_key {
    uint16_t scan_code, unicode;
};

struct efi_text_input {
    efi_status_t (*reset)(struct efi_text_input *self, bool extended);
    efi_status_t (*read_key)(struct efi_text_input *self, struct efi_input_key *key);
    void *wait_for_key;
};

struct efi_text_output {
    void *reset;
    efi_status_t (*output_string)(struct efi_text_output *self, const uint16_t *text);
    /* The rest is of no use here. */
};

/* ------------------------------------------------------------------------------------------------------------------
 * Boot services (4.4, 7)
 */

enum efi_allocate_type { AllocateAnyPages, AllocateMaxAddress, AllocateAddress };

enum efi_memory_type {
    EfiReservedMemoryType,
    EfiLoaderCode,
    EfiLoaderData,
    EfiBootServicesCode,
    EfiBootServicesData,
    EfiRuntimeServicesCode,
    EfiRuntimeServicesData,
    EfiConventionalMemory,
    EfiUnusableMemory,
    EfiACPIReclaimMemory,
    EfiACPIMemoryNVS,
};

#define EFI_MEMORY_XP 0x4000ull
#define EFI_MEMORY_RO 0x20000ull
#define EFI_MEMORY_SP 0x40000ull /* "specific purpose": not for general use */

struct efi_memory_descriptor { /* firmware may append fields: step by the size that it gives */
    uint32_t type;
    uint64_t physical, virtual, pages, attributes;
};
_Static_assert(sizeof(struct efi_memory_descriptor) == 40, "EFI_MEMORY_DESCRIPTOR");

enum efi_locate_type { AllHandles, ByRegisterNotify, ByProtocol };

struct efi_boot_services {
    struct efi_header header;
    void *task_priority[2];
    efi_status_t (*allocate_pages)(
        enum efi_allocate_type how, enum efi_memory_type type, size_t pages, paddr_t *address);
    void *free_pages;
    efi_status_t (*get_memory_map)(
        size_t *size, void *map, size_t *key, size_t *descriptor_size, uint32_t *descriptor_version);
    void *allocate_pool;
    efi_status_t (*free_pool)(void *buffer);
    void *events[6], *install[3];
    efi_status_t (*handle_protocol)(efi_handle_t handle, const struct efi_guid *protocol, void *interface);
    void *reserved, *register_notify, *locate_handle, *locate_device_path, *install_table;
    void *load_image, *start_image, *exit, *unload_image;
    efi_status_t (*exit_boot_services)(efi_handle_t image, size_t map_key);
    void *get_next_monotonic_count;
    efi_status_t (*stall)(size_t microseconds);
    efi_status_t (*set_watchdog_timer)(size_t seconds, uint64_t code, size_t size, const uint16_t *text);
    efi_status_t (*connect_controller)(efi_handle_t controller, efi_handle_t *drivers, void *path, bool recursive);
    efi_status_t (*disconnect_controller)(efi_handle_t controller, efi_handle_t driver, efi_handle_t child);
    void *open_protocol, *close_protocol, *open_protocol_information, *protocols_per_handle;
    efi_status_t (*locate_handle_buffer)(
        enum efi_locate_type how, const struct efi_guid *protocol, void *key, size_t *count, efi_handle_t **handles);
    efi_status_t (*locate_protocol)(const struct efi_guid *protocol, void *registration, void *interface);
};

struct efi_configuration_table { /* 4.6 */
    struct efi_guid guid;
    void *table;
};

struct efi_system_table { /* 4.3 */
    struct efi_header header;
    const uint16_t *vendor;
    uint32_t vendor_revision;
    efi_handle_t input_handle;
    struct efi_text_input *input;
    efi_handle_t output_handle;
    struct efi_text_output *output;
    efi_handle_t error_handle;
    struct efi_text_output *error;
    void *runtime;
    struct efi_boot_services *boot;
    size_t table_count;
    const struct efi_configuration_table *tables;
};
_Static_assert(offsetof(struct efi_system_table, boot) == 96, "EFI_SYSTEM_TABLE");
_Static_assert(offsetof(struct efi_boot_services, handle_protocol) == 24 + 16 * 8, "EFI_BOOT_SERVICES");
_Static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 24 + 26 * 8, "EFI_BOOT_SERVICES");
_Static_assert(offsetof(struct efi_boot_services, locate_protocol) == 24 + 37 * 8, "EFI_BOOT_SERVICES");

#define ACPI_20_TABLE_GUID {0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}}
#define ACPI_TABLE_GUID {0xeb9d2d30, 0x2d88, 0x11d3, {0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}}
#define SMBIOS3_TABLE_GUID {0xf2fd1544, 0x9794, 0x4a2c, {0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94}}
#define SMBIOS_TABLE_GUID {0xeb9d2d31, 0x2d88, 0x11d3, {0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}}

/* ------------------------------------------------------------------------------------------------------------------
 * Protocols
 */

/* 9.1 */
#define EFI_LOADED_IMAGE_PROTOCOL_GUID {0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}}
struct efi_loaded_image {
    uint32_t revision;
    efi_handle_t parent;
    struct efi_system_table *system;
    efi_handle_t device; /* that the image was loaded from */
};

/* 10.2, 10.3.3 */
#define EFI_DEVICE_PATH_PROTOCOL_GUID {0x09576e91, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}}
#define ACPI_DEVICE_PATH 0x02
#define ACPI_DP 0x01
#define END_DEVICE_PATH 0x7f
struct efi_device_path {
    uint8_t type, subtype;
    uint16_t length;      /* of this node; the next one follows it */
    uint32_t acpi_device; /* ACPI_DEVICE_PATH, ACPI_DP: the compressed name */
} __attribute__((packed));

/* 12.8 */
#define EFI_SERIAL_IO_PROTOCOL_GUID {0xbb25cf6f, 0xf1d4, 0x11d2, {0x9a, 0x0c, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0xfd}}

/* 12.9 */
#define EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID {0x9042a9de, 0x23dc, 0x4a38, {0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a}}
enum efi_pixel_format {
    PixelRedGreenBlueReserved8BitPerColor,
    PixelBlueGreenRedReserved8BitPerColor,
    PixelBitMask,
    PixelBltOnly,
};
struct efi_graphics_information {
    uint32_t version, width, height;
    uint32_t format;                     /* enum efi_pixel_format */
    uint32_t red, green, blue, reserved; /* PixelBitMask */
    uint32_t pixels_per_line;
};
struct efi_graphics_mode {
    uint32_t mode_count, mode;
    struct efi_graphics_information *information;
    size_t information_size;
    paddr_t framebuffer;
    size_t framebuffer_size;
};
struct efi_graphics {
    efi_status_t (*query_mode)(
        struct efi_graphics *self, uint32_t mode, size_t *size, struct efi_graphics_information **information);
    efi_status_t (*set_mode)(struct efi_graphics *self, uint32_t mode);
    void *blt;
    struct efi_graphics_mode *mode;
};

/* 13.9 */
#define EFI_BLOCK_IO_PROTOCOL_GUID {0x964e5b21, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}}
struct efi_block_media {
    uint32_t id;
    bool removable, present, is_partition, read_only, caches_writes;
    uint32_t block_size;
    uint32_t alignment; /* of buffers: 0, 1 or a power of two */
    uint64_t last_block;
};
struct efi_block_io {
    uint64_t revision;
    struct efi_block_media *media;
    efi_status_t (*reset)(struct efi_block_io *self, bool extended);
    efi_status_t (*read)(struct efi_block_io *self, uint32_t media, uint64_t block, size_t size, void *buffer);
};

/* 37.5 */
#define EFI_RNG_PROTOCOL_GUID {0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}}
struct efi_rng {
    void *get_info;
    efi_status_t (*get)(struct efi_rng *self, const struct efi_guid *algorithm, size_t size, uint8_t *buffer);
};

/* 37.7 */
#define EFI_MEMORY_ATTRIBUTE_PROTOCOL_GUID                                                                             \
    {0xf4560cf6, 0x40ec, 0x4b4a, {0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89}}
struct efi_memory_attribute {
    void *get, *set;
    efi_status_t (*clear)(struct efi_memory_attribute *self, paddr_t base, uint64_t size, uint64_t attributes);
};

#endif
