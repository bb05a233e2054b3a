/*
 * The whole loader (loader_main), from a disk and a memory map to the jump: kernels boot on machines of all kinds, and
 * what they find must be as docs/boot-protocol.md says (tests/unit/boot/machine_check.h). Failures are in
 * loader_error_test.c.
 */
#include "tests/unit/unit.h"

#include "tests/unit/boot/elf_file.h"
#include "tests/unit/boot/machine_check.h"
#include "tests/unit/boot/random.h"

#include <stdio.h>
#include <string.h>

static struct machine machine;
static struct elf_file file;

static const struct boot_info *boot_file(void)
{
    machine_boot(&machine);
    return machine_check(&machine, &file, sizeof file);
}

/* 32 MiB with the small kernel of elf_file.h. */
static void make(void)
{
    elf_file_make(&file);
    machine_make(&machine, MIB(32), &file, sizeof file);
}

static uint8_t *read_file(const char *path, uint32_t *size)
{
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s is missing", path);
    uint8_t *bytes = malloc(1 << 20);
    *size = (uint32_t)fread(bytes, 1, 1 << 20, in);
    fclose(in);
    return bytes;
}

static int open_machine(void **state)
{
    return machine_open();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Kernels
 */

static void test_default(void **state)
{
    make();
    const struct boot_info *info = boot_file();
    assert_int_equal(info->direct_map, 0xffff800000000000);
    assert_int_equal(info->stack_size, 0x10000);
    assert_int_equal(info->kernel_slide, 0);
    assert_int_equal(info->kernel_virtual, ELF_FILE_BASE);
    assert_int_equal(info->module_count, 0);
    assert_int_equal(info->seed_bits, 0);
    assert_string_equal(machine_direct(info, info->cmdline), "");
    assert_int_equal(machine_outcome->blob, MACHINE_BLOB);
    assert_int_equal(machine_outcome->wish.video, BOOT_VIDEO_ANY);
    assert_in_range(machine_outcome->disk_reads, 1, 8);
}

static void test_real_kernels(void **state)
{
    static const char *const kernels[] = {"build/examples/hello.elf", "build/kernel.elf",
        "build/tests/unit/kernel-relr.elf", "build/tests/unit/kernel-exec.elf"};
    for (size_t i = 0; i < ARRAY_LENGTH(kernels); i++) {
        for (int uefi = 0; uefi < 2; uefi++) {
            uint32_t size;
            uint8_t *bytes = read_file(kernels[i], &size);
            machine_make(&machine, MIB(32), bytes, size);
            machine.is_uefi = uefi;
            machine.has_gigabyte_pages = i % 2;
            machine.files[0].run = (uint32_t)i;
            machine_boot(&machine);
            machine_check(&machine, bytes, size);
            free(bytes);
        }
    }
}

/* Linked anywhere: near 0, which means near -2 GiB, in the lower half, and at the bottom of the higher. */
static void test_addresses(void **state)
{
    static const struct {
        uint64_t base, expected;
        uint16_t type;
    } cases[] = {
        {0, 0xffffffff80000000, ET_DYN},
        {0x1000, 0xffffffff80001000, ET_DYN},
        {0xff000, 0xffffffff800ff000, ET_DYN},
        {MIB(1), MIB(1), ET_EXEC},
        {MIB(1), MIB(1), ET_DYN},
        {0x7fff00000000, 0x7fff00000000, ET_EXEC},
        {0xffffc00000000000, 0xffffc00000000000, ET_EXEC},
        {0xffffffffffe00000, 0xffffffffffe00000, ET_EXEC},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        make();
        file.header.e_type = cases[i].type;
        file.header.e_entry = cases[i].base + 0x1234;
        for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
            file.segments[s].p_vaddr += cases[i].base - ELF_FILE_BASE;
        const struct boot_info *info = boot_file();
        assert_int_equal(info->kernel_virtual, cases[i].expected);
        assert_int_equal(info->kernel_slide, cases[i].expected - cases[i].base);
    }
}

/* Never outside the top 2 GiB, never twice the same, always by multiples of the alignment; not when it is forbidden. */
static void test_kaslr(void **state)
{
    static const uint64_t aligns[] = {PAGE_SIZE, 0x10000, MIB(2), MIB(512)};
    static const uint64_t offsets[] = {0, 0x5000, MIB(1), MIB(511)};
    for (int n = 0; n < 32; n++) {
        uint64_t align = aligns[n % 4], offset = offsets[n / 4 % 4];
        static uint64_t slides[32];
        make();
        file.note.request.flags = BOOT_REQUEST_KASLR;
        file.header.e_entry += offset;
        for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
            file.segments[s].p_vaddr += offset;
        file.segments[ELF_FILE_LOAD_DATA].p_align = align;
        const struct boot_info *info = boot_file();
        assert_true(is_aligned(info->kernel_slide, align));
        assert_true(info->kernel_virtual >= 0xffffffff80000000);
        assert_true(info->stack_base + info->stack_size < -(uint64_t)MIB(2));
        slides[n] = info->kernel_slide;
        for (int other = 0; align < MIB(2) && other < n; other++)
            assert_true(aligns[other % 4] >= MIB(2) || slides[other] != slides[n]);
    }
    machine.config = "kernel = /kernel.elf\nkaslr = off\n";
    assert_int_equal(boot_file()->kernel_slide, 0);
    machine.config = "kernel = /kernel.elf\nkaslr = on\n";
    file.header.e_type = ET_EXEC;
    assert_int_equal(boot_file()->kernel_slide, 0);
}

/* The largest alignment and image that the top 2 GiB must take, with the largest stack. The image alone has 1 GiB,
 * which this machine has not: what matters is that the loader gets as far as to ask for it. */
static void test_kaslr_of_large_kernels(void **state)
{
    for (int n = 0; n < 8; n++) {
        make();
        file.note.request.flags = BOOT_REQUEST_KASLR;
        file.note.request.stack_size = MIB(64);
        file.header.e_entry += MIB(511);
        for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
            file.segments[s].p_vaddr += MIB(511);
        file.segments[ELF_FILE_LOAD_DATA].p_align = MIB(512);
        file.segments[ELF_FILE_LOAD_DATA].p_memsz = GIB(1) - 0x3000;
        machine_boot(&machine);
        machine_check_error("Not enough memory: /kernel.elf needs 1048576 KiB in one piece; this machine has 32248 KiB "
                            "free. Add memory, or boot less.");
    }
}

static void test_physical(void **state)
{
    static const uint64_t places[] = {MIB(1), MIB(4), MIB(15) - 0x3000, MIB(31)};
    for (size_t i = 0; i < ARRAY_LENGTH(places) * 2; i++) {
        make();
        machine.is_uefi = i % 2;
        file.note.request.flags = BOOT_REQUEST_PHYSICAL | (i % 3 ? BOOT_REQUEST_KASLR : 0);
        for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
            file.segments[s].p_paddr += places[i / 2] - ELF_FILE_PHYSICAL;
        assert_int_equal(boot_file()->kernel_physical, places[i / 2]);
    }
}

static void test_stack_and_direct_map(void **state)
{
    static const uint64_t stacks[][2] = {{1, 0x1000}, {0x1000, 0x1000}, {0x12345, 0x13000}, {MIB(8), MIB(8)}};
    static const uint64_t maps[] = {
        0xffff800000000000, 0xffffc00000000000, 0xffffff8000000000, 0x0000400000000000, GIB(1)};
    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++) {
        make();
        machine.has_gigabyte_pages = i % 2;
        file.note.request.stack_size = stacks[i % 4][0];
        file.note.request.direct_map = maps[i];
        const struct boot_info *info = boot_file();
        assert_int_equal(info->stack_size, stacks[i % 4][1]);
        assert_int_equal(info->direct_map, maps[i]);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Configuration
 */

static void test_modules(void **state)
{
    static uint8_t data[300000];
    struct random random = {10};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)random_next(&random);
    for (int uefi = 0; uefi < 2; uefi++) {
        make();
        machine.is_uefi = uefi;
        machine.config = "module = /empty\nkernel = /kernel.elf\nmodule = /one\nmodule = /page\ncmdline = a  b=c\n"
                         "module = /page and one\nmodule = /large.bin\nmodule = /one\n";
        machine_add_file(&machine, "/empty", data, 0);
        machine_add_file(&machine, "/one", data + 1, 1);
        machine_add_file(&machine, "/page", data + 2, PAGE_SIZE);
        machine_add_file(&machine, "/page and one", data + 3, PAGE_SIZE + 1);
        machine_add_file(&machine, "/large.bin", data, sizeof data);
        machine.files[5].run = 3;
        const struct boot_info *info = boot_file();
        assert_int_equal(info->module_count, 6);
        assert_string_equal(machine_direct(info, info->cmdline), "a  b=c");
        const struct boot_module *modules = machine_direct(info, info->modules);
        assert_string_equal(machine_direct(info, modules[4].name), "/large.bin");
        assert_string_equal(machine_direct(info, modules[5].name), "/one");
        assert_int_not_equal(modules[5].physical, modules[1].physical);
    }
}

/* As many, and names as long, as corrode.conf can hold. */
static void test_full_configuration(void **state)
{
    static char config[CONFIG_MAX_SIZE + 1], names[CONFIG_MAX_MODULES][256];
    char *end = config;
    make();
    machine.framebuffer =
        (struct boot_framebuffer){.physical = 0xe0000000, .width = 8, .height = 8, .pitch = 32, .bpp = 32};
    end += sprintf(end, "kernel=/kernel.elf\n");
    for (int i = 0; i < CONFIG_MAX_MODULES; i++) {
        memset(names[i], 'a' + i % 26, 120);
        snprintf(names[i], 8, "/%06d", i);
        names[i][7] = 'x';
        machine_add_file(&machine, names[i], names[i], 200);
        end += sprintf(end, "module=%s\n", names[i]);
    }
    end += sprintf(end, "cmdline=");
    memset(end, 'c', (size_t)(config + CONFIG_MAX_SIZE - end));
    machine.config = config;
    const struct boot_info *info = boot_file();
    assert_int_equal(info->module_count, CONFIG_MAX_MODULES);
    assert_int_equal(strlen(machine_direct(info, info->cmdline)), config + CONFIG_MAX_SIZE - end);
}

static void test_video(void **state)
{
    make();
    file.note.request.video = BOOT_VIDEO_TEXT;
    file.note.request.video_width = 640;
    file.note.request.video_height = 480;
    file.note.request.video_bpp = 24;
    boot_file();
    struct video_wish wish = machine_outcome->wish;
    assert_int_equal(wish.video, BOOT_VIDEO_TEXT);
    assert_int_equal(wish.width, 640);
    assert_int_equal(wish.height, 480);
    assert_int_equal(wish.bpp, 24);

    machine.config = "kernel = /kernel.elf\nvideo = 1024x768\n";
    machine.framebuffer =
        (struct boot_framebuffer){.physical = 0xfd000800, .width = 1024, .height = 768, .pitch = 4096, .bpp = 32};
    boot_file();
    wish = machine_outcome->wish;
    assert_int_equal(wish.video, BOOT_VIDEO_FRAMEBUFFER);
    assert_int_equal(wish.width, 1024);
    assert_int_equal(wish.height, 768);
    assert_int_equal(wish.bpp, 0);

    /* A framebuffer above 4 GiB, one in memory that the firmware had reserved, and no screen at all. */
    machine.framebuffer.physical = 0x4000000000;
    boot_file();
    machine_add_memory(&machine, 0xe0000000, MIB(64), BOOT_MEMORY_RESERVED);
    machine.framebuffer.physical = 0xe1000000;
    boot_file();
    machine.has_no_screen = true;
    boot_file();
}

static void test_serial(void **state)
{
    make();
    machine.has_uart = true;
    const struct boot_info *info = boot_file();
    assert_int_equal(info->serial.baud, 115200);
    machine.config = "kernel = /kernel.elf\nserial = com1,9600\n";
    assert_int_equal(boot_file()->serial.baud, 9600);
    machine.config = "kernel = /kernel.elf\nserial = com2\n";
    machine.has_uart = false; /* at COM2 there is none */
    boot_file();
}

static void test_partition(void **state)
{
    make();
    machine.partition = 2048;
    boot_file();
    assert_in_range(machine_outcome->disk_reads, 1, 8);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

/* 5 GiB under SeaBIOS on an AMD processor; the reserved region below 1 TiB must not become page tables. */
static void test_large_machine(void **state)
{
    for (int gigabyte_pages = 0; gigabyte_pages < 2; gigabyte_pages++) {
        make();
        machine.has_gigabyte_pages = gigabyte_pages;
        machine_add_memory(&machine, MIB(32), GIB(3) - MIB(32), BOOT_MEMORY_USABLE);
        machine_add_memory(&machine, 0xfed1c000, 0x4000, BOOT_MEMORY_RESERVED);
        machine_add_memory(&machine, GIB(4), GIB(1) + MIB(6), BOOT_MEMORY_USABLE);
        machine_add_memory(&machine, 0xfd00000000, 0x300000000, BOOT_MEMORY_RESERVED);
        const struct boot_info *info = boot_file();
        assert_int_equal(info->direct_map_size, GIB(5) + MIB(6));
    }
}

/* RESERVED on both sides of 4 GiB: what is below belongs to the direct map. */
static void test_reserved_across_4_gib(void **state)
{
    make();
    machine_add_memory(&machine, GIB(4) - MIB(8), MIB(16), BOOT_MEMORY_RESERVED);
    boot_file();
    machine_add_memory(&machine, GIB(4) + MIB(8), MIB(512), BOOT_MEMORY_USABLE);
    boot_file();
}

/* Page tables are taken while the direct map is built, out of the very memory that it is built from: here from holes
 * that they split, leave or fill. Every piece of memory needs a table of its own, so there are many. */
static void test_memory_in_pieces(void **state)
{
    for (uint64_t first = 36; first < 44; first++) {
        for (uint64_t second = 8; second <= 24; second += 4) {
            make();
            machine.memory_count = 0;
            machine_add_memory(&machine, 0, 0x9f000, BOOT_MEMORY_USABLE);
            machine_add_memory(&machine, MIB(1), first * PAGE_SIZE, BOOT_MEMORY_USABLE);
            machine_add_memory(&machine, MIB(1) + first * PAGE_SIZE, PAGE_SIZE, BOOT_MEMORY_ACPI_NVS);
            machine_add_memory(&machine, MIB(2), second * PAGE_SIZE, BOOT_MEMORY_USABLE);
            for (uint64_t n = 1; n < 20; n++)
                machine_add_memory(&machine, MIB(4 * n), 0x10000, BOOT_MEMORY_USABLE + n % 2 * 8);
            machine.is_uefi = second % 8 != 0;
            machine.allocate_low = first % 2;
            boot_file();
        }
    }
}

static void test_small_machine(void **state)
{
    make();
    machine_make(&machine, MIB(2), &file, sizeof file);
    boot_file();
}

/* Any map at all: the kernel is entered and all is well, or memory did not suffice. */
static void test_random_maps(void **state)
{
    struct random random = {11};
    unsigned entered = 0;
    for (int round = 0; round < 150; round++) {
        make();
        machine.memory_count = 0;
        machine.is_uefi = random_below(&random, 2);
        machine.allocate_low = random_below(&random, 2);
        machine.has_gigabyte_pages = random_below(&random, 2);
        machine_add_memory(&machine, 0, 0x9f000, BOOT_MEMORY_USABLE);
        for (uint64_t n = 2 + random_below(&random, 30); n > 0; n--) {
            uint64_t base = 0x18000 + random_below(&random, MIB(24)),
                     length = random_below(&random, MIB(3) >> random_below(&random, 10));
            machine_add_memory(
                &machine, base, length, random_below(&random, 3) ? 1 : 2 + (uint32_t)random_below(&random, 12));
        }
        machine_boot(&machine);
        if (machine_outcome->kind == OUTCOME_STOPPED) {
            if (!strstr(machine_outcome->screen, "Not enough memory"))
                fail_msg("%s", machine_outcome->screen);
            continue;
        }
        machine_check(&machine, &file, sizeof file);
        entered++;
    }
    assert_in_range(entered, 75, 150);
}

/* Two boots of one machine: nothing that is secret is the same. */
static void test_seeds(void **state)
{
    uint8_t seed[32];
    make();
    memcpy(seed, boot_file()->seed, sizeof seed);
    assert_memory_not_equal(boot_file()->seed, seed, sizeof seed);
}

#define TEST(name) cmocka_unit_test_setup(name, open_machine)

UNIT_MAIN(TEST(test_default), TEST(test_real_kernels), TEST(test_addresses), TEST(test_kaslr),
    TEST(test_kaslr_of_large_kernels), TEST(test_physical), TEST(test_stack_and_direct_map), TEST(test_modules),
    TEST(test_full_configuration), TEST(test_video), TEST(test_serial), TEST(test_partition), TEST(test_large_machine),
    TEST(test_reserved_across_4_gib), TEST(test_memory_in_pieces), TEST(test_small_machine), TEST(test_random_maps),
    TEST(test_seeds))
