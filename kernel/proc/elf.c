/*
 * Loading ELF: see elf.h. First headers_read, which checks all; then each segment is mapped: its pages of the file,
 * private, then pages of zeros for what it has more in memory (bss). The end of the last page of the file is other
 * data, and becomes zeros too.
 *
 * Source: System V ABI, edition 4.1, chapter 5; AMD64 supplement, 3.3 and 5.1.
 */
#include "proc/elf.h"

#include "arch/x86_64/user.h"
#include "lib/elf.h"
#include "lib/errno.h"
#include "mm/slab.h"

#define HEADERS_MAX 64

struct headers {
    struct elf64_ehdr file;
    struct elf64_phdr segments[HEADERS_MAX];
    uint64_t file_size;
    vaddr_t base;
};

static int read_exactly(struct file *file, void *to, size_t size, uint64_t offset)
{
    struct iov iov;
    iov_init_kernel(&iov, to, size);
    long got = file_read(file, &iov, &offset);
    return got < 0 ? (int)got : (size_t)got == size ? 0 : -ENOEXEC;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Checking
 */

static bool is_our_kind(const struct elf64_ehdr *e)
{
    return e->e_magic == ELF_MAGIC && e->e_class == ELFCLASS64 && e->e_data == ELFDATA2LSB && e->e_version_ident == 1 &&
           (e->e_type == ET_EXEC || e->e_type == ET_DYN) && e->e_machine == EM_X86_64 && e->e_version == 1 &&
           e->e_phentsize == sizeof(struct elf64_phdr) && e->e_phnum > 0 && e->e_phnum <= HEADERS_MAX;
}

/* A segment to load: within the file and within memory? END: where the one before ended. */
static bool segment_is_sound(const struct headers *headers, const struct elf64_phdr *p, vaddr_t end)
{
    vaddr_t start = headers->base + p->p_vaddr;
    return p->p_filesz <= p->p_memsz && p->p_offset <= headers->file_size &&
           p->p_filesz <= headers->file_size - p->p_offset && (p->p_vaddr - p->p_offset) % PAGE_SIZE == 0 &&
           p->p_vaddr < USER_END && p->p_memsz < USER_END && start < USER_END &&
           p->p_memsz < USER_END - start && align_down(start, PAGE_SIZE) >= end;
}

static bool is_to_load(const struct elf64_phdr *p)
{
    return p->p_type == PT_LOAD && p->p_memsz > 0;
}

/* Fills IMAGE in, and checks every segment on the way. */
static int segments_check(const struct headers *headers, struct elf_image *image)
{
    const struct elf64_ehdr *e = &headers->file;
    vaddr_t base = headers->base;
    bool entry_is_code = false;
    *image = (struct elf_image){.entry = base + e->e_entry, .header_count = e->e_phnum};
    for (unsigned i = 0; i < e->e_phnum; i++) {
        const struct elf64_phdr *p = &headers->segments[i];
        if (p->p_type == PT_INTERP)
            return -ENOEXEC;
        if (!is_to_load(p))
            continue;
        if (!segment_is_sound(headers, p, image->end))
            return -ENOEXEC;
        image->end = align_up(base + p->p_vaddr + p->p_memsz, PAGE_SIZE);
        entry_is_code |= p->p_flags & PF_X && e->e_entry - p->p_vaddr < p->p_memsz;
        if (e->e_phoff >= p->p_offset && e->e_phoff - p->p_offset < p->p_filesz &&
            p->p_filesz - (e->e_phoff - p->p_offset) >= e->e_phnum * sizeof *p)
            image->headers = base + p->p_vaddr + (e->e_phoff - p->p_offset);
    }
    return entry_is_code ? 0 : -ENOEXEC;
}

static int headers_read(struct file *file, struct headers *headers, vaddr_t base, struct elf_image *image)
{
    int error = read_exactly(file, &headers->file, sizeof headers->file, 0);
    if (error)
        return error;
    const struct elf64_ehdr *e = &headers->file;
    size_t size = e->e_phnum * sizeof headers->segments[0];
    headers->file_size = __atomic_load_n(&file->inode->size, __ATOMIC_RELAXED);
    if (!is_our_kind(e) || e->e_phoff > headers->file_size || size > headers->file_size - e->e_phoff)
        return -ENOEXEC;
    error = read_exactly(file, headers->segments, size, e->e_phoff);
    if (error)
        return error;
    headers->base = e->e_type == ET_DYN ? base : 0;
    return segments_check(headers, image);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mapping
 */

static unsigned area_flags(const struct elf64_phdr *p)
{
    return (p->p_flags & PF_R ? VM_READ : 0) | (p->p_flags & PF_W ? VM_WRITE : 0) |
           (p->p_flags & PF_X ? VM_EXECUTE : 0) | VM_MAY_WRITE;
}

static int map(
    struct vm_space *space, vaddr_t start, vaddr_t end, unsigned flags, struct vm_object *object, uint64_t offset)
{
    if (start == end)
        return 0;
    long place = vm_map(space, start, end - start, flags, VM_MAP_NO_REPLACE, object, offset);
    return place == -ENOMEM ? -ENOMEM : place < 0 ? -ENOEXEC : 0;
}

static int segment_map(struct file *file, struct vm_space *space, vaddr_t base, const struct elf64_phdr *p)
{
    unsigned flags = area_flags(p);
    vaddr_t start = base + p->p_vaddr, file_end = start + p->p_filesz, first = align_down(start, PAGE_SIZE);
    vaddr_t mapped_end = p->p_filesz ? align_up(file_end, PAGE_SIZE) : first;
    int error = map(space, first, mapped_end, flags, file->inode->object, align_down(p->p_offset, PAGE_SIZE));
    if (error)
        return error;
    error = map(space, mapped_end, align_up(start + p->p_memsz, PAGE_SIZE), flags, NULL, 0);
    /* What is read-only keeps the rest of the file's page: nobody relies on zeros there. */
    if (!error && flags & VM_WRITE && mapped_end > file_end && user_zero(file_end, mapped_end - file_end) != 0)
        error = -EIO;
    return error;
}

int elf_load(struct file *file, struct vm_space *space, vaddr_t base, struct elf_image *image)
{
    struct headers *headers = kmalloc(sizeof *headers, ALLOC_ZERO);
    if (headers == NULL)
        return -ENOMEM;
    int error = headers_read(file, headers, base, image);
    if (!error && file->inode->object == NULL)
        error = -ENOEXEC;
    for (unsigned i = 0; i < headers->file.e_phnum && !error; i++)
        if (is_to_load(&headers->segments[i]))
            error = segment_map(file, space, headers->base, &headers->segments[i]);
    kfree(headers);
    return error;
}
