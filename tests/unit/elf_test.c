/*
 * The kernel loader (boot/loader/elf.c): what it accepts and what it refuses, field by field, from a kernel that was
 * laid out by hand (tests/unit/boot/elf_file.h). Relocations and real kernels are in elf_load_test.c.
 */
#include "tests/unit/unit.h"

#include "boot/loader/error.h"
#include "tests/unit/boot/elf_file.h"
#include "tests/unit/boot/random.h"

#include <stdio.h>
#include <string.h>

static struct elf_file file;
static struct elf_memory memory;
static struct elf_plan plan;

static int make_plan(void)
{
    elf_memory_open(&memory, &file, sizeof file);
    memset(&plan, 0xcc, sizeof plan);
    return elf_plan(&memory.source, &plan);
}

static void assert_accepted(void)
{
    if (make_plan() < 0)
        fail_msg("%s", loader_error_text());
    const char *problem = elf_plan_problem(&plan, sizeof file);
    if (problem)
        fail_msg("%s", problem);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Good kernels
 */

static void test_plan(void **state)
{
    elf_file_make(&file);
    assert_accepted();
    assert_true(plan.is_position_independent);
    assert_int_equal(plan.entry, ELF_FILE_TEXT);
    assert_int_equal(plan.base, ELF_FILE_BASE);
    assert_int_equal(plan.end, ELF_FILE_END);
    assert_int_equal(plan.align, PAGE_SIZE);
    assert_int_equal(plan.physical_base, ELF_FILE_PHYSICAL);
    assert_int_equal(plan.segment_count, 4);
    assert_int_equal(plan.segments[3].address, ELF_FILE_DATA);
    assert_int_equal(plan.segments[3].offset, 0x3000);
    assert_int_equal(plan.segments[3].file_size, 0x1000);
    assert_int_equal(plan.segments[3].size, 0x1000 + ELF_FILE_BSS_SIZE);
    assert_int_equal(plan.segments[3].flags, PF_R | PF_W);
    assert_int_equal(plan.dynamic, ELF_FILE_DATA);
    assert_int_equal(plan.dynamic_size, sizeof file.dynamic);
    assert_int_equal(plan.request.version, BOOT_PROTOCOL_VERSION);
}

static void test_request(void **state)
{
    elf_file_make(&file);
    file.note.request = (struct boot_request){.version = BOOT_PROTOCOL_VERSION,
        .size = sizeof(struct boot_request),
        .flags = BOOT_REQUEST_KASLR | BOOT_REQUEST_PHYSICAL,
        .video = BOOT_VIDEO_FRAMEBUFFER,
        .video_width = 1920,
        .video_height = 1080,
        .video_bpp = 24,
        .stack_size = MIB(64),
        .direct_map = 0xffffc00000000000};
    assert_accepted();
    assert_memory_equal(&plan.request, &file.note.request, sizeof plan.request);

    /* From a kernel that knows fewer fields: the others are 0. From one that knows more: they are not looked at. */
    file.note.descriptor_size = 16;
    file.segments[ELF_FILE_NOTE].p_filesz = 20 + 16;
    assert_accepted();
    assert_int_equal(plan.request.flags, BOOT_REQUEST_KASLR | BOOT_REQUEST_PHYSICAL);
    assert_int_equal(plan.request.video_width, 0);
    assert_int_equal(plan.request.direct_map, 0);
    file.note.descriptor_size = 100;
    file.segments[ELF_FILE_NOTE].p_filesz = 20 + 100;
    assert_accepted();
    assert_int_equal(plan.request.direct_map, 0xffffc00000000000);
}

/* The note need not be the first, nor alone; 8 bytes of alignment move what follows. */
static void test_other_notes(void **state)
{
    static const struct {
        uint32_t name_size, descriptor_size, type, align;
        const char *name;
    } before[] = {{4, 16, 3, 4, "GNU"}, {4, 16, 5, 8, "GNU"}, {8, 48, 2, 4, BOOT_NOTE_NAME}, {8, 48, 1, 4, "Corrupt"},
        {0, 0, 1, 4, ""}, {5, 1, 1, 4, "Corr"}, {7, 48, 1, 4, "Corrod"}};
    for (size_t i = 0; i < ARRAY_LENGTH(before); i++) {
        elf_file_make(&file);
        uint32_t align = before[i].align, at = 0;
        uint8_t *notes = file.words[0] ? (uint8_t *)file.words : NULL;
        memset(notes, 0, 512);
        memcpy(notes, &before[i], 12);
        memcpy(notes + 12, before[i].name, strlen(before[i].name));
        at = (uint32_t)align_up(align_up(12 + before[i].name_size, align) + before[i].descriptor_size, align);
        memcpy(notes + at, &file.note, 20);
        memcpy(notes + align_up(at + 20, align), &file.note.request, sizeof file.note.request);
        struct elf64_phdr *segment = &file.segments[ELF_FILE_NOTE];
        segment->p_offset = offsetof(struct elf_file, words);
        segment->p_filesz = align_up(at + 20, align) + sizeof file.note.request;
        segment->p_align = align;
        assert_accepted();

        /* In a segment of its own, behind one without it. */
        elf_file_make(&file);
        file.segments[ELF_FILE_SPARE] = file.segments[ELF_FILE_NOTE];
        segment->p_offset = offsetof(struct elf_file, words);
        segment->p_filesz = 12;
        memset(file.words, 0, 12);
        assert_accepted();
    }
}

/* Segments in any order give one plan. */
static void test_order(void **state)
{
    struct random random = {8};
    elf_file_make(&file);
    assert_accepted();
    struct elf_plan expected = plan;
    for (int i = 0; i < 200; i++) {
        size_t a = random_below(&random, ELF_FILE_SEGMENTS), b = random_below(&random, ELF_FILE_SEGMENTS);
        struct elf64_phdr swap = file.segments[a];
        file.segments[a] = file.segments[b];
        file.segments[b] = swap;
        assert_accepted();
        assert_memory_equal(&plan, &expected, sizeof plan);
    }
}

static void test_executable(void **state)
{
    static const uint64_t bases[] = {MIB(1), MIB(4), 0x7fffffff0000, 0xffff800000000000, -(uint64_t)MIB(2), 0x1000};
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        elf_file_make(&file);
        file.header.e_type = i == 5 ? ET_DYN : ET_EXEC;
        file.header.e_entry = bases[i] + 0x1fff;
        for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
            file.segments[s].p_vaddr += bases[i] - ELF_FILE_BASE;
        assert_accepted();
        assert_int_equal(plan.base, bases[i]);
        assert_int_equal(plan.is_position_independent, i == 5);
    }
}

static void test_alignment(void **state)
{
    static const struct {
        uint64_t wanted, planned;
    } cases[] = {{0, 4096}, {1, 4096}, {16, 4096}, {0x10000, 0x10000}, {MIB(2), MIB(2)}, {MIB(512), MIB(512)},
        {GIB(1), 4096}, {1ull << 63, 4096}, {0x3000, 4096}, {UINT64_MAX, 4096}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        elf_file_make(&file);
        file.segments[ELF_FILE_LOAD_DATA].p_align = cases[i].wanted;
        assert_accepted();
        assert_int_equal(plan.align, cases[i].planned);
    }
}

/* Not page-aligned, empty, without bytes in the file: all fine as long as no page is shared. */
static void test_odd_segments(void **state)
{
    elf_file_make(&file);
    file.segments[ELF_FILE_LOAD_TABLES].p_vaddr += 0x123;
    file.segments[ELF_FILE_LOAD_TABLES].p_memsz = file.segments[ELF_FILE_LOAD_TABLES].p_filesz = 0xe00;
    file.segments[ELF_FILE_LOAD_DATA].p_filesz = 0;
    file.segments[ELF_FILE_LOAD_DATA].p_offset = sizeof file;
    file.segments[ELF_FILE_DYNAMIC].p_type = 0;
    file.segments[ELF_FILE_SPARE] =
        (struct elf64_phdr){.p_type = PT_LOAD, .p_offset = UINT64_MAX, .p_filesz = UINT64_MAX};
    assert_accepted();
    assert_int_equal(plan.segment_count, 4);
    assert_int_equal(plan.dynamic_size, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Bad kernels: one field or two of a good one are changed, and the sentence must be this
 */

#define AT(field) offsetof(struct elf_file, field), sizeof((struct elf_file *)NULL)->field
#define SEGMENT(n, field) AT(segments[n].field)
#define TEXT ELF_FILE_LOAD_TEXT
#define TABLES ELF_FILE_LOAD_TABLES
#define DATA ELF_FILE_LOAD_DATA
#define HEADERS ELF_FILE_LOAD_HEADERS
#define NOTE ELF_FILE_NOTE
#define SPARE ELF_FILE_SPARE

#define CUT_OFF "the file was cut off: its headers speak of more than it has. Copy the kernel again."
#define NOT_STATIC "is dynamically linked; link the kernel with -static or -static-pie, without undefined symbols."
#define NO_HEADERS "has no program headers, or too many; link the kernel again."
#define NO_NOTE                                                                                                        \
    "has no Corrode boot note, so it does not know this boot protocol; add BOOT_REQUEST(...) of boot/protocol.h."
#define ANEW ", this loader version 1; make the image anew with the corrode that the kernel was built for."
#define OUTSIDE(address) "the segment at " address " lies outside the address space."
#define SHARED(a, b)                                                                                                   \
    "the segments at " a " and " b " overlap or share a page; link with -z max-page-size=4096 -z separate-code."
#define NOT_CODE(address) "its entry point " address " is not in an executable segment."
#define DIRECT_MAP(address) "wants its direct map at " address ", which is not a canonical multiple of 1 GiB."
#define TOO_LONG "spans more than 1 GiB from its first to its last byte."

static const struct bad_kernel {
    const char *sentence;
    struct {
        size_t offset, size;
        uint64_t value;
    } change[3];
} bad_kernels[] = {
    {"is not an ELF file, so it is no kernel.", {{AT(header.e_magic), 0x5a4d}}},
    {"is not 64-bit (its ELF class says so); build the kernel for x86-64.", {{AT(header.e_class), ELFCLASS32}}},
    {"is not 64-bit (its ELF class says so); build the kernel for x86-64.",
        {{AT(header.e_class), 0}, {AT(header.e_machine), EM_386}}},
    {"was built for another processor (ELF machine 183); build the kernel for x86-64.", {{AT(header.e_machine), 183}}},
    {"was built for another processor (ELF machine 62); build the kernel for x86-64.", {{AT(header.e_data), 2}}},
    {"is not an executable; link the kernel.", {{AT(header.e_type), 1}}},
    {"is not an executable; link the kernel.", {{AT(header.e_type), 4}}},
    {NO_HEADERS, {{AT(header.e_phentsize), 32}}},
    {NO_HEADERS, {{AT(header.e_phnum), 0}}},
    {NO_HEADERS, {{AT(header.e_phnum), 65}}},
    {NO_HEADERS, {{AT(header.e_phnum), 0xffff}}},
    {CUT_OFF, {{AT(header.e_phoff), 0x4000 - 7 * 56 + 1}}},
    {CUT_OFF, {{AT(header.e_phoff), -1ull}}},
    {CUT_OFF, {{AT(header.e_phoff), -56ull}}},
    {NO_NOTE, {{SEGMENT(NOTE, p_type), PT_LOAD}, {SEGMENT(NOTE, p_memsz), 0}}},
    {NO_NOTE, {{SEGMENT(NOTE, p_filesz), 0}}},
    {NO_NOTE, {{SEGMENT(NOTE, p_filesz), 67}}},
    {NO_NOTE, {{AT(note.type), 2}}},
    {NO_NOTE, {{AT(note.name_size), 7}}},
    {NO_NOTE, {{AT(note.name_size), UINT32_MAX}}},
    {NO_NOTE, {{AT(note.descriptor_size), UINT32_MAX}}},
    {NO_NOTE, {{AT(note.descriptor_size), 49}}},
    {NO_NOTE, {{AT(note.name[6]), 'E'}}},
    {CUT_OFF, {{SEGMENT(NOTE, p_offset), 0x4001}}},
    {CUT_OFF, {{SEGMENT(NOTE, p_offset), 0x4000}}},
    {CUT_OFF, {{SEGMENT(NOTE, p_offset), -1ull}, {SEGMENT(NOTE, p_filesz), 2}}},
    {CUT_OFF, {{SEGMENT(NOTE, p_filesz), -1ull}, {SEGMENT(NOTE, p_offset), 0x3f00}}},
    {"speaks version 2 of the boot protocol (flags 0)" ANEW, {{AT(note.request.version), 2}}},
    {"speaks version 0 of the boot protocol (flags 0)" ANEW, {{AT(note.request.version), 0}}},
    {"speaks version 1 of the boot protocol (flags 0x80000001)" ANEW, {{AT(note.request.flags), 0x80000001}}},
    {"speaks version 1 of the boot protocol (flags 0x4)" ANEW, {{AT(note.request.flags), 4}}},
    {"speaks version 1 of the boot protocol (flags 0)" ANEW, {{AT(note.request.video), 3}}},
    {"asks for a stack of more than 64 MiB.", {{AT(note.request.stack_size), 0x4000001}}},
    {"asks for a stack of more than 64 MiB.", {{AT(note.request.stack_size), -1ull}}},
    {DIRECT_MAP("0x1000"), {{AT(note.request.direct_map), 0x1000}}},
    {DIRECT_MAP("0x800000000000"), {{AT(note.request.direct_map), 0x800000000000}}},
    {DIRECT_MAP("0xffff7fffc0000000"), {{AT(note.request.direct_map), 0xffff7fffc0000000}}},
    {DIRECT_MAP("0xffff800000001000"), {{AT(note.request.direct_map), 0xffff800000001000}}},
    {NOT_STATIC, {{SEGMENT(SPARE, p_type), PT_INTERP}}},
    {CUT_OFF, {{SEGMENT(DATA, p_offset), 0x3001}}},
    {CUT_OFF, {{SEGMENT(DATA, p_offset), -0x1000ull}}},
    {CUT_OFF, {{SEGMENT(DATA, p_filesz), 0x1001}}},
    {CUT_OFF, {{SEGMENT(TEXT, p_filesz), -0x1000ull}, {SEGMENT(TEXT, p_memsz), -0x1000ull}}},
    {"the segment at 0xffffffff80001000 is larger in the file than in memory.", {{SEGMENT(TEXT, p_memsz), 0xfff}}},
    {"the segment at 0xffffffff80003000 is both writable and executable; link with -z separate-code.",
        {{SEGMENT(DATA, p_flags), PF_R | PF_W | PF_X}}},
    {OUTSIDE("0x800000000000"), {{SEGMENT(DATA, p_vaddr), 0x800000000000}}},
    {OUTSIDE("0x7fffffffe000"), {{SEGMENT(DATA, p_vaddr), 0x7fffffffe000}}},
    {OUTSIDE("0xffff7ffffffff000"), {{SEGMENT(DATA, p_vaddr), 0xffff7ffffffff000}}},
    {OUTSIDE("0xffffffffffffd000"), {{SEGMENT(DATA, p_vaddr), -0x3000ull}}},
    {OUTSIDE("0xfffffffffffff000"), {{SEGMENT(DATA, p_vaddr), -0x1000ull}}},
    {OUTSIDE("0xfffffffffffff800"), {{SEGMENT(DATA, p_vaddr), -0x800ull}}},
    {OUTSIDE("0xffffffffffffffff"), {{SEGMENT(DATA, p_vaddr), -1ull}}},
    {OUTSIDE("0xffffffff80003000"), {{SEGMENT(DATA, p_memsz), -1ull}}},
    {OUTSIDE("0xffffffff80003000"), {{SEGMENT(DATA, p_memsz), 0x80000000}}},
    {OUTSIDE("0x1000"), {{SEGMENT(TEXT, p_vaddr), 0x1000}, {SEGMENT(TEXT, p_memsz), 1ull << 47}}},
    {SHARED("0xffffffff80001000", "0xffffffff80001fff"), {{SEGMENT(TABLES, p_vaddr), ELF_FILE_TEXT + 0xfff}}},
    {SHARED("0xffffffff80001000", "0xffffffff80001000"), {{SEGMENT(TABLES, p_vaddr), ELF_FILE_TEXT}}},
    {SHARED("0xffffffff80001000", "0xffffffff80002000"), {{SEGMENT(TEXT, p_memsz), 0x1001}}},
    {SHARED("0xffffffff80000000", "0xffffffff80001000"), {{SEGMENT(HEADERS, p_memsz), 0x20000000}}},
    {"asks for physical addresses, but p_vaddr - p_paddr is not the same for all segments.",
        {{SEGMENT(DATA, p_paddr), 0}, {AT(note.request.flags), BOOT_REQUEST_PHYSICAL}}},
    {TOO_LONG, {{SEGMENT(DATA, p_memsz), GIB(1)}}},
    {TOO_LONG, {{SEGMENT(HEADERS, p_vaddr), 0xffff800000000000}}},
    {TOO_LONG, {{SEGMENT(HEADERS, p_vaddr), 0}}},
    {"wants to be below 1 MiB, which belongs to the loader; link it higher.",
        {{SEGMENT(HEADERS, p_vaddr), 0xff000}, {SEGMENT(HEADERS, p_memsz), 0x1000}, {AT(header.e_type), ET_EXEC}}},
    {NOT_CODE("0xffffffff80003000"), {{AT(header.e_entry), ELF_FILE_DATA}}},
    {NOT_CODE("0xffffffff80002000"), {{AT(header.e_entry), ELF_FILE_TEXT + 0x1000}}},
    {NOT_CODE("0xffffffff80000fff"), {{AT(header.e_entry), ELF_FILE_TEXT - 1}}},
    {NOT_CODE("0"), {{AT(header.e_entry), 0}}},
};

static void test_bad_kernels(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(bad_kernels); i++) {
        const struct bad_kernel *bad = &bad_kernels[i];
        char sentence[512];
        elf_file_make(&file);
        if (strstr(bad->sentence, "below 1 MiB")) {
            /* Only when all of it is there. */
            for (int s = TEXT; s <= DATA; s++)
                file.segments[s].p_vaddr += MIB(1) - ELF_FILE_BASE;
            file.header.e_entry = MIB(1) + 0x1000;
        }
        for (size_t c = 0; c < ARRAY_LENGTH(bad->change) && bad->change[c].size; c++)
            memcpy((uint8_t *)&file + bad->change[c].offset, &bad->change[c].value, bad->change[c].size);
        snprintf(sentence, sizeof sentence, "/kernel: %s", bad->sentence);
        if (make_plan() == 0)
            fail_msg("accepted, but: %s", sentence);
        assert_string_equal(loader_error_text(), sentence);
    }
}

static void test_nothing_to_load(void **state)
{
    elf_file_make(&file);
    for (int s = ELF_FILE_LOAD_HEADERS; s <= ELF_FILE_LOAD_DATA; s++)
        file.segments[s].p_memsz = 0;
    assert_int_equal(make_plan(), -1);
    assert_string_equal(loader_error_text(), "/kernel: has nothing to load.");
}

/* As many as there may be, and one more. */
static void test_many_segments(void **state)
{
    for (uint32_t count = ELF_MAX_SEGMENTS; count <= ELF_MAX_SEGMENTS + 1; count++) {
        elf_file_make(&file);
        struct elf64_phdr *headers = (struct elf64_phdr *)file.words;
        headers[0] = file.segments[NOTE];
        for (uint32_t i = 0; i < count; i++) {
            headers[1 + i] = file.segments[TEXT];
            headers[1 + i].p_vaddr += (i * 13 % count) * 0x1000;
        }
        file.header.e_phoff = offsetof(struct elf_file, words);
        file.header.e_phnum = (uint16_t)(count + 1);
        if (count == ELF_MAX_SEGMENTS) {
            assert_accepted();
            assert_int_equal(plan.segment_count, count);
        } else {
            assert_int_equal(make_plan(), -1);
            assert_string_equal(loader_error_text(), "/kernel: has too many segments.");
        }
    }
}

/* Cut off at every length: an error, or a plan that keeps to what is left. */
static void test_truncated(void **state)
{
    elf_file_make(&file);
    for (uint64_t size = 0; size < sizeof file; size++) {
        uint8_t *copy = malloc(size ? size : 1); /* its own block, so that AddressSanitizer knows where it ends */
        memcpy(copy, &file, size);
        elf_memory_open(&memory, copy, size);
        assert_int_equal(elf_plan(&memory.source, &plan), -1);
        assert_string_equal(
            loader_error_text(), size < 64 ? "/kernel: is too short to be a kernel." : "/kernel: " CUT_OFF);
        free(copy);
    }
}

static void test_unreadable(void **state)
{
    static const uint64_t places[] = {0, 63, 64, offsetof(struct elf_file, note)};
    elf_file_make(&file);
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        char sentence[64];
        elf_memory_open(&memory, &file, sizeof file);
        memory.fail_at = places[i];
        assert_int_equal(elf_plan(&memory.source, &plan), -1);
        snprintf(
            sentence, sizeof sentence, "The test file cannot be read at byte %llu.", (unsigned long long)places[i]);
        assert_string_equal(loader_error_text(), sentence);
    }
}

UNIT_MAIN(cmocka_unit_test(test_plan), cmocka_unit_test(test_request), cmocka_unit_test(test_other_notes),
    cmocka_unit_test(test_order), cmocka_unit_test(test_executable), cmocka_unit_test(test_alignment),
    cmocka_unit_test(test_odd_segments), cmocka_unit_test(test_bad_kernels), cmocka_unit_test(test_nothing_to_load),
    cmocka_unit_test(test_many_segments), cmocka_unit_test(test_truncated), cmocka_unit_test(test_unreadable))
