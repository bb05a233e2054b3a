/*
 * Damaged programs: files that are almost ELF, each field of which has been given strange values, alone and two at a
 * time, and such as have been cut off. How each ends is part of its point's name, so inside it must end as on Linux:
 * by an error of execve, by a signal, or as if nothing were wrong.
 */
#include "tests/guest/guest.h"

#include "tests/guest/elf.h"

#include <signal.h>
#include <stdlib.h>

#define PAIRS 400

static uint64_t seed = 1;

static uint64_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* What the new program is asked to do before it ends: to write to its second segment and to read from it. */
static const uint8_t code_touch[] = {
    0x48, 0xc7, 0xc0, 0x10, 0x10, 0x50, 0,  /* mov $0x501010, %rax */
    0xff, 0x00,                             /* incl (%rax) */
    0x48, 0x8b, 0x98, 0x00, 0x20, 0, 0,     /* mov 0x2000(%rax), %rbx: zero */
    0xb8, 0xe7, 0, 0, 0, 0xbf, 42, 0, 0, 0, /* mov $231, %eax; mov $42, %edi */
    0x01, 0xdf, 0x0f, 5,                    /* add %ebx, %edi; syscall */
};

static void make(struct image *image)
{
    image_make(image, ET_EXEC, code_touch, sizeof code_touch);
    image->segments[1] = (Elf64_Phdr){.p_type = PT_LOAD,
        .p_flags = PF_R | PF_W,
        .p_offset = 16,
        .p_vaddr = 0x501010,
        .p_filesz = 0x200,
        .p_memsz = 0x4000,
        .p_align = 4096};
    image->segments[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
}

#define FIELD(member, ...)                                                                                             \
    {                                                                                                                  \
        #member, offsetof(struct image, member), sizeof(((struct image *)NULL)->member),                               \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define END 0x123456789abcdef /* of a list of values */

static const struct field {
    const char *name;
    size_t offset, size;
    uint64_t values[16];
} fields[] = {
    FIELD(header.e_ident[EI_MAG0], 0, 0x7e, END),
    FIELD(header.e_ident[EI_MAG3], 0, 'f', END),
    FIELD(header.e_ident[EI_CLASS], 0, 1, 3, END),
    FIELD(header.e_ident[EI_DATA], 0, 2, END),
    FIELD(header.e_ident[EI_VERSION], 0, 2, END),
    FIELD(header.e_ident[EI_OSABI], 3, 9, 255, END),
    FIELD(header.e_type, 0, 1, 3, 4, 0xfe00, END),
    FIELD(header.e_machine, 0, EM_AARCH64, 0xffff, END),
    FIELD(header.e_version, 0, 2, END),
    FIELD(header.e_entry, 0, 1, IMAGE_BASE - 1, IMAGE_BASE + 0x10000, 0x501400, 0x7ffffffff000, 0x800000000000,
        0xffffffff80000000, ~0ul, END),
    FIELD(header.e_phoff, 0, 1, 63, 65, 0x1000, sizeof(struct image) - 100, sizeof(struct image), 1ul << 62, 1ul << 63,
        ~0ul, END),
    FIELD(header.e_phentsize, 0, 1, 55, 57, 0xffff, END),
    FIELD(header.e_phnum, 0, 1, 2, 3, 20, 1170, 1171, 0xffff, END),
    FIELD(header.e_ehsize, 0, 1, 0xffff, END),
    FIELD(header.e_flags, 1, 0xffffffff, END),
    FIELD(segments[0].p_type, PT_NULL, PT_DYNAMIC, PT_NOTE, PT_TLS, 0x70000000, END),
    FIELD(segments[0].p_flags, 0, PF_R, PF_W, PF_X, PF_W | PF_X, 7, 0xfffffff8, END),
    FIELD(segments[0].p_offset, 1, 0x800, 0x1000, 0x10000, 1ul << 40, 1ul << 62, 1ul << 63, ~0xffful, ~0ul, END),
    FIELD(segments[0].p_vaddr, 1, IMAGE_BASE + 1, IMAGE_BASE - 0x1000, 0x501000, 0x500000, 0x4ff000, 0x7fffffffe000,
        0x7ffffffff000, 0x800000000000, 0xffffffff80000000, ~0xffful, END),
    FIELD(segments[0].p_filesz, 0, 1, sizeof(struct image) - 1, sizeof(struct image) + 1, 0x10000, 1ul << 40, 1ul << 47,
        1ul << 63, ~0ul, END),
    FIELD(segments[0].p_memsz, 0, 1, sizeof(struct image) - 1, sizeof(struct image) + 1, 0x10000, 0x7fffffffe000,
        0x7fffffbff000, 0x7fffffc00000, 1ul << 63, ~0ul, END),
    FIELD(segments[0].p_align, 0, 1, 3, 0x200000, 1ul << 63, ~0ul, END),
    FIELD(segments[1].p_type, PT_NULL, PT_TLS, END),
    FIELD(segments[1].p_flags, 0, PF_R, PF_W, PF_R | PF_X, 7, END),
    FIELD(segments[1].p_offset, 0, 15, 0x1010, 0x2010, 0x100010, 1ul << 63, ~0ul, END),
    FIELD(segments[1].p_vaddr, 0x10, 0x401010, IMAGE_BASE + 0x10, IMAGE_BASE - 0xff0, 0x500010, 0x502010, 0x501011,
        0x7fffffffe010, 0x7ffffffff010, ~0xfeful, END),
    FIELD(segments[1].p_filesz, 0, 0x201, 0x4000, 0x4001, 0x1ff0, 1ul << 63, ~0ul, END),
    FIELD(segments[1].p_memsz, 0, 0x1ff, 0x200, 0x201, 0xff0, 0x2ff0, 0x100000, 1ul << 46, 1ul << 47, 1ul << 63, ~0ul,
        END),
    FIELD(segments[2].p_flags, 7, 0, PF_X, END),
};
#define FIELDS (sizeof fields / sizeof fields[0])

static unsigned value_count(const struct field *field)
{
    unsigned n = 0;
    while (field->values[n] != END)
        n++;
    return n;
}

/* As words, the same on every kernel. */
static const char *outcome(int status)
{
    static char text[64];
    if (status < 0)
        snprintf(text, sizeof text, "error %d", -status);
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "signal %d", WTERMSIG(status));
    else
        snprintf(text, sizeof text, "status %d", WEXITSTATUS(status));
    return text;
}

static void try(const struct image *image, size_t size, const char *what)
{
    char name[256];
    bool written = file_write("program", image, size, 0755);
    snprintf(name, sizeof name, "%s: %s", what, outcome(run_alone("./program")));
    point(written, name, __LINE__);
}

static size_t change(struct image *image, const struct field *field, unsigned value, char *text, size_t size)
{
    memcpy((char *)image + field->offset, &field->values[value], field->size);
    return (size_t)snprintf(text, size, "%s = %#lx", field->name, field->values[value]);
}

int main(void)
{
    struct image image;
    char text[200];
    make(&image);
    try(&image, sizeof image, "nothing changed");
    for (unsigned f = 0; f < FIELDS; f++)
        for (unsigned v = 0; v < value_count(&fields[f]); v++) {
            make(&image);
            change(&image, &fields[f], v, text, sizeof text);
            try(&image, sizeof image, text);
        }
    for (unsigned i = 0; i < PAIRS; i++) {
        const struct field *one = &fields[random_number() % FIELDS], *two = &fields[random_number() % FIELDS];
        make(&image);
        size_t length = change(&image, one, (unsigned)(random_number() % value_count(one)), text, sizeof text);
        length += (size_t)snprintf(text + length, sizeof text - length, ", ");
        change(&image, two, (unsigned)(random_number() % value_count(two)), text + length, sizeof text - length);
        try(&image, sizeof image, text);
    }
    make(&image);
    for (size_t size = 0; size < sizeof image; size += size < offsetof(struct image, data) ? 13 : 500) {
        snprintf(text, sizeof text, "the first %zu bytes", size);
        try(&image, size, text);
    }
    return done();
}
