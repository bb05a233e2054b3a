/*
 * The kernel loader's view of ELF: decode and check everything first (elf_plan), then act (elf_load, elf_relocate).
 *
 * The file is not trusted: every offset is compared with the file's size and every address with the image's range
 * before it is used, in arithmetic that cannot wrap.
 *
 * Sources: System V ABI, edition 4.1, chapter 5 (program headers, dynamic section); gABI (DT_RELR); lib/elf.h.
 */
#include "boot/loader/elf.h"

#include "boot/loader/error.h"
#include "lib/string.h"

#define MAX_PROGRAM_HEADERS 64
#define MAX_NOTES_SIZE 4096
#define LOWER_HALF_END 0x0000800000000000ull
#define HIGHER_HALF 0xffff800000000000ull
#define MAX_IMAGE GIB(1)
#define MAX_ALIGN MIB(512) /* what is more is ignored */
#define NOT_STATIC "is dynamically linked; link the kernel with -static or -static-pie, without undefined symbols."

/* Is [address, address + size) canonical, and clear of the very last page? */
static bool is_canonical_range(vaddr_t address, uint64_t size)
{
    vaddr_t end = address + size;
    return end >= address && (address >= HIGHER_HALF ? end < -(uint64_t)PAGE_SIZE : end <= LOWER_HALF_END);
}

/* "FILE: PROBLEM", for problems that need no numbers. */
static int bad(const struct elf_source *source, const char *problem)
{
    return loader_error("%s: %s", source->path, problem);
}

static int cut_off(const struct elf_source *source)
{
    return bad(source, "the file was cut off: its headers speak of more than it has. Copy the kernel again.");
}

static int check_header(struct elf_source *source, const struct elf64_ehdr *header)
{
    if (header->e_magic != ELF_MAGIC)
        return bad(source, "is not an ELF file, so it is no kernel.");
    if (header->e_class != ELFCLASS64)
        return bad(source, "is not 64-bit (its ELF class says so); build the kernel for x86-64.");
    if (header->e_data != ELFDATA2LSB || header->e_machine != EM_X86_64)
        return loader_error("%s: was built for another processor (ELF machine %u); build the kernel for x86-64.",
            source->path, header->e_machine);
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return bad(source, "is not an executable; link the kernel.");
    if (header->e_phentsize != sizeof(struct elf64_phdr) || header->e_phnum == 0 ||
        header->e_phnum > MAX_PROGRAM_HEADERS)
        return bad(source, "has no program headers, or too many; link the kernel again.");
    return 0;
}

static int plan_segment(struct elf_source *source, const struct elf64_phdr *header, struct elf_plan *plan)
{
    const char *problem = NULL;
    if (header->p_memsz == 0)
        return 0;
    if (header->p_offset > source->size || header->p_filesz > source->size - header->p_offset)
        return cut_off(source);
    if (plan->segment_count == ELF_MAX_SEGMENTS)
        return bad(source, "has too many segments.");
    if (header->p_filesz > header->p_memsz)
        problem = "is larger in the file than in memory";
    else if (!is_canonical_range(header->p_vaddr, header->p_memsz))
        problem = "lies outside the address space";
    else if ((header->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
        problem = "is both writable and executable; link with -z separate-code";
    if (problem)
        return loader_error("%s: the segment at %#llx %s.", source->path, (unsigned long long)header->p_vaddr, problem);

    struct elf_segment *segment = &plan->segments[plan->segment_count++];
    *segment = (struct elf_segment){
        .address = header->p_vaddr,
        .offset = header->p_offset,
        .file_size = header->p_filesz,
        .size = header->p_memsz,
        .flags = header->p_flags,
    };
    /* Keep them sorted: they nearly always are. */
    for (; segment > plan->segments && segment[-1].address > segment->address; segment--) {
        struct elf_segment swap = segment[-1];
        segment[-1] = *segment;
        *segment = swap;
    }
    uint64_t align = header->p_align;
    if (align > plan->align && (align & (align - 1)) == 0 && align <= MAX_ALIGN)
        plan->align = align;

    paddr_t physical_of_zero = header->p_paddr - header->p_vaddr;
    if (plan->segment_count == 1)
        plan->physical_base = physical_of_zero; /* of virtual address 0, until the base is known */
    else if (plan->physical_base != physical_of_zero && (plan->request.flags & BOOT_REQUEST_PHYSICAL))
        return bad(source, "asks for physical addresses, but p_vaddr - p_paddr is not the same for all segments.");
    return 0;
}

/* After all segments are known: whole pages, no page of two segments, the range of the image. */
static int plan_image(struct elf_source *source, struct elf_plan *plan)
{
    if (plan->segment_count == 0)
        return bad(source, "has nothing to load.");
    bool entry_is_code = false;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *s = &plan->segments[i];
        plan->end = align_up(s->address + s->size, PAGE_SIZE);
        if ((s->flags & PF_X) && plan->entry - s->address < s->size)
            entry_is_code = true;
        if (i + 1 < plan->segment_count && plan->end > s[1].address)
            return loader_error("%s: the segments at %#llx and %#llx overlap or share a page; link with "
                                "-z max-page-size=4096 -z separate-code.",
                source->path, (unsigned long long)s->address, (unsigned long long)s[1].address);
    }
    plan->base = align_down(plan->segments[0].address, PAGE_SIZE);
    plan->physical_base += plan->base;
    if (plan->end - plan->base > MAX_IMAGE)
        return bad(source, "spans more than 1 GiB from its first to its last byte.");
    if (!plan->is_position_independent && plan->base < MIB(1))
        return bad(source, "wants to be below 1 MiB, which belongs to the loader; link it higher.");
    if (!entry_is_code)
        return loader_error("%s: its entry point %#llx is not in an executable segment.", source->path,
            (unsigned long long)plan->entry);
    return 0;
}

/* Looks for the request in one note segment. 1 when it was found. */
static int find_request(struct elf_source *source, const struct elf64_phdr *header, struct elf_plan *plan)
{
    static uint8_t notes[MAX_NOTES_SIZE];
    uint64_t size = min_u64(header->p_filesz, sizeof notes);
    if (header->p_offset > source->size || size > source->size - header->p_offset)
        return cut_off(source);
    if (source->read(source, header->p_offset, notes, size) < 0)
        return -1;
    uint64_t align = header->p_align == 8 ? 8 : 4;
    for (uint64_t at = 0; at + sizeof(struct elf64_nhdr) <= size;) {
        struct elf64_nhdr note;
        memcpy(&note, notes + at, sizeof note);
        uint64_t name = at + sizeof note;
        uint64_t descriptor = align_up(name + note.n_namesz, align);
        uint64_t next = align_up(descriptor + note.n_descsz, align);
        if (next > align_up(size, align) || descriptor + note.n_descsz > size)
            break;
        if (note.n_type == BOOT_NOTE_REQUEST && note.n_namesz == sizeof BOOT_NOTE_NAME &&
            memcmp(notes + name, BOOT_NOTE_NAME, sizeof BOOT_NOTE_NAME) == 0) {
            memset(&plan->request, 0, sizeof plan->request);
            memcpy(&plan->request, notes + descriptor, min_u64(note.n_descsz, sizeof plan->request));
            return 1;
        }
        at = next;
    }
    return 0;
}

static int check_request(const struct elf_source *source, const struct boot_request *request)
{
    uint32_t unknown = request->flags & ~(uint32_t)(BOOT_REQUEST_KASLR | BOOT_REQUEST_PHYSICAL);
    if (request->version != BOOT_PROTOCOL_VERSION || unknown || request->video > BOOT_VIDEO_FRAMEBUFFER)
        return loader_error("%s: speaks version %u of the boot protocol (flags %#x), this loader version %d; make the "
                            "image anew with the corrode that the kernel was built for.",
            source->path, request->version, request->flags, BOOT_PROTOCOL_VERSION);
    if (request->stack_size > MIB(64))
        return bad(source, "asks for a stack of more than 64 MiB.");
    uint64_t map = request->direct_map;
    if (!is_aligned(map, GIB(1)) || (map >= LOWER_HALF_END && map < HIGHER_HALF))
        return loader_error("%s: wants its direct map at %#llx, which is not a canonical multiple of 1 GiB.",
            source->path, (unsigned long long)map);
    return 0;
}

int elf_plan(struct elf_source *source, struct elf_plan *plan)
{
    static struct elf64_phdr headers[MAX_PROGRAM_HEADERS];
    struct elf64_ehdr header;

    memset(plan, 0, sizeof *plan);
    plan->align = PAGE_SIZE;
    if (source->size < sizeof header)
        return bad(source, "is too short to be a kernel.");
    if (source->read(source, 0, &header, sizeof header) < 0 || check_header(source, &header) < 0)
        return -1;
    uint64_t headers_size = header.e_phnum * sizeof headers[0];
    if (header.e_phoff > source->size || headers_size > source->size - header.e_phoff)
        return cut_off(source);
    if (source->read(source, header.e_phoff, headers, headers_size) < 0)
        return -1;
    plan->entry = header.e_entry;
    plan->is_position_independent = header.e_type == ET_DYN;

    int found = 0;
    for (int i = 0; i < header.e_phnum && !found; i++)
        if (headers[i].p_type == PT_NOTE && (found = find_request(source, &headers[i], plan)) < 0)
            return -1;
    if (!found)
        return bad(source, "has no Corrode boot note, so it does not know this boot protocol; add BOOT_REQUEST(...) of "
                           "boot/protocol.h.");
    if (check_request(source, &plan->request) < 0)
        return -1;

    for (int i = 0; i < header.e_phnum; i++) {
        const struct elf64_phdr *h = &headers[i];
        if (h->p_type == PT_INTERP)
            return bad(source, NOT_STATIC);
        if (h->p_type == PT_DYNAMIC) {
            plan->dynamic = h->p_vaddr;
            plan->dynamic_size = h->p_memsz;
        }
        if (h->p_type == PT_LOAD && plan_segment(source, h, plan) < 0)
            return -1;
    }
    return plan_image(source, plan);
}

int elf_load(struct elf_source *source, const struct elf_plan *plan, uint8_t *image)
{
    uint64_t filled = 0; /* everything below is written */
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];
        uint64_t at = segment->address - plan->base;
        memset(image + filled, 0, at - filled);
        if (source->read(source, segment->offset, image + at, segment->file_size) < 0)
            return -1;
        filled = at + segment->file_size;
    }
    memset(image + filled, 0, plan->end - plan->base - filled);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Relocation
 */

struct relocation {
    const struct elf_source *source;
    const struct elf_plan *plan;
    uint8_t *image;
    uint64_t slide;
};

/* The bytes at a link-time address; NULL when the range is not all in the image. */
static uint8_t *image_at(const struct relocation *r, vaddr_t address, uint64_t size)
{
    uint64_t image_size = r->plan->end - r->plan->base, at = address - r->plan->base;
    return at <= image_size && size <= image_size - at ? r->image + at : NULL;
}

static int bad_relocations(const struct relocation *r)
{
    return bad(r->source, "its relocation tables are damaged. Link the kernel again.");
}

static int apply_rela(const struct relocation *r, vaddr_t table, uint64_t size)
{
    const uint8_t *entries = image_at(r, table, size);
    if (!entries)
        return bad_relocations(r);
    for (; size >= sizeof(struct elf64_rela); size -= sizeof(struct elf64_rela), entries += sizeof(struct elf64_rela)) {
        struct elf64_rela rela;
        memcpy(&rela, entries, sizeof rela);
        uint32_t type = (uint32_t)rela.r_info;
        if (type == R_X86_64_NONE)
            continue;
        if (type != R_X86_64_RELATIVE)
            return bad(r->source, NOT_STATIC);
        uint8_t *target = image_at(r, rela.r_offset, sizeof(uint64_t));
        if (!target)
            return bad_relocations(r);
        uint64_t value = (uint64_t)rela.r_addend + r->slide;
        memcpy(target, &value, sizeof value);
    }
    return 0;
}

static int slide_word(const struct relocation *r, vaddr_t address)
{
    uint8_t *target = image_at(r, address, sizeof(uint64_t));
    if (!target)
        return bad_relocations(r);
    uint64_t value;
    memcpy(&value, target, sizeof value);
    value += r->slide;
    memcpy(target, &value, sizeof value);
    return 0;
}

/* DT_RELR: an even word is an address to slide, an odd one a bit map of the 63 words that follow. */
static int apply_relr(const struct relocation *r, vaddr_t table, uint64_t size)
{
    const uint8_t *words = image_at(r, table, size);
    if (!words)
        return bad_relocations(r);
    vaddr_t where = 0;
    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), words += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, words, sizeof word);
        if ((word & 1) == 0) {
            if (slide_word(r, word) < 0)
                return -1;
            where = word + 8;
            continue;
        }
        for (int bit = 1; bit < 64; bit++)
            if ((word >> bit & 1) && slide_word(r, where + 8 * (uint64_t)(bit - 1)) < 0)
                return -1;
        where += 63 * 8;
    }
    return 0;
}

int elf_relocate(const struct elf_source *source, const struct elf_plan *plan, uint8_t *image, uint64_t slide)
{
    struct relocation r = {.source = source, .plan = plan, .image = image, .slide = slide};
    uint64_t rela = 0, rela_size = 0, relr = 0, relr_size = 0;

    if (plan->dynamic_size == 0)
        return 0;
    const uint8_t *dynamic = image_at(&r, plan->dynamic, plan->dynamic_size);
    if (!dynamic)
        return bad_relocations(&r);
    for (uint64_t at = 0; at + sizeof(struct elf64_dyn) <= plan->dynamic_size; at += sizeof(struct elf64_dyn)) {
        struct elf64_dyn entry;
        memcpy(&entry, dynamic + at, sizeof entry);
        if (entry.d_tag == DT_NULL)
            break;
        switch (entry.d_tag) {
        case DT_RELA: rela = entry.d_val; break;
        case DT_RELASZ: rela_size = entry.d_val; break;
        case DT_RELR: relr = entry.d_val; break;
        case DT_RELRSZ: relr_size = entry.d_val; break;
        case DT_NEEDED:
        case DT_REL:
        case DT_JMPREL: return bad(source, NOT_STATIC);
        }
    }
    if (rela_size && apply_rela(&r, rela, rela_size) < 0)
        return -1;
    if (relr_size && apply_relr(&r, relr, relr_size) < 0)
        return -1;
    return 0;
}
