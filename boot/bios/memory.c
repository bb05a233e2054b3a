/*
 * What memory there is: INT 15h AX=E820h, else AX=E801h, else AH=88h, and what the BIOS keeps for itself below 640 KiB.
 *
 * Sources: ACPI 6.5, 15.1 (E820); Ralf Brown's Interrupt List, INT 15h AX=E801h and AH=88h, INT 12h; BIOS data area,
 * word 40:0E (segment of the extended BIOS data area).
 */
#include "boot/bios/bios.h"

#include "boot/loader/error.h"

#define SMAP 0x534d4150
#define MAX_ENTRIES 1024 /* a BIOS whose list never ends must not hang the boot */
#define LOW_LIMIT 0xa0000

struct e820_entry {
    uint64_t base, length;
    uint32_t type, attributes;
} __attribute__((packed));

/* Was there at least one entry? */
static bool add_e820(struct memory_map *map)
{
    static struct e820_entry entry;
    uint32_t next = 0;
    bool any = false;
    for (int i = 0; i < MAX_ENTRIES; i++) {
        entry = (struct e820_entry){.attributes = 1}; /* for a BIOS that fills in only 20 bytes */
        struct bios_registers r = {.eax = 0xe820,
            .ebx = next,
            .ecx = sizeof entry,
            .edx = SMAP,
            .es = bios_segment(&entry),
            .edi = bios_offset(&entry)};
        bios_call(0x15, &r);
        /* Carry after the first call is how some say that the list has ended. */
        if (bios_failed(&r) || r.eax != SMAP || r.ecx < 20)
            break;
        if (entry.length > 0 && (r.ecx < 24 || (entry.attributes & 1))) {
            memory_map_add(map, entry.base, entry.length, i386_memory_type(entry.type));
            any = true;
        }
        next = r.ebx;
        if (next == 0)
            break;
    }
    return any;
}

/* Two counts: KiB from 1 to 16 MiB, and 64 KiB blocks above. Some BIOSes answer in AX and BX, some in CX and DX. */
static bool add_e801(struct memory_map *map)
{
    struct bios_registers r = {.eax = 0xe801};
    bios_call(0x15, &r);
    if (bios_failed(&r))
        return false;
    uint32_t low = (r.ecx | r.edx) & 0xffff ? r.ecx & 0xffff : r.eax & 0xffff;
    uint32_t high = (r.ecx | r.edx) & 0xffff ? r.edx & 0xffff : r.ebx & 0xffff;
    memory_map_add(map, MIB(1), KIB(low < 15 * 1024 ? low : 15 * 1024), BOOT_MEMORY_USABLE);
    memory_map_add(map, MIB(16), (uint64_t)high << 16, BOOT_MEMORY_USABLE);
    return low > 0;
}

static bool add_88(struct memory_map *map)
{
    struct bios_registers r = {.eax = 0x8800};
    bios_call(0x15, &r);
    if (bios_failed(&r) || (r.eax & 0xffff) == 0)
        return false;
    memory_map_add(map, MIB(1), KIB(r.eax & 0xffff), BOOT_MEMORY_USABLE);
    return true;
}

/* Bytes of memory below 640 KiB that the BIOS leaves to others: the least of what INT 12h and the EBDA pointer say. */
static uint32_t low_memory(void)
{
    struct bios_registers r = {.eax = 0};
    bios_call(0x12, &r);
    uint32_t end = (r.eax & 0xffff) * 1024;
    uint32_t ebda = *(volatile uint16_t *)0x40e * 16u;
    if (ebda >= 0x10000 && ebda < end)
        end = ebda;
    return end >= 0x10000 && end <= LOW_LIMIT ? end : LOW_LIMIT - 0x400;
}

int bios_memory_map(struct memory_map *map)
{
    uint32_t low = low_memory();
    if (!add_e820(map)) {
        memory_map_add(map, 0, low, BOOT_MEMORY_USABLE);
        if (!add_e801(map) && !add_88(map))
            return loader_error("The BIOS does not say how much memory there is (INT 15h E820h, E801h and 88h all "
                                "fail). Update the BIOS.");
    }
    memory_map_add(map, low, MIB(1) - low, BOOT_MEMORY_RESERVED);
    return 0;
}
