/*
 * The kernel loader (boot/loader/elf.c) at work: segments, relocation tables, and kernels that clang and lld have made,
 * whose image is also worked out here from their section headers, which the loader never reads.
 */
#include "tests/unit/unit.h"

#include "boot/loader/error.h"
#include "tests/unit/boot/elf_file.h"
#include "tests/unit/boot/random.h"

#include <stdio.h>
#include <string.h>

#define DAMAGED "/kernel: its relocation tables are damaged. Link the kernel again."
#define DYNAMIC                                                                                                        \
    "/kernel: is dynamically linked; link the kernel with -static or -static-pie, without undefined symbols."
#define SLIDE 0x1234567000ull
#define IMAGE_SIZE (ELF_FILE_END - ELF_FILE_BASE)

/* Of a section header: ELF64 specification, figure 8. */
#define SHT_RELA 4
#define SHT_RELR 19
struct section {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t align, entry_size;
};

static struct elf_file file;
static struct elf_memory memory;
static struct elf_plan plan;
static uint8_t image[IMAGE_SIZE + 16], expected[IMAGE_SIZE];

/* Plans and loads the file into IMAGE, whose last bytes nothing may touch. */
static void load(void)
{
    elf_memory_open(&memory, &file, sizeof file);
    memset(image, 0x99, sizeof image);
    if (elf_plan(&memory.source, &plan) < 0 || elf_load(&memory.source, &plan, image) < 0)
        fail_msg("%s", loader_error_text());
    assert_int_equal(plan.end - plan.base, IMAGE_SIZE);
    memcpy(expected, image, IMAGE_SIZE);
}

static int relocate(uint64_t slide)
{
    int status = elf_relocate(&memory.source, &plan, image, slide);
    for (size_t i = IMAGE_SIZE; i < sizeof image; i++)
        assert_int_equal(image[i], 0x99);
    return status;
}

static uint64_t word_at(const uint8_t *bytes, vaddr_t address)
{
    uint64_t word;
    memcpy(&word, bytes + (address - ELF_FILE_BASE), sizeof word);
    return word;
}

static void expect_word(vaddr_t address, uint64_t value)
{
    memcpy(expected + (address - ELF_FILE_BASE), &value, sizeof value);
}

static void assert_relocates(void)
{
    if (relocate(SLIDE) < 0)
        fail_msg("%s", loader_error_text());
    assert_memory_equal(image, expected, IMAGE_SIZE);
}

static void assert_refuses(const char *sentence)
{
    load();
    assert_int_equal(relocate(SLIDE), -1);
    assert_string_equal(loader_error_text(), sentence);
}

/* Tables of SIZE bytes in the file. */
static void add_tables(uint64_t rela_size, uint64_t relr_size)
{
    elf_file_make(&file);
    struct elf64_dyn dynamic[] = {{DT_RELA, ELF_FILE_TABLES}, {DT_RELASZ, rela_size}, {DT_RELAENT, 24},
        {DT_RELR, ELF_FILE_TABLES + sizeof file.rela}, {DT_RELRSZ, relr_size}, {DT_RELRENT, 8}, {DT_NULL, 0},
        {DT_NEEDED, 1} /* behind the end */};
    memcpy(file.dynamic, dynamic, sizeof dynamic);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Loading
 */

static void test_load(void **state)
{
    elf_file_make(&file);
    load();
    assert_memory_equal(image, &file, sizeof file);
    for (size_t i = sizeof file; i < IMAGE_SIZE; i++)
        assert_int_equal(image[i], 0);
    assert_relocates(); /* nothing to do */
}

/* Gaps before, between and after segments are zero, whatever was there. */
static void test_gaps(void **state)
{
    elf_file_make(&file);
    file.header.e_entry += 0x10;
    for (int i = ELF_FILE_LOAD_HEADERS; i <= ELF_FILE_LOAD_DATA; i++) {
        file.segments[i].p_vaddr += 0x10;
        file.segments[i].p_filesz = i == ELF_FILE_LOAD_TABLES ? 0 : 0x700;
        file.segments[i].p_memsz = i == ELF_FILE_LOAD_DATA ? 0x2ff0 : 0x800;
    }
    load();
    for (size_t i = 0; i < IMAGE_SIZE; i++) {
        size_t page = i / 0x1000, at = i % 0x1000;
        bool filled = page < 4 && page != 2 && at >= 0x10 && at < 0x710;
        assert_int_equal(image[i], filled ? ((uint8_t *)&file)[i - 0x10] : 0);
    }
}

static void test_load_fails(void **state)
{
    elf_file_make(&file);
    load();
    memory.fail_at = 0x2010;
    assert_int_equal(elf_load(&memory.source, &plan, image), -1);
    assert_string_equal(loader_error_text(), "The test file cannot be read at byte 8208.");
}

/* ------------------------------------------------------------------------------------------------------------------
 * RELA
 */

static void test_rela(void **state)
{
    add_tables(ELF_FILE_RELA_COUNT * 24, 0);
    for (uint64_t i = 0; i < ELF_FILE_RELA_COUNT; i++)
        file.rela[i] = (struct elf64_rela){.r_offset = ELF_FILE_DATA + 0x400 + 12 * i,
            .r_info = i % 4 ? R_X86_64_RELATIVE : 0,
            .r_addend = (int64_t)(ELF_FILE_TEXT + i)};
    file.rela[37].r_offset = ELF_FILE_BASE; /* the first word, the last, one in .bss */
    file.rela[38].r_offset = ELF_FILE_END - 8;
    file.rela[39].r_offset = ELF_FILE_DATA + 0x1801;
    load();
    for (uint64_t i = 0; i < ELF_FILE_RELA_COUNT; i++) {
        if (i % 4)
            expect_word(file.rela[i].r_offset, ELF_FILE_TEXT + i + SLIDE);
    }
    assert_relocates();
    load();
    assert_int_equal(relocate(-ELF_FILE_BASE), 0); /* down to 0 */
    assert_int_equal(word_at(image, ELF_FILE_BASE), 0x1000 + 37);
}

static void test_bad_rela(void **state)
{
    static const struct {
        uint64_t table, size, offset, info;
        const char *sentence;
    } cases[] = {
        {ELF_FILE_TABLES, 24, ELF_FILE_END - 7, 8, DAMAGED},
        {ELF_FILE_TABLES, 24, ELF_FILE_END, 8, DAMAGED},
        {ELF_FILE_TABLES, 24, ELF_FILE_BASE - 1, 8, DAMAGED},
        {ELF_FILE_TABLES, 24, 0, 8, DAMAGED},
        {ELF_FILE_TABLES, 24, -1ull, 8, DAMAGED},
        {ELF_FILE_TABLES, 24, ELF_FILE_DATA, 1, DYNAMIC},           /* R_X86_64_64 */
        {ELF_FILE_TABLES, 24, ELF_FILE_DATA, 37, DYNAMIC},          /* R_X86_64_IRELATIVE */
        {ELF_FILE_TABLES, 24, ELF_FILE_DATA, 0x100000006, DYNAMIC}, /* R_X86_64_GLOB_DAT, symbol 1 */
        {ELF_FILE_END, 24, ELF_FILE_DATA, 8, DAMAGED},
        {ELF_FILE_BASE - 1, 24, ELF_FILE_DATA, 8, DAMAGED},
        {0, 24, ELF_FILE_DATA, 8, DAMAGED},
        {ELF_FILE_END - 23, 24, ELF_FILE_DATA, 8, DAMAGED},
        {ELF_FILE_BASE, IMAGE_SIZE + 1, ELF_FILE_DATA, 8, DAMAGED},
        {ELF_FILE_TABLES, -1ull, ELF_FILE_DATA, 8, DAMAGED},
        {ELF_FILE_TABLES, -(ELF_FILE_TABLES - ELF_FILE_BASE), ELF_FILE_DATA, 8, DAMAGED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        add_tables(cases[i].size, 0);
        file.dynamic[0].d_val = cases[i].table;
        file.rela[0] = (struct elf64_rela){.r_offset = cases[i].offset, .r_info = cases[i].info};
        assert_refuses(cases[i].sentence);
    }
    /* Less than an entry is none. */
    add_tables(23, 7);
    load();
    assert_relocates();
}

/* ------------------------------------------------------------------------------------------------------------------
 * RELR
 */

static void slide_expected(vaddr_t address)
{
    expect_word(address, word_at(image, address) + SLIDE);
}

static void test_relr(void **state)
{
    static const uint64_t bits[] = {0xffffffffffffffff, 0x8000000000000001, 0x3, 0x1, 0xaaaaaaaaaaaaaaab};
    uint32_t n = 0;
    add_tables(0, 9 * 8);
    vaddr_t where = ELF_FILE_DATA + 0x100;
    file.relr[n++] = where;
    file.relr[n++] = ELF_FILE_DATA + 0x140; /* alone */
    file.relr[n++] = ELF_FILE_DATA + 0x180;
    for (size_t i = 0; i < ARRAY_LENGTH(bits); i++)
        file.relr[n++] = bits[i];
    file.relr[n++] = ELF_FILE_END - 8;
    assert_int_equal(n, 9);
    load();
    slide_expected(where);
    slide_expected(ELF_FILE_DATA + 0x140);
    slide_expected(ELF_FILE_DATA + 0x180);
    for (uint32_t i = 0; i < 63 * ARRAY_LENGTH(bits); i++) {
        if (bits[i / 63] >> (i % 63 + 1) & 1)
            slide_expected(ELF_FILE_DATA + 0x188 + 8 * i);
    }
    slide_expected(ELF_FILE_END - 8);
    assert_relocates();
}

static void test_bad_relr(void **state)
{
    static const struct {
        uint64_t table, size, words[2];
    } cases[] = {
        {ELF_FILE_TABLES + 24 * 40, 8, {ELF_FILE_END - 6}},
        {ELF_FILE_TABLES + 24 * 40, 8, {ELF_FILE_BASE - 8}},
        {ELF_FILE_TABLES + 24 * 40, 8, {0}},
        {ELF_FILE_TABLES + 24 * 40, 8, {-8ull}},
        {ELF_FILE_TABLES + 24 * 40, 8, {3}},                    /* bits before any address */
        {ELF_FILE_TABLES + 24 * 40, 16, {ELF_FILE_END - 8, 3}}, /* the word behind the last */
        {ELF_FILE_TABLES + 24 * 40, 16, {ELF_FILE_END - 8 * 63, 1ull << 63 | 1}},
        {ELF_FILE_END - 7, 8, {0}},
        {ELF_FILE_TABLES, -8ull, {0}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        add_tables(0, cases[i].size);
        file.dynamic[3].d_val = cases[i].table;
        memcpy(file.relr, cases[i].words, sizeof cases[i].words);
        assert_refuses(DAMAGED);
    }
}

static void test_bad_dynamic(void **state)
{
    static const int64_t tags[] = {DT_NEEDED, DT_REL, DT_JMPREL};
    for (size_t i = 0; i < ARRAY_LENGTH(tags); i++) {
        add_tables(0, 0);
        file.dynamic[2].d_tag = tags[i];
        assert_refuses(DYNAMIC);
    }
    /* Not in the image; not all of it; without an end. */
    static const uint64_t places[][2] = {{0, 256}, {ELF_FILE_END, 16}, {ELF_FILE_END - 16, 17},
        {ELF_FILE_BASE - 8, 256}, {ELF_FILE_DATA, -1ull}, {-16ull, 32}};
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        elf_file_make(&file);
        file.segments[ELF_FILE_DYNAMIC].p_vaddr = places[i][0];
        file.segments[ELF_FILE_DYNAMIC].p_memsz = places[i][1];
        assert_refuses(DAMAGED);
    }
    elf_file_make(&file);
    for (size_t i = 0; i < ARRAY_LENGTH(file.dynamic); i++)
        file.dynamic[i] = (struct elf64_dyn){21 /* DT_DEBUG */, 0};
    load();
    assert_relocates();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Real kernels
 */

#define FILE_MAX (16u << 20)

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s is missing", path);
    uint8_t *bytes = malloc(FILE_MAX);
    *size = fread(bytes, 1, FILE_MAX, in);
    assert_in_range(*size, 64, FILE_MAX - 1);
    fclose(in);
    return realloc(bytes, *size);
}

static void add_at(uint8_t *to, vaddr_t address, uint64_t n)
{
    uint64_t value;
    memcpy(&value, to + (address - plan.base), sizeof value);
    value += n;
    memcpy(to + (address - plan.base), &value, sizeof value);
}

/* What the relocation sections say; returns how many words they move. */
static unsigned relocate_by_sections(const uint8_t *bytes, uint8_t *to, uint64_t slide)
{
    const struct elf64_ehdr *header = (const struct elf64_ehdr *)bytes;
    unsigned moved = 0;
    for (int i = 0; i < header->e_shnum; i++) {
        const struct section *s = (const struct section *)(bytes + header->e_shoff) + i;
        const struct elf64_rela *rela = (const struct elf64_rela *)(bytes + s->offset);
        for (uint64_t n = 0; s->type == SHT_RELA && n < s->size / sizeof *rela; n++, moved++) {
            uint64_t value = (uint64_t)rela[n].r_addend + slide;
            memcpy(to + (rela[n].r_offset - plan.base), &value, sizeof value);
        }
        const uint64_t *relr = (const uint64_t *)(bytes + s->offset);
        vaddr_t next = 0;
        for (uint64_t n = 0; s->type == SHT_RELR && n < s->size / 8; n++) {
            bool is_bits = relr[n] & 1;
            for (unsigned bit = 1; is_bits && bit < 64; bit++) {
                if (relr[n] >> bit & 1)
                    add_at(to, next + 8 * (bit - 1), slide), moved++;
            }
            if (!is_bits)
                add_at(to, relr[n], slide), moved++;
            next = is_bits ? next + 63 * 8 : relr[n] + 8;
        }
    }
    return moved;
}

static void check_kernel(const char *path, bool is_position_independent)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    elf_memory_open(&memory, bytes, size);
    if (elf_plan(&memory.source, &plan) < 0)
        fail_msg("%s: %s", path, loader_error_text());
    assert_null(elf_plan_problem(&plan, size));
    assert_int_equal(plan.is_position_independent, is_position_independent);

    size_t length = plan.end - plan.base;
    uint8_t *ours = malloc(length), *theirs = calloc(1, length);
    memset(ours, 0x99, length);
    const struct elf64_ehdr *header = (const struct elf64_ehdr *)bytes;
    for (int i = 0; i < header->e_phnum; i++) {
        const struct elf64_phdr *p = (const struct elf64_phdr *)(bytes + header->e_phoff) + i;
        if (p->p_type == PT_LOAD)
            memcpy(theirs + (p->p_vaddr - plan.base), bytes + p->p_offset, p->p_filesz);
    }
    assert_int_equal(relocate_by_sections(bytes, theirs, SLIDE) > 0, is_position_independent);
    assert_int_equal(elf_load(&memory.source, &plan, ours), 0);
    assert_int_equal(elf_relocate(&memory.source, &plan, ours, SLIDE), 0);
    assert_memory_equal(ours, theirs, length);
    free(theirs);
    free(ours);
    free(bytes);
}

static void test_kernels(void **state)
{
    check_kernel("build/examples/hello.elf", true);
    check_kernel("build/kernel.elf", true);
    check_kernel("build/tests/unit/kernel-relr.elf", true);
    check_kernel("build/tests/unit/kernel-exec.elf", false);
}

/* At every length: an error, or the whole plan, since what follows the last segment (symbols, mostly) is not needed. */
static void test_truncated_kernel(void **state)
{
    size_t size, needed = 0;
    uint8_t *bytes = read_file("build/tests/unit/kernel-relr.elf", &size);
    elf_memory_open(&memory, bytes, size);
    assert_int_equal(elf_plan(&memory.source, &plan), 0);
    for (uint32_t i = 0; i < plan.segment_count; i++)
        needed = max_u64(needed, plan.segments[i].offset + plan.segments[i].file_size);
    struct elf_plan whole = plan;
    for (size_t length = 0; length < size && length < needed + 1000; length++) {
        elf_memory_open(&memory, bytes, length);
        int status = elf_plan(&memory.source, &plan);
        assert_int_equal(status, length < needed ? -1 : 0);
        if (status == 0)
            assert_memory_equal(&plan, &whole, sizeof plan);
    }
    free(bytes);
}

UNIT_MAIN(cmocka_unit_test(test_load), cmocka_unit_test(test_gaps), cmocka_unit_test(test_load_fails),
    cmocka_unit_test(test_rela), cmocka_unit_test(test_bad_rela), cmocka_unit_test(test_relr),
    cmocka_unit_test(test_bad_relr), cmocka_unit_test(test_bad_dynamic), cmocka_unit_test(test_kernels),
    cmocka_unit_test(test_truncated_kernel))
