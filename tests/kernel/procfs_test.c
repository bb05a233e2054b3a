/*
 * /proc and /sys as a whole: everything below them is opened, read in pieces of any size, written to and followed,
 * while programs begin and end; nothing may be left behind. What the files say, tests/guest/procfs.c knows.
 */
#include "fs/dentry.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/proc.h"
#include "proc/uts.h"
#include "sched/sched.h"
#include "tests/kernel/elf_image.h"
#include "tests/kernel/ktest.h"

#define PAUSES "/pauses"
#define ENDS "/ends"
#define BASE 0x400000ull
#define DEPTH_MAX 8
#define ROUNDS 40 /* programs that come and go during a walk */

/* Pauses for ever, or ends at once: the code's first byte is that of one or the other. */
#define PAUSE "\xb8\x22\x00\x00\x00\x0f\x05\xeb\xf7" /* mov $34, %eax; syscall; jmp back */
#define EXIT "\xb8\xe7\x00\x00\x00\x31\xff\x0f\x05"  /* mov $231, %eax; xor %edi, %edi; syscall */

struct image {
    struct elf64_ehdr file;
    struct elf64_phdr segment;
    uint8_t code[16];
};

static struct walk root_walk(void)
{
    struct walk walk;
    fs_root_walk(&walk);
    return walk;
}

static long transfer(struct file *file, char *data, size_t size, bool write)
{
    struct iov iov;
    iov_init_kernel(&iov, data, size);
    return (write ? file_write : file_read)(file, &iov, NULL);
}

static void put_program(const char *name, const char *code, size_t size)
{
    struct image image = {
        .file = elf_image_header(BASE + offsetof(struct image, code), offsetof(struct image, segment), 1),
        .segment = {.p_type = PT_LOAD,
            .p_flags = PF_R | PF_X,
            .p_vaddr = BASE,
            .p_filesz = sizeof(struct image),
            .p_memsz = sizeof(struct image),
            .p_align = PAGE_SIZE},
    };
    struct walk walk = root_walk();
    int error;
    memcpy(image.code, code, size);
    struct file *file = file_open(&walk, name, O_WRONLY | O_CREAT | O_TRUNC, 0755, &error);
    if (!KTEST_CHECK(file != NULL))
        return;
    KTEST_EQUAL(transfer(file, (char *)&image, sizeof image, true), sizeof image);
    file_put(file);
}

static struct process *start_program(const char *name)
{
    static const char *const argv[] = {"program", "an argument", NULL}, *const environment[] = {"A=b", NULL};
    static const struct program_arguments arguments = {.argv = argv, .environment = environment};
    int error;
    return process_start(name, &arguments, &error);
}

static void mount_on(const char *type, const char *place)
{
    struct walk walk = root_walk();
    struct path path;
    int error;
    KTEST_EQUAL(name_create(&walk, place, S_IFDIR | 0755, 0), 0);
    if (!KTEST_EQUAL(path_walk(&walk, place, &path), 0))
        return;
    struct superblock *super = superblock_create(filesystem_find(type), "none", "", &error);
    if (KTEST_CHECK(super != NULL))
        KTEST_EQUAL(mount_attach(super, &path, 0), 0);
    path_put(&path);
}

static void unmount(const char *place)
{
    struct walk walk = root_walk();
    struct path path;
    if (KTEST_EQUAL(path_walk(&walk, place, &path), 0)) {
        KTEST_EQUAL(mount_detach(&path), 0);
        path_put(&path);
    }
    KTEST_EQUAL(name_remove(&walk, place, true), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The walk
 */

struct visit {
    unsigned files, directories, links, bytes;
};

/* Each directory's names, one after the other, each with a letter for its type before it and a NUL behind. */
struct names {
    struct directory_sink sink;
    char text[4096];
    size_t used;
};

static bool put_name(
    struct directory_sink *sink, const char *name, size_t length, uint64_t inode, unsigned type, uint64_t next)
{
    struct names *names = container_of(sink, struct names, sink);
    if (name[0] == '.')
        return true;
    if (names->used + length + 2 > sizeof names->text)
        return false;
    names->text[names->used++] = type == S_IFDIR ? 'd' : type == S_IFLNK ? 'l' : 'f';
    memcpy(names->text + names->used, name, length);
    names->used += length;
    names->text[names->used++] = '\0';
    return true;
}

static void read_in_pieces(struct file *file, struct visit *visit)
{
    static char piece[997];
    long got, total = 0;
    while ((got = transfer(file, piece, sizeof piece, false)) > 0)
        total += got;
    visit->bytes += (unsigned)total;
    if (file_seek(file, 0, SEEK_SET) < 0)
        return;
    for (size_t size = 1, i = 0; i < 60 && transfer(file, piece, size, false) > 0; i++)
        size = size % 13 + 1;
}

static void visit_file(const char *path, struct visit *visit)
{
    struct walk walk = root_walk();
    char junk[] = "junk";
    int error;
    struct file *file = file_open(&walk, path, O_RDONLY | O_NONBLOCK, 0, &error);
    visit->files++;
    if (file) {
        read_in_pieces(file, visit);
        file_put(file);
    }
    file = file_open(&walk, path, O_WRONLY | O_TRUNC, 0, &error);
    if (file) {
        transfer(file, junk, strlen(junk), true);
        file_put(file);
    }
}

static void visit_link(const char *name, struct visit *visit)
{
    struct walk walk = root_walk();
    struct path path;
    char target[64];
    visit->links++;
    if (path_walk(&walk, name, &path) == 0)
        path_put(&path);
    walk.flags = WALK_NO_FOLLOW;
    if (path_walk(&walk, name, &path) < 0)
        return;
    struct inode *inode = path.dentry->inode;
    if (inode->ops->read_link)
        inode->ops->read_link(inode, target, sizeof target);
    path_put(&path);
}

static void visit_directory(char *path, size_t length, unsigned depth, struct visit *visit)
{
    struct walk walk = root_walk();
    struct names *names = kmalloc(sizeof *names, 0);
    int error;
    struct file *file = names ? file_open(&walk, path, O_RDONLY | O_DIRECTORY, 0, &error) : NULL;
    visit->directories++;
    if (file) {
        *names = (struct names){.sink = {.put = put_name}};
        file_read_directory(file, &names->sink);
        file_put(file);
        for (const char *name = names->text; name < names->text + names->used; name += strlen(name) + 1) {
            size_t more = (size_t)snprintf(path + length, 256 - length, "/%s", name + 1);
            if (name[0] == 'd' && depth < DEPTH_MAX)
                visit_directory(path, length + more, depth + 1, visit);
            else
                (name[0] == 'l' ? visit_link : visit_file)(path, visit);
            path[length] = '\0';
        }
    }
    kfree(names);
}

static void visit_all(const char *place, struct visit *visit)
{
    char path[256];
    *visit = (struct visit){0};
    size_t length = strlcpy(path, place, sizeof path);
    visit_directory(path, length, 0, visit);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The tests
 */

static bool stop;

static long come_and_go(void *unused)
{
    unsigned runs = 0;
    for (; !__atomic_load_n(&stop, __ATOMIC_RELAXED) && runs < ROUNDS; runs++) {
        struct process *process = start_program(ENDS);
        if (process)
            process_wait(process);
    }
    return runs;
}

KTEST(procfs_is_read_whole_while_programs_come_and_go)
{
    struct visit visit;
    struct uts uts;
    uts_get(&uts);
    stop = false;
    mount_on("proc", "/p");
    put_program(ENDS, EXIT, sizeof EXIT - 1);
    put_program(PAUSES, PAUSE, sizeof PAUSE - 1);
    come_and_go(NULL); /* or the next might be process 1, which cannot be killed */
    struct process *process = start_program(PAUSES);
    struct thread *thread = thread_create("come and go", come_and_go, NULL);
    if (KTEST_CHECK(process != NULL) && KTEST_CHECK(thread != NULL)) {
        for (unsigned i = 0; i < 3; i++) {
            visit_all("/p", &visit);
            KTEST_CHECK(visit.files > 100 && visit.directories > 20 && visit.links > 20 && visit.bytes > 10000);
        }
        __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
        KTEST_CHECK(thread_join(thread) > 0);
        signal_send_process(process, SIGKILL, NULL);
        KTEST_EQUAL(process_wait(process), status_of_signal(SIGKILL));
    }
    unmount("/p");
    struct walk walk = root_walk();
    KTEST_EQUAL(name_remove(&walk, PAUSES, false), 0);
    KTEST_EQUAL(name_remove(&walk, ENDS, false), 0);
    uts_set_node(uts.node, strlen(uts.node)); /* it has been written to */
    uts_set_domain(uts.domain, strlen(uts.domain));
}

KTEST(sysfs_is_read_whole)
{
    struct visit visit;
    mount_on("sysfs", "/s");
    visit_all("/s", &visit);
    /* A microvm has hardly a device. */
    KTEST_CHECK(visit.files > 40 && visit.directories > 20 && visit.links > 0 && visit.bytes > 200);
    ktest_note(
        "%u files, %u directories, %u links, %u bytes", visit.files, visit.directories, visit.links, visit.bytes);
    unmount("/s");
}

static int walk_some(void *argument)
{
    struct visit visit;
    visit_all("/p/sys/fs", &visit);
    visit_file("/p/meminfo", &visit);
    visit_file("/p/cpuinfo", &visit);
    visit_link("/p/self", &visit);
    return 0;
}

KTEST(procfs_survives_every_failed_allocation)
{
    mount_on("proc", "/p");
    KTEST_EVERY_ALLOCATION(walk_some, NULL);
    unmount("/p");
}
