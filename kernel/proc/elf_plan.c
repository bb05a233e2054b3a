/*
 * Where the segments of a program go: see elf.h. Numbers only.
 *
 * Source: System V ABI, edition 4.1, chapter 5.
 */
#include "lib/errno.h"
#include "proc/elf.h"

static bool is_sound(const struct elf64_phdr *segment)
{
    return segment->p_vaddr < USER_END && segment->p_memsz <= USER_END && segment->p_filesz <= segment->p_memsz &&
           segment->p_vaddr <= USER_END - segment->p_memsz;
}

int elf_measure(const struct elf64_phdr *segments, unsigned count, struct elf_extent *extent)
{
    uint64_t start = UINT64_MAX, end = 0, alignment = PAGE_SIZE;
    for (unsigned i = 0; i < count; i++) {
        const struct elf64_phdr *segment = &segments[i];
        if (segment->p_type != PT_LOAD)
            continue;
        if (!is_sound(segment))
            return -EINVAL;
        start = min_u64(start, align_down(segment->p_vaddr, PAGE_SIZE));
        end = max_u64(end, align_up(segment->p_vaddr + segment->p_memsz, PAGE_SIZE));
        if (segment->p_align && (segment->p_align & (segment->p_align - 1)) == 0)
            alignment = max_u64(alignment, segment->p_align);
    }
    if (start >= end)
        return -EINVAL;
    *extent = (struct elf_extent){.start = start, .size = end - start, .alignment = alignment};
    return 0;
}

int elf_plan(const struct elf64_phdr *segment, uint64_t bias, struct elf_plan *plan)
{
    vaddr_t start = bias + segment->p_vaddr;
    uint64_t before = segment->p_vaddr % PAGE_SIZE;
    if (!is_sound(segment) || start >= USER_END || segment->p_memsz > USER_END - start)
        return -EINVAL;
    vaddr_t first = align_down(start, PAGE_SIZE);
    *plan = (struct elf_plan){.start = first, .file_end = first, .end = align_up(start + segment->p_memsz, PAGE_SIZE)};
    plan->tail = first;
    if (segment->p_filesz == 0) {
        if (segment->p_memsz == 0)
            plan->end = first;
        return 0;
    }
    if (segment->p_offset % PAGE_SIZE != before || segment->p_offset > INT64_MAX - USER_END)
        return -EINVAL;
    plan->offset = segment->p_offset - before;
    plan->tail = start + segment->p_filesz;
    plan->file_end = align_up(plan->tail, PAGE_SIZE);
    if (segment->p_memsz == segment->p_filesz)
        plan->tail = plan->file_end;
    return 0;
}
