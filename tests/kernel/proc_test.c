/*
 * Programs (kernel/proc): a small one, made here, runs and ends in every way; and files that are almost one are
 * refused, or run and end, but leave nothing behind and the kernel alone. tests/guest/elf.c compares them with Linux.
 */
#include "fs/dentry.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/proc.h"
#include "random.h"
#include "tests/kernel/elf_image.h"
#include "tests/kernel/ktest.h"
#include "vm/vm.h"

KTEST_COUNT(processes, process_count);

#define PATH "/program"
#define BASE 0x400000ull

/* One segment that is the whole file; the code is at its end. */
struct image {
    struct elf64_ehdr file;
    struct elf64_phdr segments[2];
    uint8_t code[64];
};

#define EXIT_7 "\xb8\xe7\x00\x00\x00\xbf\x07\x00\x00\x00\x0f\x05" /* mov $231, %eax; mov $7, %edi; syscall */

static struct image make_image(const char *code, size_t size)
{
    struct image image = {
        .file = elf_image_header(BASE + offsetof(struct image, code), offsetof(struct image, segments), 2),
        .segments = {{.p_type = PT_LOAD,
                         .p_flags = PF_R | PF_X,
                         .p_vaddr = BASE,
                         .p_filesz = sizeof(struct image),
                         .p_memsz = sizeof(struct image),
                         .p_align = PAGE_SIZE},
            {.p_type = PT_LOAD,
                .p_flags = PF_R | PF_W,
                .p_vaddr = BASE + PAGE_SIZE,
                .p_filesz = 100,
                .p_memsz = 3 * PAGE_SIZE,
                .p_align = PAGE_SIZE}},
    };
    memcpy(image.code, code, size);
    return image;
}

static void put_file(const void *data, size_t size)
{
    struct walk walk;
    struct iov iov;
    int error;
    fs_root_walk(&walk);
    struct file *file = file_open(&walk, PATH, O_WRONLY | O_CREAT | O_TRUNC, 0755, &error);
    if (!KTEST_CHECK(file != NULL))
        return;
    iov_init_kernel(&iov, (void *)data, size);
    KTEST_EQUAL(file_write(file, &iov, NULL), size);
    file_put(file);
}

static void remove_file(void)
{
    struct walk walk;
    fs_root_walk(&walk);
    KTEST_EQUAL(name_remove(&walk, PATH, false), 0);
}

/* Runs the file: its status, or the error as a negative number. */
static int run_file(void)
{
    static const char *const argv[] = {PATH, "an argument", NULL}, *const environment[] = {"A=b", NULL};
    static const struct program_arguments arguments = {.argv = argv, .environment = environment};
    int error;
    struct process *process = process_start(PATH, &arguments, &error);
    return process ? process_wait(process) : error;
}

static int run_image(const struct image *image, size_t size)
{
    put_file(image, size);
    int status = run_file();
    remove_file();
    return status;
}

#define RUN(code)                                                                                                      \
    __extension__({                                                                                                    \
        struct image run = make_image(code, sizeof(code) - 1);                                                         \
        run_image(&run, sizeof run);                                                                                   \
    })

KTEST(proc_programs_end_as_they_say)
{
    KTEST_EQUAL(RUN(EXIT_7), status_of_exit(7));
    KTEST_EQUAL(status_for_shell(status_of_exit(7)), 7);
    KTEST_EQUAL(RUN("\x0f\x0b"), status_of_signal(SIGILL));
    KTEST_EQUAL(RUN("\xcc"), status_of_signal(SIGTRAP));
    KTEST_EQUAL(RUN("\xf4"), status_of_signal(SIGSEGV));
    KTEST_EQUAL(RUN("\x31\xc9\xf7\xf1"), status_of_signal(SIGFPE));                  /* xor %ecx, %ecx; div %ecx */
    KTEST_EQUAL(RUN("\xc6\x04\x25\x00\x00\x00\x00\x01"), status_of_signal(SIGSEGV)); /* movb $1, 0 */
    KTEST_EQUAL(RUN("\xc6\x05\x00\x00\x00\x00\x01"), status_of_signal(SIGSEGV));     /* into its own code */
    KTEST_EQUAL(RUN("\x48\x89\xe0\xff\xe0"), status_of_signal(SIGSEGV));             /* a jump to the stack */
    KTEST_EQUAL(status_for_shell(status_of_signal(SIGSEGV)), 139);
}

KTEST(proc_registers_are_zero)
{
    /* or of all into RAX; jnz to UD2; exit(RAX) */
    KTEST_EQUAL(RUN("\x48\x09\xc8\x48\x09\xd0\x48\x09\xd8\x48\x09\xf0\x48\x09\xf8\x4c\x09\xc0\x4c\x09\xf8\x75\x09"
                    "\x89\xc7\xb8\x3c\x00\x00\x00\x0f\x05\x0f\x0b"),
        status_of_exit(0));
}

KTEST(proc_the_last_page_is_nobody_s)
{
    struct image image = make_image(EXIT_7, sizeof EXIT_7 - 1);
    vaddr_t last = USER_END;
    image.segments[0].p_vaddr = last;
    image.file.e_entry = last + offsetof(struct image, code);
    image.segments[1].p_type = 0;
    KTEST_EQUAL(run_image(&image, sizeof image), -EINVAL);
}

/* What fields may be so that there is no program, or none that gets as far as its end. */
#define FIELD(member, ...)                                                                                             \
    {                                                                                                                  \
        #member, offsetof(struct image, member), sizeof(((struct image *)NULL)->member),                               \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
static const struct {
    const char *name;
    size_t offset, size;
    uint64_t values[6]; /* up to a 0 after the first */
} fields[] = {
    FIELD(file.e_magic, 0, 1, 0x464c457e, 0x4c457f, 0x2123),
    FIELD(file.e_type, 0, 1, 4, 0xfe00, 0xffff),
    FIELD(file.e_machine, 0, EM_386, 183, 0xffff),
    FIELD(file.e_entry, 0, BASE - 1, BASE + PAGE_SIZE, USER_END, 0xffffffff80000000, ~0ull),
    FIELD(file.e_phoff, 0, 1, sizeof(struct image) - 1, 1ull << 63, ~0ull),
    FIELD(file.e_phentsize, 0, 1, 55, 57, 0xffff),
    FIELD(file.e_phnum, 0, 100, 0xffff),
    FIELD(segments[0].p_type, PT_INTERP, PT_DYNAMIC, 7),
    FIELD(segments[0].p_flags, 0, PF_R, PF_W, PF_R | PF_W),
    FIELD(segments[0].p_offset, 1, 0x1001, PAGE_SIZE, 1ull << 63, ~0xfffull),
    FIELD(segments[0].p_vaddr, 0, 1, BASE + 1, USER_END, 0xffffffff80000000, ~0xfffull),
    FIELD(segments[0].p_filesz, sizeof(struct image) + 1, 1ull << 47, 1ull << 63, ~0ull),
    FIELD(segments[0].p_memsz, 0, 1, USER_END, 1ull << 63, ~0ull),
    FIELD(segments[1].p_type, PT_INTERP),
    FIELD(segments[1].p_offset, 1, PAGE_SIZE, 1ull << 63, ~0xfffull),
    FIELD(segments[1].p_vaddr, 0, BASE, BASE + PAGE_SIZE + 1, USER_END - PAGE_SIZE, USER_END, ~0xfffull),
    FIELD(segments[1].p_filesz, 4 * PAGE_SIZE, ~0ull),
    FIELD(segments[1].p_memsz, 99, USER_END, 1ull << 63, ~0ull),
};

KTEST(proc_hostile_headers_are_refused)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(fields); i++)
        for (unsigned v = 0; v < 6 && (v == 0 || fields[i].values[v]); v++) {
            struct image image = make_image(EXIT_7, sizeof EXIT_7 - 1);
            memcpy((char *)&image + fields[i].offset, &fields[i].values[v], fields[i].size);
            int status = run_image(&image, sizeof image);
            if (status == status_of_exit(7))
                KTEST_FAIL("%s = %#lx: %d", fields[i].name, fields[i].values[v], status);
        }
}

KTEST(proc_truncated_files_are_refused)
{
    struct image image = make_image(EXIT_7, sizeof EXIT_7 - 1);
    for (size_t size = 0; size < sizeof image; size++)
        if (size < offsetof(struct image, code))
            KTEST_EQUAL(run_image(&image, size), -ENOEXEC);
        else /* with zeros where its code was */
            KTEST_CHECK(run_image(&image, size) > 0);
    KTEST_EQUAL(run_image(&image, sizeof image), status_of_exit(7));
}

/* Any byte may be anything: what runs ends somehow, which a loop does not, so the code is left alone. */
KTEST(proc_random_headers_do_no_harm)
{
    for (unsigned i = 0; i < 500; i++) {
        struct image image = make_image(EXIT_7, sizeof EXIT_7 - 1);
        for (unsigned changes = 1 + random_u64() % 3; changes; changes--)
            ((uint8_t *)&image)[random_u64() % offsetof(struct image, code)] = (uint8_t)random_u64();
        image.file.e_entry = BASE + offsetof(struct image, code);
        int status = run_image(&image, sizeof image);
        if (status < 0 && status != -ENOEXEC && status != -EINVAL && status != -ENOMEM && status != -EEXIST &&
            status != -EPERM && status != -EIO && status != -ENOENT && status != -E2BIG && status != -EFAULT)
            KTEST_FAIL("status %d", status);
    }
}

KTEST(proc_only_files_that_may_be_run_are)
{
    static const char *const none[] = {NULL};
    static const struct program_arguments arguments = {.argv = none, .environment = none};
    struct image image = make_image(EXIT_7, sizeof EXIT_7 - 1);
    struct walk walk;
    struct path path;
    int error;
    KTEST_EQUAL(process_start("/no/program", &arguments, &error), NULL);
    KTEST_EQUAL(error, -ENOENT);
    KTEST_EQUAL(process_start("/", &arguments, &error), NULL);
    KTEST_EQUAL(error, -EACCES);
    put_file(&image, sizeof image);
    fs_root_walk(&walk);
    if (KTEST_CHECK(path_walk(&walk, PATH, &path) == 0)) {
        path.dentry->inode->mode &= ~0111u;
        path_put(&path);
    }
    KTEST_EQUAL(run_file(), -EACCES);
    remove_file();
}

static int run_with_failures(void *unused)
{
    int status = run_file();
    return status == -ENOMEM || status == -EAGAIN || status == status_of_signal(SIGKILL) ? -ENOMEM
           : status == status_of_exit(7)                                                 ? 0
                                                                                         : status;
}

KTEST(proc_starts_or_leaves_nothing_when_memory_is_short)
{
    struct image image = make_image(EXIT_7, sizeof EXIT_7 - 1);
    put_file(&image, sizeof image);
    KTEST_EVERY_ALLOCATION(run_with_failures, NULL);
    remove_file();
}

/* Each sets its FS base to its stack, and looks a few million times, over many slices, whether it is still there. */
KTEST(proc_bases_belong_to_the_thread)
{
    static const char *const argv[] = {PATH, NULL}, *const environment[] = {NULL};
    static const struct program_arguments arguments = {.argv = argv, .environment = environment};
    struct process *processes[6];
    static const char code[] = "\xb8\x9e\x00\x00\x00"                 /*    mov $158, %eax (arch_prctl) */
                               "\xbf\x02\x10\x00\x00"                 /*    mov $0x1002, %edi */
                               "\x48\x89\xe6"                         /*    mov %rsp, %rsi */
                               "\x0f\x05"                             /*    syscall */
                               "\x48\x89\x34\x24"                     /*    mov %rsi, (%rsp) */
                               "\xbb\x80\x96\x98\x00"                 /*    mov $10000000, %ebx */
                               "\x64\x48\x3b\x34\x25\x00\x00\x00\x00" /* 1: cmp %fs:0, %rsi */
                               "\x75\x10"                             /*    jne 2f */
                               "\xff\xcb"                             /*    dec %ebx */
                               "\x75\xf1"                             /*    jnz 1b */
        EXIT_7                                                        /*    exit_group(7) */
                               "\x0f\x0b";                            /* 2: ud2 */
    struct image image = make_image(code, sizeof code - 1);
    put_file(&image, sizeof image);
    int error;
    for (unsigned i = 0; i < ARRAY_LENGTH(processes); i++)
        processes[i] = process_start(PATH, &arguments, &error);
    for (unsigned i = 0; i < ARRAY_LENGTH(processes); i++)
        if (KTEST_CHECK(processes[i] != NULL))
            KTEST_EQUAL(process_wait(processes[i]), status_of_exit(7));
    remove_file();
}

/* fork, which returns twice; the parent waits for any child; both exit. */
KTEST(proc_fork_leaves_nothing)
{
    static const char code[] = "\xb8\x39\x00\x00\x00" /*    mov $57, %eax (fork) */
                               "\x0f\x05"             /*    syscall */
                               "\x85\xc0"             /*    test %eax, %eax */
                               "\x74\x12"             /*    jz 1f */
                               "\xb8\x3d\x00\x00\x00" /*    mov $61, %eax (wait4) */
                               "\x48\x83\xcf\xff"     /*    or $-1, %rdi */
                               "\x31\xf6\x31\xd2"     /*    xor %esi, %esi; xor %edx, %edx */
                               "\x4d\x31\xd2"         /*    xor %r10, %r10 */
                               "\x0f\x05"             /*    syscall */
        EXIT_7;                                       /* 1: exit_group(7) */
    struct image image = make_image(code, sizeof code - 1);
    put_file(&image, sizeof image);
    for (unsigned i = 0; i < 50; i++)
        KTEST_EQUAL(run_file(), status_of_exit(7));
    remove_file();
}
