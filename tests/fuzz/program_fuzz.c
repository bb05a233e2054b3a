/*
 * Fuzzes the loading of programs (kernel/proc/elf.c and elf_plan.c): whatever a file says, nothing outside of what
 * programs may have is asked for, every segment lies where its file says, and no byte beyond a page is cleared.
 *
 * Input: where a file that may lie anywhere is put (2 bytes, as a number of one of the kinds below), then a byte: if it
 * is even, the rest is the file. Else the rest are changes to a small program, 4 bytes each: which field of which
 * header, and a number.
 *
 * Memory is a list of areas here, and a page is some bytes of the host, which AddressSanitizer watches.
 */
#include "fs/origin.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/elf.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENTS 5
#define AREAS_MAX 4096

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

/* ------------------------------------------------------------------------------------------------------------------
 * What the loader asks of the kernel
 */

static const uint8_t *content;
static size_t content_size;
static struct {
    vaddr_t start, end;
    unsigned flags;
} areas[AREAS_MAX];
static unsigned area_count;
static void *pages[AREAS_MAX];
static unsigned page_count;

void *kmalloc(size_t size, unsigned flags)
{
    return flags & ALLOC_ZERO ? calloc(1, size) : malloc(size);
}

void kfree(void *object)
{
    free(object);
}

uint64_t page_total_count(void)
{
    return 1u << 20;
}

void page_put(struct page *page)
{
    CHECK(page_memory(page) == pages[page_count - 1]);
}

struct vm_origin *file_origin(struct file *file)
{
    return (struct vm_origin *)file;
}

long file_read(struct file *file, struct iov *to, uint64_t *position)
{
    if (*position >= content_size)
        return 0;
    size_t length = min_u64(to->left, content_size - *position);
    memcpy(to->one.base, content + *position, length);
    return (long)length;
}

long vm_map_backed(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    const struct vm_backing *backing)
{
    CHECK(address % PAGE_SIZE == 0 && size % PAGE_SIZE == 0 && size > 0);
    CHECK(address < USER_END && size <= USER_END - address);
    CHECK(map_flags == VM_MAP_FIXED || map_flags == VM_MAP_NO_REPLACE);
    CHECK(backing->offset % PAGE_SIZE == 0 && backing->offset <= (uint64_t)INT64_MAX - size);
    if (area_count == AREAS_MAX)
        return -ENOMEM;
    areas[area_count].start = address;
    areas[area_count].end = address + size;
    areas[area_count++].flags = flags;
    return (long)address;
}

/* Nothing but the area that was mapped last is cleared. */
int vm_get_page(struct vm_space *space, vaddr_t address, bool write, struct page **page)
{
    CHECK(write && area_count > 0 && areas[area_count - 1].flags & VM_WRITE);
    CHECK(address >= areas[area_count - 1].start && address < areas[area_count - 1].end);
    pages[page_count] = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    *page = page_of(direct_map_physical(pages[page_count++]));
    return 0;
}

static void forget_memory(void)
{
    while (page_count > 0)
        free(pages[--page_count]);
    area_count = 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What must hold
 */

static void check_segment(const struct elf64_phdr *segment, uint64_t bias)
{
    struct elf_plan plan;
    CHECK(elf_plan(segment, bias, &plan) == 0);
    vaddr_t start = bias + segment->p_vaddr, end = start + segment->p_memsz;
    CHECK(plan.start <= start && start - plan.start < PAGE_SIZE && plan.end <= USER_END);
    CHECK(plan.start <= plan.file_end && plan.file_end <= plan.end);
    CHECK(plan.end >= end || segment->p_memsz == 0);
    CHECK(plan.end < end + PAGE_SIZE);
    CHECK(segment->p_filesz == 0 || plan.file_end >= start + segment->p_filesz);
    CHECK(segment->p_filesz == 0 || plan.offset + (start - plan.start) == segment->p_offset);
    CHECK(plan.tail <= plan.file_end && plan.file_end - plan.tail < PAGE_SIZE);
}

static void check_image(const struct elf *elf, const struct elf_image *image)
{
    CHECK(image->entry < USER_END && image->end <= USER_END && image->end % PAGE_SIZE == 0);
    for (unsigned i = 0; i < elf->header.e_phnum; i++)
        if (elf->segments[i].p_type == PT_LOAD)
            check_segment(&elf->segments[i], elf->bias);
}

static void load(struct elf *elf, vaddr_t place)
{
    int error;
    struct elf_image image;
    struct elf_extent extent;
    char *name = elf_interpreter(elf, &error);
    if (name)
        CHECK(error == 0 && strlen(name) < PATH_LENGTH_MAX);
    kfree(name);
    (void)elf_wants_executable_stack(elf);
    if (elf_measure(elf->segments, elf->header.e_phnum, &extent) == 0) {
        CHECK(extent.size > 0 && extent.start % PAGE_SIZE == 0 && extent.size % PAGE_SIZE == 0);
        CHECK(extent.start < USER_END && extent.size <= USER_END - extent.start);
        CHECK(extent.alignment >= PAGE_SIZE && (extent.alignment & (extent.alignment - 1)) == 0);
    }
    if (elf_place(elf, place) == 0 && elf_map(elf, NULL, &image) == 0)
        check_image(elf, &image);
    forget_memory();
}

static void run(vaddr_t place)
{
    static struct inode inode = {.object = (struct vm_object *)&inode};
    static const struct file_ops ops;
    struct file file = {.inode = &inode, .ops = &ops};
    char head[ELF_HEAD] __attribute__((aligned(8))) = {0};
    struct elf elf;
    size_t size = min_u64(content_size, sizeof head);
    memcpy(head, content, size);
    if (elf_open(&file, head, size, &elf) < 0)
        return;
    load(&elf, place);
    elf_close(&elf);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Inputs
 */

/* Numbers from which something is likely to go wrong. */
static uint64_t number_of(uint8_t kind, uint8_t n)
{
    switch (kind % 10) {
    case 0: return n;
    case 1: return -(uint64_t)n;
    case 2: return (uint64_t)n << 12;
    case 3: return ((uint64_t)n << 12) + 0xfff;
    case 4: return 1ull << n % 64;
    case 5: return (1ull << n % 64) - 1;
    case 6: return USER_END - n;
    case 7: return USER_END - ((uint64_t)n << 12);
    case 8: return INT64_MAX - ((uint64_t)n << 12);
    default: return (uint64_t)n << 40 | n;
    }
}

struct small_program {
    struct elf64_ehdr header;
    struct elf64_phdr segments[SEGMENTS];
    char interpreter[16];
    uint8_t rest[0x3000];
};

static void make(struct small_program *program)
{
    *program = (struct small_program){
        .header = {.e_magic = ELF_MAGIC,
            .e_class = ELFCLASS64,
            .e_data = ELFDATA2LSB,
            .e_type = ET_DYN,
            .e_machine = EM_X86_64,
            .e_entry = 0x1000,
            .e_phoff = sizeof(struct elf64_ehdr),
            .e_phentsize = sizeof(struct elf64_phdr),
            .e_phnum = SEGMENTS},
        .segments = {{.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x400, .p_memsz = 0x400},
            {PT_LOAD, PF_R | PF_X, 0x1000, 0x1000, 0x1000, 0x800, 0x800, PAGE_SIZE},
            {PT_LOAD, PF_R | PF_W, 0x1800, 0x2800, 0x2800, 0x900, 0x5000, PAGE_SIZE},
            {.p_type = PT_INTERP, .p_offset = offsetof(struct small_program, interpreter), .p_filesz = 16},
            {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
        .interpreter = "/lib/ld-musl.so",
    };
}

/* The program's header and its table are words and halves of words: a change is one of each. */
static void change(struct small_program *program, const uint8_t record[4])
{
    uint64_t value = number_of(record[2], record[3]);
    size_t width = record[1] & 1 ? 8 : record[1] & 2 ? 4 : 2, room = offsetof(struct small_program, interpreter);
    memcpy((uint8_t *)program + record[0] * 2u % (room - 8), &value, width);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct small_program program;
    if (size < 3)
        return 0;
    vaddr_t place = align_down(number_of(data[0], data[1]), PAGE_SIZE);
    content = data + 3;
    content_size = size - 3;
    if (data[2] & 1) {
        make(&program);
        for (size_t at = 0; at + 4 <= content_size; at += 4)
            change(&program, content + at);
        content = (const uint8_t *)&program;
        content_size = sizeof program;
    }
    run(place);
    return 0;
}
