/*
 * Kernels for tests: see elf_file.h.
 */
#include "tests/unit/boot/elf_file.h"

#include "boot/loader/error.h"

#include <stdlib.h>
#include <string.h>

/* One program header for [OFFSET, OFFSET + SIZE) of the file, which lies at the same place in memory. */
static struct elf64_phdr segment(uint32_t type, uint32_t flags, uint64_t offset, uint64_t size, uint64_t align)
{
    return (struct elf64_phdr){
        .p_type = type,
        .p_flags = flags,
        .p_offset = offset,
        .p_vaddr = ELF_FILE_BASE + offset,
        .p_paddr = ELF_FILE_PHYSICAL + offset,
        .p_filesz = size,
        .p_memsz = size,
        .p_align = align,
    };
}

void elf_file_make(struct elf_file *file)
{
    memset(file, 0, sizeof *file);
    file->header = (struct elf64_ehdr){
        .e_magic = ELF_MAGIC,
        .e_class = ELFCLASS64,
        .e_data = ELFDATA2LSB,
        .e_version_ident = 1,
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = 1,
        .e_entry = ELF_FILE_TEXT,
        .e_phoff = offsetof(struct elf_file, segments),
        .e_ehsize = sizeof(struct elf64_ehdr),
        .e_phentsize = sizeof(struct elf64_phdr),
        .e_phnum = ELF_FILE_SEGMENTS,
    };
    struct elf64_phdr *s = file->segments;
    s[ELF_FILE_NOTE] = segment(PT_NOTE, PF_R, offsetof(struct elf_file, note), sizeof file->note, 4);
    s[ELF_FILE_DYNAMIC] = segment(PT_DYNAMIC, PF_R | PF_W, offsetof(struct elf_file, dynamic), sizeof file->dynamic, 8);
    s[ELF_FILE_LOAD_HEADERS] = segment(PT_LOAD, PF_R, 0, 0x1000, 0x1000);
    s[ELF_FILE_LOAD_TEXT] = segment(PT_LOAD, PF_R | PF_X, 0x1000, 0x1000, 0x1000);
    s[ELF_FILE_LOAD_TABLES] = segment(PT_LOAD, PF_R, 0x2000, 0x1000, 0x1000);
    s[ELF_FILE_LOAD_DATA] = segment(PT_LOAD, PF_R | PF_W, 0x3000, 0x1000, 0x1000);
    s[ELF_FILE_LOAD_DATA].p_memsz += ELF_FILE_BSS_SIZE;
    file->note = (struct boot_request_note){
        .name_size = sizeof BOOT_NOTE_NAME,
        .descriptor_size = sizeof(struct boot_request),
        .type = BOOT_NOTE_REQUEST,
        .name = BOOT_NOTE_NAME,
        .request = {.version = BOOT_PROTOCOL_VERSION, .size = sizeof(struct boot_request)},
    };
    for (size_t i = 0; i < sizeof file->text; i++)
        file->text[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < ARRAY_LENGTH(file->words); i++)
        file->words[i] = 0x1111111100000000 + i;
}

static int read_memory(struct elf_source *source, uint64_t offset, void *to, uint64_t length)
{
    const struct elf_memory *memory = (const struct elf_memory *)source;
    if (offset > source->size || length > source->size - offset)
        abort(); /* the loader must not even ask */
    if (memory->fail_at >= offset && memory->fail_at - offset < length)
        return loader_error("The test file cannot be read at byte %llu.", (unsigned long long)memory->fail_at);
    memcpy(to, memory->bytes + offset, length);
    return 0;
}

void elf_memory_open(struct elf_memory *memory, const void *bytes, uint64_t size)
{
    *memory = (struct elf_memory){
        .source = {.read = read_memory, .size = size, .path = "/kernel"},
        .bytes = bytes,
        .fail_at = UINT64_MAX,
    };
}

/* ------------------------------------------------------------------------------------------------------------------
 * Plans
 */

#define LOWER_HALF_END (1ull << 47)
#define HIGHER_HALF (-(1ull << 47))

static const char *segment_problem(const struct elf_plan *plan, const struct elf_segment *s, uint64_t size)
{
    typedef unsigned __int128 wide; /* so that nothing here wraps */
    wide end = (wide)s->address + s->size;
    if (s->size == 0 || s->file_size > s->size)
        return "a segment is empty, or larger in the file";
    if ((wide)s->offset + s->file_size > size)
        return "a segment reaches beyond the file";
    if (s->address < LOWER_HALF_END && end > LOWER_HALF_END)
        return "a segment leaves the lower half";
    if (s->address >= LOWER_HALF_END && (s->address < HIGHER_HALF || end > -(uint64_t)PAGE_SIZE))
        return "a segment is not canonical, or in the last page";
    if (s->address < plan->base || end > plan->end)
        return "a segment lies outside the image";
    if ((s->flags & PF_W) && (s->flags & PF_X))
        return "a segment is writable and executable";
    return NULL;
}

const char *elf_plan_problem(const struct elf_plan *plan, uint64_t size)
{
    bool entry_is_code = false;
    if (plan->segment_count == 0 || plan->segment_count > ELF_MAX_SEGMENTS)
        return "no segments, or too many";
    if (!is_aligned(plan->base | plan->end, PAGE_SIZE) || plan->end <= plan->base || plan->end - plan->base > GIB(1))
        return "the image is empty, too large, or not whole pages";
    if (plan->align < PAGE_SIZE || plan->align > MIB(512) || (plan->align & (plan->align - 1)) != 0)
        return "the alignment is none";
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *s = &plan->segments[i];
        const char *problem = segment_problem(plan, s, size);
        if (problem)
            return problem;
        if (i > 0 && s->address / PAGE_SIZE <= (s[-1].address + s[-1].size - 1) / PAGE_SIZE)
            return "segments share a page, or are not sorted";
        if ((s->flags & PF_X) && plan->entry >= s->address && plan->entry - s->address < s->size)
            entry_is_code = true;
    }
    if (plan->segments[0].address / PAGE_SIZE != plan->base / PAGE_SIZE)
        return "the image does not begin with its first segment";
    if (!entry_is_code)
        return "the entry point is not code";
    if (!plan->is_position_independent && plan->base < MIB(1))
        return "an executable below 1 MiB";
    return NULL;
}
