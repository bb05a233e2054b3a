/*
 * The whole loader when something is wrong: each fault ends with its sentence on the screen and the serial line, and
 * never in a crash, a hang or a kernel that was entered all the same.
 */
#include "tests/unit/unit.h"

#include "tests/unit/boot/elf_file.h"
#include "tests/unit/boot/machine_check.h"

#include <stdio.h>
#include <string.h>

static struct machine machine;
static struct elf_file file;

static void make(void)
{
    elf_file_make(&file);
    machine_make(&machine, MIB(8), &file, sizeof file);
}

static void assert_error(const char *sentence)
{
    machine_boot(&machine);
    machine_check_error(sentence);
}

static int open_machine(void **state)
{
    return machine_open();
}

/* ------------------------------------------------------------------------------------------------------------------
 * The machine
 */

static void test_processor(void **state)
{
    make();
    machine.has_no_long_mode = true;
    assert_error(
        "This processor is 32-bit only: it has no long mode. Use a PC or virtual machine with a 64-bit (x86-64) "
        "processor.");
    make();
    machine.has_no_nx = true;
    assert_error("This processor has no NX (no-execute, \"XD\") bit. Turn it on in the firmware's setup.");
}

static void test_no_memory(void **state)
{
    make();
    machine.memory_count = 0;
    assert_error("The firmware reports no usable memory, so there is nowhere to load a kernel.");
    machine_add_memory(&machine, 0, 0x9f000, BOOT_MEMORY_RESERVED);
    assert_error("The firmware reports no usable memory, so there is nowhere to load a kernel.");
    machine.memory_error = "The BIOS does not say.";
    assert_error("The BIOS does not say.");
    machine_add_memory(&machine, 0, 0x9f000, BOOT_MEMORY_USABLE);
    machine.memory_error = NULL;
    machine.memory[0].type = BOOT_MEMORY_USABLE;
    assert_error(
        "Not enough memory: /kernel.elf needs 24 KiB in one piece; this machine has 632 KiB free. Add memory, or "
        "boot less.");
}

/* From next to nothing to enough, page by page: always a sentence that says for what, at last a kernel. */
static void test_little_memory(void **state)
{
    static const char *const needs[] = {"/kernel.elf needs 24 KiB", "the kernel's stack needs 64 KiB",
        "boot_info needs", "the page tables needs 32 KiB"};
    for (int uefi = 0; uefi < 2; uefi++) {
        bool entered = false;
        for (uint64_t pages = 1, stage = 0; !entered; pages++) {
            make();
            machine.is_uefi = uefi;
            machine.memory_count = 0;
            machine_add_memory(&machine, 0, uefi ? 0x18000 : 0x9f000, BOOT_MEMORY_USABLE);
            machine_add_memory(&machine, MIB(2), pages * PAGE_SIZE, BOOT_MEMORY_USABLE);
            machine_boot(&machine);
            if (machine_outcome->kind == OUTCOME_ENTERED) {
                machine_check(&machine, &file, sizeof file);
                entered = true;
                continue;
            }
            assert_int_equal(machine_outcome->kind, OUTCOME_STOPPED);
            if (strstr(machine_outcome->screen, "hand-off"))
                continue; /* UEFI: the blob comes out of what is left */
            while (stage < 4 && !strstr(machine_outcome->screen, needs[stage]))
                stage++;
            if (stage == 4)
                fail_msg("%s", machine_outcome->screen);
            assert_non_null(strstr(machine_outcome->screen, "Not enough memory: "));
            assert_in_range(pages, 1, 100);
        }
    }
}

/* A module in each of many holes is fine; a machine whose direct map takes a thousand tables, each few below the last,
 * is more than the loader can keep in mind. */
static void test_too_many_pieces(void **state)
{
    static uint8_t page[PAGE_SIZE];
    static char config[2048] = "kernel = /kernel.elf\n";
    make();
    machine.is_uefi = machine.allocate_low = true;
    machine.memory_count = 0;
    machine_add_memory(&machine, 0x10000, 0x8000, BOOT_MEMORY_USABLE);
    machine_add_memory(&machine, MIB(2), 0x40000, BOOT_MEMORY_USABLE);
    for (uint32_t n = 0; n < CONFIG_MAX_MODULES; n++) {
        machine_add_memory(&machine, MIB(1) + 2 * n * PAGE_SIZE, PAGE_SIZE, BOOT_MEMORY_USABLE);
        strcat(config, "module=/M\n");
    }
    machine.config = config;
    machine_add_file(&machine, "/M", page, sizeof page);
    machine_boot(&machine);
    machine_check(&machine, &file, sizeof file);

    make();
    machine.is_uefi = true;
    machine_add_memory(&machine, GIB(4), GIB(1024), BOOT_MEMORY_USABLE);
    assert_error("The loader lost count of its memory: more than 128 pieces.");
}

static void test_firmware_will_not_leave(void **state)
{
    make();
    machine.is_uefi = true;
    machine.leave_error = "The firmware does not let go.";
    assert_error("The firmware does not let go.");
}

static void test_serial_line(void **state)
{
    make();
    machine.has_uart = true;
    machine.files[0].path = "/other.elf";
    const char *sentence = "/kernel.elf: there is no such file on the system partition. Copy it there, or correct "
                           "corrode.conf.";
    assert_error(sentence);
    char expected[512];
    snprintf(expected, sizeof expected, "\r\nCorrode cannot boot: %s\r\n", sentence);
    assert_string_equal(machine_outcome->serial, expected);

    machine.has_no_screen = true;
    machine_boot(&machine);
    assert_int_equal(machine_outcome->kind, OUTCOME_STOPPED);
    assert_string_equal(machine_outcome->screen, "");
    assert_string_equal(machine_outcome->serial, expected);

    machine.config = "serial = off\nkernel = /kernel.elf\n";
    machine_boot(&machine);
    assert_string_equal(machine_outcome->serial, "");
}

/* ------------------------------------------------------------------------------------------------------------------
 * The disk
 */

static void no_file_system(struct fat_volume *volume)
{
    memset(volume->bytes, 0, 512);
}

static void no_fat(struct fat_volume *volume)
{
    volume->bytes[13] = 3;
}

static void test_no_file_system(void **state)
{
    make();
    machine.damage = no_file_system;
    assert_error("The test disk has no partition table. Write the image to it again.");
    machine.partition = 2048;
    assert_error("The system partition holds no FAT file system. Write the image to the disk again.");
    machine.partition = 0;
    machine.is_uefi = true;
    assert_error("The system partition holds no FAT file system. Write the image to the disk again.");
    machine.is_uefi = false;
    machine.damage = no_fat;
    assert_error("The system partition holds no FAT file system. Write the image to the disk again.");
}

static void loop(struct fat_volume *volume)
{
    fat_volume_set_link(volume, volume->next - 1, volume->next - 3);
}

static void cross(struct fat_volume *volume)
{
    fat_volume_set_link(volume, volume->next - 2, 0xfff7);
}

static void grow(struct fat_volume *volume)
{
    fat_volume_set_size(volume, 100000);
}

static void test_damaged_chains(void **state)
{
    make();
    machine.damage = loop;
    machine_boot(&machine);
    assert_int_equal(machine_outcome->kind, OUTCOME_STOPPED);
    assert_non_null(strstr(machine_outcome->screen,
        "/kernel.elf: the file system is damaged: the chain of clusters runs in a circle, through "));
    machine.damage = cross;
    assert_error(
        "/kernel.elf: the file system is damaged: the chain of clusters leads astray, to 65527. Write the image to "
        "the disk again.");
    machine.damage = grow;
    assert_error(
        "/kernel.elf: the file system is damaged: the chain of clusters ends too early, after 4. Write the image to "
        "the disk again.");
}

/* Every read fails once, with everything after it. */
static void test_read_errors(void **state)
{
    make();
    machine.config = "kernel = /kernel.elf\nmodule = /module\n";
    machine_add_file(&machine, "/module", &file, sizeof file);
    machine.files[0].run = machine.files[1].run = 1;
    machine_boot(&machine);
    machine_check(&machine, &file, sizeof file);
    unsigned reads = machine_outcome->disk_reads;
    assert_in_range(reads, 4, 20);
    for (machine.fail_from = 1; machine.fail_from <= reads; machine.fail_from++) {
        machine_boot(&machine);
        assert_int_equal(machine_outcome->kind, OUTCOME_STOPPED);
        assert_non_null(strstr(machine_outcome->screen, "Corrode cannot boot: The test disk fails at read "));
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The configuration
 */

static void test_configuration(void **state)
{
    static char large[CONFIG_MAX_SIZE + 2];
    static const char *const cases[][2] = {
        {NULL, "/corrode.conf: there is no such file on the system partition. Copy it there, or correct corrode.conf."},
        {"", "corrode.conf: there is no line \"kernel = FILE\", so there is nothing to boot."},
        {"kernel = /kernel.elf\ncolour = blue\n",
            "corrode.conf line 2: unknown key \"colour\". The keys are kernel, cmdline, module, video, serial, kaslr."},
        {"kernel = /vmlinuz\n",
            "/vmlinuz: there is no such file on the system partition. Copy it there, or correct corrode.conf."},
        {"kernel = /\n", "/: is a directory; a file was expected."},
        {"kernel = /corrode.conf\n", "/corrode.conf: is too short to be a kernel."},
        {"kernel = /kernel.elf\nmodule = /missing\n",
            "/missing: there is no such file on the system partition. Copy it there, or correct corrode.conf."},
        {"kernel = /kernel.elf\nmodule = /kernel.elf/x\n",
            "/kernel.elf/x: a part of this path is a file, not a directory."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        make();
        machine.config = cases[i][0];
        assert_error(cases[i][1]);
    }
    memset(large, '#', CONFIG_MAX_SIZE + 1);
    make();
    machine.config = large;
    assert_error("corrode.conf has 16385 bytes; the limit is 16384.");
}

/* ------------------------------------------------------------------------------------------------------------------
 * The kernel
 */

static void test_bad_kernels(void **state)
{
    make();
    machine.files[0].size = 0x1000;
    assert_error("/kernel.elf: the file was cut off: its headers speak of more than it has. Copy the kernel again.");
    machine.files[0].size = 10;
    assert_error("/kernel.elf: is too short to be a kernel.");
    make();
    file.header.e_class = ELFCLASS32;
    assert_error("/kernel.elf: is not 64-bit (its ELF class says so); build the kernel for x86-64.");
    make();
    file.header.e_machine = EM_386;
    assert_error("/kernel.elf: was built for another processor (ELF machine 3); build the kernel for x86-64.");
    make();
    file.segments[ELF_FILE_LOAD_DATA].p_vaddr = ELF_FILE_TEXT;
    assert_error("/kernel.elf: the segments at 0xffffffff80001000 and 0xffffffff80001000 overlap or share a page; link "
                 "with -z max-page-size=4096 -z separate-code.");
    make();
    file.dynamic[0] = (struct elf64_dyn){DT_NEEDED, 1};
    assert_error("/kernel.elf: is dynamically linked; link the kernel with -static or -static-pie, without undefined "
                 "symbols.");
    make();
    file.dynamic[0] = (struct elf64_dyn){DT_RELASZ, 24};
    assert_error("/kernel.elf: its relocation tables are damaged. Link the kernel again.");
}

/* Memory that it asks for and this machine has not, or has in use. */
static void test_physical_addresses(void **state)
{
    static const struct {
        uint64_t base;
        const char *sentence;
    } cases[] = {
        {0, "asks for physical address 0; it must be a multiple of 4 KiB from 1 MiB on."},
        {0xff000, "asks for physical address 0xff000; it must be a multiple of 4 KiB from 1 MiB on."},
        {0x400800, "asks for physical address 0x400800; it must be a multiple of 4 KiB from 1 MiB on."},
        {0x7fdc000,
            "asks for physical addresses 0x7fdc000 to 0x7fe2000, which are not free RAM on this machine; link it "
            "elsewhere, or let the loader choose."},
        {0x7dc000, "asks for physical addresses 0x7dc000 to 0x7e2000, which are not free RAM on this machine; link it "
                   "elsewhere, or let the loader choose."},
        {0x100000000, "asks for physical addresses 0x100000000 to 0x100006000, which are not free RAM on this machine; "
                      "link it elsewhere, or let the loader choose."},
        {0xffffd000,
            "asks for physical addresses 0xffffd000 to 0x100003000, which are not free RAM on this machine; link "
            "it elsewhere, or let the loader choose."},
        {-0x3000ull,
            "asks for physical addresses 0xffffffffffffd000 to 0x3000, which are not free RAM on this machine; "
            "link it elsewhere, or let the loader choose."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases) * 2; i++) {
        char sentence[256];
        make();
        machine.is_uefi = i % 2;
        machine_add_memory(&machine, GIB(3), GIB(2), BOOT_MEMORY_USABLE); /* but beyond the firmware's reach */
        machine.memory[5].type = BOOT_MEMORY_USABLE;
        file.note.request.flags = BOOT_REQUEST_PHYSICAL;
        for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
            file.segments[s].p_paddr += cases[i / 2].base - ELF_FILE_PHYSICAL;
        snprintf(sentence, sizeof sentence, "/kernel.elf: %s", cases[i / 2].sentence);
        assert_error(sentence);
    }
}

static void test_no_room(void **state)
{
    make();
    file.note.request.stack_size = MIB(8);
    assert_error(
        "Not enough memory: the kernel's stack needs 8192 KiB in one piece; this machine has 7648 KiB free. Add "
        "memory, or boot less.");
    make();
    file.segments[ELF_FILE_LOAD_DATA].p_memsz = MIB(7);
    assert_error(
        "Not enough memory: /kernel.elf needs 7180 KiB in one piece; this machine has 7672 KiB free. Add memory, "
        "or boot less.");
    static uint8_t module[MIB(7)];
    make();
    machine.config = "kernel = /kernel.elf\nmodule = /initramfs.cpio\n";
    machine_add_file(&machine, "/initramfs.cpio", module, sizeof module);
    assert_error("Not enough memory: /initramfs.cpio needs 7168 KiB in one piece; this machine has 7584 KiB free. Add "
                 "memory, or boot less.");
}

static void move_kernel(uint64_t base)
{
    file.header.e_entry += base - ELF_FILE_BASE;
    for (int s = 0; s < ELF_FILE_SEGMENTS; s++)
        file.segments[s].p_vaddr += base - ELF_FILE_BASE;
}

/* Virtual addresses that do not go together. */
static void test_address_space(void **state)
{
    make();
    move_kernel(-(uint64_t)0x10000);
    assert_error("/kernel.elf: leaves no room for its stack behind it; link it 32 KiB lower.");
    make();
    move_kernel(0x00007fffffff0000);
    assert_error("/kernel.elf: leaves no room for its stack behind it; link it 32 KiB lower.");
    make();
    move_kernel(0xffff800000000000 + MIB(2));
    assert_error("Two things want the virtual address 0xffff800000200000; link the kernel elsewhere.");
    make();
    file.note.request.direct_map = 0xffffffffc0000000;
    machine_add_memory(&machine, GIB(1), MIB(1), BOOT_MEMORY_USABLE);
    assert_error("/kernel.elf: its direct map leaves no room for memory up to 0x40100000; ask for it lower.");
    make();
    file.note.request.direct_map = 0x7fffc0000000;
    machine_add_memory(&machine, GIB(1), MIB(1), BOOT_MEMORY_USABLE);
    assert_error("/kernel.elf: its direct map leaves no room for memory up to 0x40100000; ask for it lower.");
    make();
    file.note.request.direct_map = 0xffffffff80000000;
    assert_error("Two things want the virtual address 0xffffffff80000000; link the kernel elsewhere.");
}

#define TEST(name) cmocka_unit_test_setup(name, open_machine)

UNIT_MAIN(TEST(test_processor), TEST(test_no_memory), TEST(test_little_memory), TEST(test_too_many_pieces),
    TEST(test_firmware_will_not_leave), TEST(test_serial_line), TEST(test_no_file_system), TEST(test_damaged_chains),
    TEST(test_read_errors), TEST(test_configuration), TEST(test_bad_kernels), TEST(test_physical_addresses),
    TEST(test_no_room), TEST(test_address_space))
