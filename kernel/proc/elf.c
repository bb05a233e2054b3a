/*
 * Reading and mapping ELF: see elf.h. A segment is a private mapping of the file, and where it has more in memory than
 * in the file (bss), pages of zeros after that, and zeros at the end of the file's last page.
 *
 * Source: System V ABI, edition 4.1, chapter 5; AMD64 supplement, 3.3 and 5.1.
 */
#include "proc/elf.h"

#include "fs/origin.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

#define HEADERS_SIZE_MAX 65536u

static int read_exactly(struct file *file, void *to, size_t size, uint64_t offset)
{
    struct iov iov;
    if (offset > INT64_MAX)
        return -EINVAL;
    iov_init_kernel(&iov, to, size);
    long got = file_read(file, &iov, &offset);
    return got < 0 ? (int)got : (size_t)got == size ? 0 : -EIO;
}

/* Reads SIZE bytes at OFFSET, from the head if they are there. */
static int read_part(const struct elf *elf, void *to, size_t size, uint64_t offset)
{
    if (offset > elf->head_size || size > elf->head_size - offset)
        return read_exactly(elf->file, to, size, offset);
    memcpy(to, elf->head + offset, size);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Headers
 */

static bool is_our_kind(const struct elf64_ehdr *e)
{
    return e->e_magic == ELF_MAGIC && e->e_machine == EM_X86_64 && e->e_phentsize == sizeof(struct elf64_phdr) &&
           e->e_phnum > 0 && e->e_phnum * sizeof(struct elf64_phdr) <= HEADERS_SIZE_MAX;
}

int elf_open(struct file *file, const char *head, size_t size, struct elf *elf)
{
    *elf = (struct elf){.file = file, .head = head, .head_size = size};
    memcpy(&elf->header, head, sizeof elf->header);
    const struct elf64_ehdr *e = &elf->header;
    if (!is_our_kind(e) || (file->inode->object == NULL && file->ops->map == NULL))
        return -ENOEXEC;
    size_t table = e->e_phnum * sizeof(struct elf64_phdr);
    if (e->e_phoff <= size && table <= size - e->e_phoff && e->e_phoff % _Alignof(struct elf64_phdr) == 0) {
        elf->segments = (const struct elf64_phdr *)(head + e->e_phoff);
        return 0;
    }
    elf->memory = kmalloc(table, 0);
    if (elf->memory == NULL)
        return -ENOMEM;
    elf->segments = elf->memory;
    if (read_part(elf, elf->memory, table, e->e_phoff) == 0)
        return 0;
    elf_close(elf);
    return -ENOEXEC;
}

void elf_close(struct elf *elf)
{
    kfree(elf->memory);
    elf->memory = NULL;
}

char *elf_interpreter(const struct elf *elf, int *error)
{
    const struct elf64_phdr *segment = elf->segments, *end = segment + elf->header.e_phnum;
    while (segment < end && segment->p_type != PT_INTERP)
        segment++;
    *error = 0;
    if (segment == end)
        return NULL;
    *error = -ENOEXEC;
    if (segment->p_filesz > PATH_LENGTH_MAX || segment->p_filesz < 2)
        return NULL;
    char *name = kmalloc(segment->p_filesz, 0);
    *error = name ? read_part(elf, name, segment->p_filesz, segment->p_offset) : -ENOMEM;
    if (*error == 0 && name[segment->p_filesz - 1] != '\0')
        *error = -ENOEXEC;
    if (*error == 0)
        return name;
    kfree(name);
    return NULL;
}

bool elf_wants_executable_stack(const struct elf *elf)
{
    bool wants = false;
    for (unsigned i = 0; i < elf->header.e_phnum; i++)
        if (elf->segments[i].p_type == PT_GNU_STACK)
            wants = elf->segments[i].p_flags & PF_X;
    return wants;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mapping
 */

int elf_place(struct elf *elf, vaddr_t place)
{
    struct elf_extent extent;
    if (elf->header.e_type == ET_EXEC)
        return 0;
    if (elf->header.e_type != ET_DYN)
        return -ENOEXEC;
    int error = elf_measure(elf->segments, elf->header.e_phnum, &extent);
    if (error)
        return error;
    if (place >= USER_END || extent.size > USER_END - place)
        return -ENOMEM;
    elf->bias = place - extent.start;
    return 0;
}

static unsigned area_flags(const struct elf64_phdr *segment)
{
    return (segment->p_flags & PF_R ? VM_READ : 0) | (segment->p_flags & PF_W ? VM_WRITE : 0) |
           (segment->p_flags & PF_X ? VM_EXECUTE : 0) | VM_MAY_WRITE;
}

static int map(
    struct vm_space *space, vaddr_t start, vaddr_t end, unsigned flags, unsigned how, const struct vm_backing *backing)
{
    if (start == end)
        return 0;
    long place = vm_map_backed(space, start, end - start, flags, how, backing);
    return place < 0 ? (int)place : 0;
}

/* Nobody relies on zeros behind what is read-only: that keeps the rest of the file's page. */
static int zero_tail(struct vm_space *space, const struct elf_plan *plan, unsigned flags)
{
    struct page *page;
    if (plan->tail == plan->file_end || !(flags & VM_WRITE))
        return 0;
    int error = vm_get_page(space, plan->tail, true, &page);
    if (error)
        return error;
    memset((char *)page_memory(page) + plan->tail % PAGE_SIZE, 0, plan->file_end - plan->tail);
    page_put(page);
    return 0;
}

/* The first one must find its place free; those after it may lie over it. */
static int segment_map(const struct elf *elf, struct vm_space *space, const struct elf64_phdr *segment, bool first)
{
    struct elf_plan plan;
    struct file *file = elf->file;
    unsigned flags = area_flags(segment);
    int error = elf_plan(segment, elf->bias, &plan);
    if (error)
        return error;
    /* What vm_map would refuse (vm.c, is_absurd), and that is the file's fault, not a lack of memory. */
    if ((plan.end - (flags & VM_WRITE ? plan.start : plan.file_end)) >> PAGE_SHIFT > page_total_count())
        return -EINVAL;
    struct vm_backing backing = {.object = file->inode->object, .offset = plan.offset, .origin = file_origin(file)};
    static const struct vm_backing zeros;
    if (backing.origin == NULL)
        return -ENOMEM;
    if (file->ops->map && plan.start < plan.file_end)
        error = file->ops->map(file, &backing.object, &backing.offset);
    if (!error)
        error = map(space, plan.start, plan.file_end, flags, first ? VM_MAP_NO_REPLACE : VM_MAP_FIXED, &backing);
    if (!error)
        error = zero_tail(space, &plan, flags);
    if (!error)
        error = map(space, plan.file_end, plan.end, VM_READ | VM_WRITE | VM_MAY_WRITE | (flags & VM_EXECUTE),
            VM_MAP_FIXED, &zeros);
    return error;
}

/* Are the program headers in what this segment has of the file? */
static bool has_headers(const struct elf *elf, const struct elf64_phdr *segment)
{
    return segment->p_offset <= elf->header.e_phoff && elf->header.e_phoff - segment->p_offset < segment->p_filesz;
}

int elf_map(const struct elf *elf, struct vm_space *space, struct elf_image *image)
{
    const struct elf64_ehdr *e = &elf->header;
    bool first = true;
    *image = (struct elf_image){.entry = elf->bias + e->e_entry, .headers = elf->bias, .base = elf->bias};
    for (unsigned i = 0; i < e->e_phnum; i++) {
        const struct elf64_phdr *segment = &elf->segments[i];
        if (segment->p_type != PT_LOAD)
            continue;
        int error = segment_map(elf, space, segment, first);
        if (error)
            return error;
        first = false;
        if (has_headers(elf, segment))
            image->headers = elf->bias + segment->p_vaddr + (e->e_phoff - segment->p_offset);
        image->end = max_u64(image->end, align_up(elf->bias + segment->p_vaddr + segment->p_memsz, PAGE_SIZE));
    }
    return image->entry < USER_END ? 0 : -EINVAL;
}
