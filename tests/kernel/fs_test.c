/*
 * Files and names (kernel/fs) in tmpfs: everything that the system calls will stand on, with Linux's error numbers.
 */
#include "arch/x86_64/user.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/initramfs.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/tmpfs.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "random.h"
#include "sched/sched.h"
#include "tests/kernel/ktest.h"

KTEST_COUNT(inodes, inode_count);
KTEST_COUNT(dentries, dentry_count);
KTEST_COUNT(files, file_count);

#define ERROR(number) ((uint64_t)(long)-(number))

static struct walk root_walk(void)
{
    struct walk walk;
    fs_root_walk(&walk);
    return walk;
}

static struct file *open_file(const char *name, unsigned flags, int *error)
{
    struct walk walk = root_walk();
    return file_open(&walk, name, flags, 0644, error);
}

/* What open says; the file is closed again. */
static uint64_t open_error(const char *name, unsigned flags)
{
    int error;
    struct file *file = open_file(name, flags, &error);
    if (file)
        file_put(file);
    return (uint64_t)(long)error;
}

static long write_at(struct file *file, const void *data, size_t size, uint64_t *position)
{
    struct iov iov;
    iov_init_kernel(&iov, (void *)data, size);
    return file_write(file, &iov, position);
}

static long read_at(struct file *file, void *data, size_t size, uint64_t *position)
{
    struct iov iov;
    iov_init_kernel(&iov, data, size);
    return file_read(file, &iov, position);
}

static void put_text(const char *name, const char *text)
{
    int error;
    struct file *file = open_file(name, O_WRONLY | O_CREAT | O_TRUNC, &error);
    if (!KTEST_CHECK(file != NULL))
        return;
    KTEST_EQUAL(write_at(file, text, strlen(text), NULL), strlen(text));
    file_put(file);
}

static bool has_text(const char *name, const char *text)
{
    static char buffer[256];
    int error;
    struct file *file = open_file(name, O_RDONLY, &error);
    if (file == NULL)
        return false;
    long length = read_at(file, buffer, sizeof buffer, NULL);
    file_put(file);
    return length == (long)strlen(text) && memcmp(buffer, text, (size_t)length) == 0;
}

static uint64_t make(const char *name, uint32_t mode)
{
    struct walk walk = root_walk();
    return (uint64_t)(long)name_create(&walk, name, mode, 0);
}

static uint64_t remove(const char *name, bool directory)
{
    struct walk walk = root_walk();
    return (uint64_t)(long)name_remove(&walk, name, directory);
}

static uint64_t move(const char *from, const char *to)
{
    struct walk walk = root_walk();
    return (uint64_t)(long)name_rename(&walk, from, &walk, to, 0);
}

static uint64_t point(const char *name, const char *target)
{
    struct walk walk = root_walk();
    return (uint64_t)(long)name_symlink(&walk, name, target);
}

KTEST(fs_files_are_made_written_and_removed)
{
    put_text("/file", "hello");
    KTEST_CHECK(has_text("/file", "hello"));
    KTEST_CHECK(has_text("//file", "hello") && has_text("/./file", "hello") && has_text("/../../file", "hello"));
    put_text("/file", "hi");
    KTEST_CHECK(has_text("/file", "hi"));
    KTEST_EQUAL(open_error("/file", O_RDWR | O_CREAT | O_EXCL), ERROR(EEXIST));
    KTEST_EQUAL(open_error("/file/", O_RDONLY), ERROR(ENOTDIR));
    KTEST_EQUAL(open_error("/file/x", O_RDONLY), ERROR(ENOTDIR));
    KTEST_EQUAL(open_error("/file", O_RDONLY | O_DIRECTORY), ERROR(ENOTDIR));
    KTEST_EQUAL(open_error("/nothing", O_RDONLY), ERROR(ENOENT));
    KTEST_EQUAL(open_error("/nothing/x", O_RDWR | O_CREAT), ERROR(ENOENT));
    KTEST_EQUAL(open_error("", O_RDONLY), ERROR(ENOENT));
    KTEST_EQUAL(open_error("/", O_RDWR), ERROR(EISDIR));
    KTEST_EQUAL(open_error("/", O_RDONLY), 0);
    KTEST_EQUAL(remove("/file", true), ERROR(ENOTDIR));
    KTEST_EQUAL(remove("/file", false), 0);
    KTEST_EQUAL(remove("/file", false), ERROR(ENOENT));
    KTEST_EQUAL(remove("/", true), ERROR(EBUSY));

    static char name[NAME_LENGTH_MAX + 3];
    memset(name, 'n', sizeof name - 1);
    name[0] = '/';
    KTEST_EQUAL(make(name, S_IFREG), ERROR(ENAMETOOLONG));
    name[NAME_LENGTH_MAX + 1] = '\0';
    KTEST_EQUAL(make(name, S_IFREG), 0);
    KTEST_EQUAL(make(name, S_IFREG), ERROR(EEXIST));
    KTEST_EQUAL(remove(name, false), 0);
}

KTEST(fs_directories)
{
    KTEST_EQUAL(make("/d", S_IFDIR | 0755), 0);
    KTEST_EQUAL(make("/d/e/", S_IFDIR | 0755), 0);
    KTEST_EQUAL(make("/d/", S_IFDIR | 0755), ERROR(EEXIST));
    KTEST_EQUAL(make("/d/f/", S_IFREG | 0644), ERROR(ENOENT));
    KTEST_EQUAL(make("/d/.", S_IFDIR), ERROR(EEXIST));
    KTEST_EQUAL(remove("/d", true), ERROR(ENOTEMPTY));
    KTEST_EQUAL(remove("/d", false), ERROR(EISDIR));
    KTEST_EQUAL(remove("/d/.", true), ERROR(EINVAL));
    KTEST_EQUAL(remove("/d/e/..", true), ERROR(ENOTEMPTY));
    KTEST_EQUAL(move("/d", "/d/e/x"), ERROR(EINVAL));
    KTEST_EQUAL(move("/d/e", "/d"), ERROR(ENOTEMPTY));
    KTEST_EQUAL(move("/d/e", "/f"), 0);
    KTEST_EQUAL(remove("/f", true), 0);
    KTEST_EQUAL(remove("/d", true), 0);
}

KTEST(fs_links)
{
    KTEST_EQUAL(make("/d", S_IFDIR | 0755), 0);
    put_text("/d/file", "text");
    KTEST_EQUAL(point("/relative", "d/file"), 0);
    KTEST_EQUAL(point("/d/up", "../d/./file"), 0);
    KTEST_EQUAL(point("/absolute", "/d/up"), 0);
    KTEST_EQUAL(point("/dir", "d"), 0);
    KTEST_EQUAL(point("/self", "self"), 0);
    KTEST_EQUAL(point("/new", "d/made"), 0);
    KTEST_EQUAL(point("/x", ""), ERROR(ENOENT));
    KTEST_CHECK(has_text("/relative", "text") && has_text("/d/up", "text") && has_text("/absolute", "text"));
    KTEST_CHECK(has_text("/dir/up", "text") && has_text("/dir/../relative", "text"));
    KTEST_EQUAL(open_error("/self", O_RDONLY), ERROR(ELOOP));
    KTEST_EQUAL(open_error("/relative", O_RDONLY | O_NOFOLLOW), ERROR(ELOOP));
    KTEST_EQUAL(open_error("/relative", O_RDWR | O_CREAT | O_EXCL), ERROR(EEXIST));
    KTEST_EQUAL(open_error("/new", O_RDONLY), ERROR(ENOENT));
    KTEST_EQUAL(remove("/dir/", true), ERROR(ENOTDIR));

    struct walk walk = root_walk();
    struct path path;
    if (KTEST_EQUAL(path_walk(&walk, "/d/file", &path), 0)) {
        KTEST_EQUAL(name_link(&walk, &path, "/hard"), 0);
        KTEST_EQUAL(name_link(&walk, &path, "/hard"), ERROR(EEXIST));
        KTEST_EQUAL(path.dentry->inode->links, 2);
        KTEST_EQUAL(move("/hard", "/d/file"), 0); /* one file: nothing is done */
        KTEST_CHECK(has_text("/hard", "text"));
        KTEST_EQUAL(remove("/d/file", false), 0);
        KTEST_EQUAL(path.dentry->inode->links, 1);
        path_put(&path);
    }
    KTEST_CHECK(has_text("/hard", "text"));
    KTEST_EQUAL(open_error("/relative", O_RDONLY), ERROR(ENOENT));
    static const char *const names[] = {"/hard", "/relative", "/d/up", "/absolute", "/dir", "/self", "/new"};
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
        KTEST_EQUAL(remove(names[i], false), 0);
    KTEST_EQUAL(remove("/d", true), 0);
}

KTEST(fs_contents)
{
    static char data[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
    int error;
    struct file *file = open_file("/data", O_RDWR | O_CREAT, &error);
    if (!KTEST_CHECK(file != NULL))
        return;
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + i / 256);
    uint64_t at = MIB(5) + 123;
    KTEST_EQUAL(write_at(file, data, sizeof data, &at), sizeof data);
    KTEST_EQUAL(at, MIB(5) + 123 + sizeof data);
    KTEST_EQUAL(file->inode->size, at);
    at = MIB(5) + 123;
    KTEST_EQUAL(read_at(file, back, sizeof back, &at), sizeof back);
    KTEST_EQUAL(memcmp(data, back, sizeof data), 0);
    KTEST_EQUAL(read_at(file, back, sizeof back, &at), 0);
    at = MIB(5) - PAGE_SIZE; /* a hole before it */
    KTEST_EQUAL(read_at(file, back, 2 * PAGE_SIZE, &at), 2 * PAGE_SIZE);
    KTEST_CHECK(back[0] == 0 && back[PAGE_SIZE + 122] == 0 && back[PAGE_SIZE + 124] == data[1]);
    KTEST_EQUAL(file->inode->blocks, 4 * 8);

    rwlock_write(&file->inode->lock);
    KTEST_EQUAL(file->inode->ops->truncate(file->inode, MIB(5) + 200), 0);
    KTEST_EQUAL(file->inode->ops->truncate(file->inode, MIB(6)), 0);
    rwlock_write_unlock(&file->inode->lock);
    at = MIB(5) + 123;
    KTEST_EQUAL(read_at(file, back, 200, &at), 200);
    KTEST_CHECK(memcmp(back, data, 77) == 0 && back[77] == 0 && back[199] == 0);
    KTEST_EQUAL(file->inode->blocks, 8);

    KTEST_EQUAL(file_seek(file, -5, 2), MIB(6) - 5);
    KTEST_EQUAL(file_seek(file, -1, 0), ERROR(EINVAL));
    KTEST_EQUAL(file_seek(file, INT64_MAX, 1), ERROR(EINVAL));
    KTEST_EQUAL(read_at(file, back, 10, NULL), 5);
    KTEST_EQUAL(remove("/data", false), 0);
    at = MIB(5) + 123;
    KTEST_EQUAL(read_at(file, back, 77, &at), 77); /* without a name it still is */
    KTEST_EQUAL(memcmp(back, data, 77), 0);
    file_put(file);

    file = open_file("/log", O_WRONLY | O_CREAT | O_APPEND, &error);
    if (!KTEST_CHECK(file != NULL))
        return;
    KTEST_EQUAL(read_at(file, back, 1, NULL), ERROR(EBADF));
    write_at(file, "one", 3, NULL);
    KTEST_EQUAL(file_seek(file, 0, 0), 0);
    write_at(file, "two", 3, NULL);
    file_put(file);
    KTEST_CHECK(has_text("/log", "onetwo"));
    KTEST_EQUAL(remove("/log", false), 0);
}

KTEST(fs_maps_are_the_file)
{
    int error;
    put_text("/mapped", "0123456789");
    struct file *file = open_file("/mapped", O_RDWR, &error);
    struct vm_space *space = vm_space_create();
    if (!KTEST_CHECK(file != NULL && space != NULL))
        return;
    vm_space_enter(space);
    const uaddr_t shared = 0x400000, private = 0x500000;
    unsigned rw = VM_READ | VM_WRITE | VM_MAY_WRITE;
    vm_map(space, shared, 2 * PAGE_SIZE, rw | VM_SHARED, VM_MAP_FIXED, file->inode->object, 0);
    vm_map(space, private, PAGE_SIZE, rw, VM_MAP_FIXED, file->inode->object, 0);
    char buffer[16] = {0};
    KTEST_EQUAL(user_read(buffer, shared, 10), 0);
    KTEST_EQUAL(memcmp(buffer, "0123456789", 10), 0);
    KTEST_EQUAL(user_write(shared + 2, "xx", 2), 0);
    KTEST_EQUAL(user_write(private + 4, "yy", 2), 0);
    KTEST_CHECK(has_text("/mapped", "01xx456789"));
    KTEST_EQUAL(user_read(buffer, shared + PAGE_SIZE, 1), 1); /* beyond the end */

    struct iov iov; /* a file read into its own map, and written from it */
    uint64_t at = 0;
    iov_init_user(&iov, (void *)(shared + 5), 5);
    KTEST_EQUAL(file_read(file, &iov, &at), 5);
    KTEST_CHECK(has_text("/mapped", "01xx401xx4"));
    iov_init_user(&iov, (void *)(shared + PAGE_SIZE - 4), 8);
    KTEST_EQUAL(file_write(file, &iov, &at), 4);
    iov_init_user(&iov, (void *)(shared + PAGE_SIZE), 8);
    KTEST_EQUAL(file_write(file, &iov, &at), ERROR(EFAULT));

    file_put(file);
    KTEST_EQUAL(remove("/mapped", false), 0);
    KTEST_EQUAL(user_read(buffer, shared, 2), 0); /* the map keeps it */
    vm_space_enter(NULL);
    vm_space_put(space);
}

KTEST(fs_permissions)
{
    struct credentials *user = credentials_copy(&credentials_root, 1);
    if (!KTEST_CHECK(user != NULL))
        return;
    user->fsuid = 1000;
    user->fsgid = 1000;
    user->effective = 0;
    user->group_count = 1;
    user->groups[0] = 50;
    struct walk walk = root_walk(), root = walk;
    walk.credentials = user;
    int error;
    KTEST_EQUAL(make("/tmp", S_IFDIR | S_ISVTX | 0777), 0);
    KTEST_EQUAL(make("/closed", S_IFDIR | 0750), 0);
    put_text("/closed/file", "x");
    put_text("/tmp/roots", "x");
    KTEST_EQUAL(name_create(&walk, "/mine", S_IFREG, 0), ERROR(EACCES));
    KTEST_EQUAL(name_create(&walk, "/tmp/mine", S_IFREG | 0600, 0), 0);
    KTEST_EQUAL(name_remove(&walk, "/tmp/roots", false), ERROR(EPERM));
    KTEST_EQUAL(name_rename(&walk, "/tmp/mine", &walk, "/tmp/roots", 0), ERROR(EPERM));
    KTEST_CHECK(file_open(&walk, "/tmp/roots", O_RDWR, 0, &error) == NULL && error == -EACCES);
    KTEST_CHECK(file_open(&walk, "/closed/file", O_RDONLY, 0, &error) == NULL && error == -EACCES);

    struct path path;
    if (KTEST_EQUAL(path_walk(&root, "/closed", &path), 0)) {
        path.dentry->inode->gid = 50;
        path_put(&path);
    }
    struct file *file = file_open(&walk, "/closed/file", O_RDONLY, 0, &error);
    if (KTEST_CHECK(file != NULL))
        file_put(file);
    KTEST_EQUAL(name_remove(&walk, "/closed/file", false), ERROR(EACCES));
    KTEST_EQUAL(name_remove(&walk, "/tmp/mine", false), 0);
    KTEST_EQUAL(remove("/tmp/roots", false), 0);
    KTEST_EQUAL(remove("/closed/file", false), 0);
    KTEST_EQUAL(remove("/closed", true), 0);
    KTEST_EQUAL(remove("/tmp", true), 0);
    credentials_put(user);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading directories, mounts, names of paths
 */

struct collector {
    struct directory_sink sink;
    char names[64];
    unsigned room; /* entries until it is full */
};

static bool collect(
    struct directory_sink *sink, const char *name, size_t length, uint64_t inode, unsigned type, uint64_t next)
{
    struct collector *collector = container_of(sink, struct collector, sink);
    if (collector->room == 0)
        return false;
    collector->room--;
    size_t used = strlen(collector->names);
    snprintf(collector->names + used, sizeof collector->names - used, "%s%s ", name, type == S_IFDIR ? "/" : "");
    return true;
}

KTEST(fs_directories_are_read_in_pieces)
{
    KTEST_EQUAL(make("/list", S_IFDIR | 0755), 0);
    static const char *const names[] = {"/list/a", "/list/b", "/list/c", "/list/d"};
    for (unsigned i = 0; i < 4; i++)
        KTEST_EQUAL(make(names[i], i == 1 ? S_IFDIR : S_IFREG), 0);
    int error;
    struct file *file = open_file("/list", O_RDONLY | O_DIRECTORY, &error);
    if (!KTEST_CHECK(file != NULL))
        return;
    struct collector collector = {.sink.put = collect, .room = 3};
    KTEST_EQUAL(file_read_directory(file, &collector.sink), 0);
    KTEST_EQUAL(strcmp(collector.names, "./ ../ a "), 0);
    KTEST_EQUAL(remove("/list/a", false), 0); /* while it is read */
    KTEST_EQUAL(move("/list/c", "/list/z"), 0);
    collector = (struct collector){.sink.put = collect, .room = 10};
    KTEST_EQUAL(file_read_directory(file, &collector.sink), 0);
    KTEST_EQUAL(strcmp(collector.names, "b/ d z "), 0);
    collector = (struct collector){.sink.put = collect, .room = 10};
    KTEST_EQUAL(file_read_directory(file, &collector.sink), 0);
    KTEST_EQUAL(collector.names[0], '\0');
    KTEST_EQUAL(remove("/list/b", true), 0);
    KTEST_EQUAL(remove("/list/d", false), 0);
    KTEST_EQUAL(remove("/list/z", false), 0);
    KTEST_EQUAL(remove("/list", true), 0);
    KTEST_EQUAL(file_read_directory(file, &collector.sink), ERROR(ENOENT));
    file_put(file);
}

static bool name_is(const char *name, const char *wanted)
{
    static char buffer[128];
    struct walk walk = root_walk();
    struct path path;
    int error;
    if (path_walk(&walk, name, &path) < 0)
        return false;
    const char *found = path_name(&path, &walk.root, buffer, sizeof buffer, &error);
    bool equal = found && strcmp(found, wanted) == 0;
    path_put(&path);
    return equal;
}

KTEST(fs_mounts_cover_directories)
{
    struct walk walk = root_walk();
    struct path on;
    int error;
    KTEST_EQUAL(make("/mnt", S_IFDIR | 0755), 0);
    put_text("/mnt/below", "1");
    struct superblock *super = superblock_create(&tmpfs, "none", "", &error);
    if (!KTEST_CHECK(super != NULL) || !KTEST_EQUAL(path_walk(&walk, "/mnt", &on), 0))
        return;
    KTEST_EQUAL(mount_attach(super, &on, 0), 0);
    path_put(&on);
    KTEST_EQUAL(open_error("/mnt/below", O_RDONLY), ERROR(ENOENT));
    KTEST_EQUAL(make("/mnt/d", S_IFDIR | 0755), 0);
    put_text("/mnt/d/above", "2");
    KTEST_CHECK(name_is("/mnt/d/../d/above", "/mnt/d/above") && name_is("/mnt/..", "/") && name_is("/mnt", "/mnt"));
    KTEST_EQUAL(move("/mnt/d/above", "/above"), ERROR(EXDEV));
    KTEST_EQUAL(remove("/mnt", true), ERROR(EBUSY));
    if (KTEST_EQUAL(path_walk(&walk, "/mnt", &on), 0)) {
        struct file *file = open_file("/mnt/d/above", O_RDONLY, &error);
        KTEST_EQUAL(mount_detach(&on), ERROR(EBUSY));
        file_put(file);
        KTEST_EQUAL(mount_detach(&on), 0);
        path_put(&on);
    }
    KTEST_CHECK(has_text("/mnt/below", "1"));
    KTEST_EQUAL(remove("/mnt/below", false), 0);
    KTEST_EQUAL(remove("/mnt", true), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Archives
 */

static size_t add_member(
    char *archive, size_t at, const char *name, uint32_t mode, uint32_t inode, uint32_t links, const char *data)
{
    size_t size = strlen(data), name_size = strlen(name) + 1;
    at += (size_t)snprintf(archive + at, 128, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", inode,
        mode, 3u, 4u, links, 1000000u, size, 0u, 0u, 0u, 0u, name_size, 0u);
    memcpy(archive + at, name, name_size);
    at += name_size;
    while (at % 4)
        archive[at++] = 0;
    memcpy(archive + at, data, size);
    at += size;
    while (at % 4)
        archive[at++] = 0;
    return at;
}

static size_t make_archive(char *archive)
{
    size_t at = add_member(archive, 0, ".", S_IFDIR | 0755, 1, 2, "");
    at = add_member(archive, at, "a", S_IFDIR | 0700, 2, 2, "");
    at = add_member(archive, at, "a/one", S_IFREG | 0640, 3, 2, "");
    at = add_member(archive, at, "a/two", S_IFREG | 0640, 3, 2, "contents");
    at = add_member(archive, at, "a/link", S_IFLNK | 0777, 4, 1, "two");
    at = add_member(archive, at, "TRAILER!!!", 0, 0, 1, "");
    return at;
}

static void remove_archive(void)
{
    static const char *const names[] = {"/a/one", "/a/two", "/a/link"};
    for (unsigned i = 0; i < 3; i++)
        remove(names[i], false);
    remove("/a", true);
    remove("/a", false);
}

KTEST(fs_initramfs)
{
    static char archive[2048];
    size_t size = make_archive(archive);
    KTEST_CHECK(initramfs_is_archive(archive, size));
    KTEST_EQUAL(initramfs_unpack(archive, size), 0);
    KTEST_CHECK(has_text("/a/one", "contents") && has_text("/a/link", "contents"));
    struct walk walk = root_walk();
    struct path path;
    if (KTEST_EQUAL(path_walk(&walk, "/a/one", &path), 0)) {
        const struct inode *inode = path.dentry->inode;
        KTEST_EQUAL(inode->mode, S_IFREG | 0640);
        KTEST_CHECK(inode->uid == 3 && inode->gid == 4 && inode->links == 2);
        KTEST_EQUAL(inode->modified, 1000000ull * 1000000000);
        path_put(&path);
    }
    remove_archive();
    for (size_t cut = 0; cut < size; cut += 7) { /* every part of it may be missing */
        initramfs_unpack(archive, cut);
        remove_archive();
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * All CPUs at once
 */

#define WORKERS 4
#define NAMES 6

static long work(void *argument)
{
    uint64_t seed = (uintptr_t)argument;
    struct walk walk = root_walk();
    for (unsigned round = 0; round < 400; round++) {
        char from[32], to[32];
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        unsigned random = (unsigned)(seed >> 33);
        snprintf(from, sizeof from, "/crowd/%u/%u", random % 2, random / 2 % NAMES);
        snprintf(to, sizeof to, "/crowd/%u/%u", random / 16 % 2, random / 32 % NAMES);
        int error = 0;
        struct file *file = NULL;
        switch (random / 256 % 6) {
        case 0: file = file_open(&walk, from, O_RDWR | O_CREAT, 0644, &error); break;
        case 1: name_remove(&walk, from, false); break;
        case 2: name_rename(&walk, from, &walk, to, 0); break;
        case 3: name_create(&walk, from, S_IFDIR | 0755, 0); break;
        case 4: name_remove(&walk, from, true); break;
        default: file = file_open(&walk, to, O_RDONLY, 0, &error);
        }
        if (file) {
            write_at(file, to, sizeof to, NULL);
            file_put(file);
        }
    }
    return 0;
}

KTEST(fs_many_threads_change_names)
{
    KTEST_EQUAL(make("/crowd", S_IFDIR | 0755), 0);
    KTEST_EQUAL(make("/crowd/0", S_IFDIR | 0755), 0);
    KTEST_EQUAL(make("/crowd/1", S_IFDIR | 0755), 0);
    struct thread *threads[WORKERS];
    for (uintptr_t i = 0; i < WORKERS; i++)
        threads[i] = thread_create("names", work, (void *)(random_u64() | 1));
    for (unsigned i = 0; i < WORKERS; i++)
        if (KTEST_CHECK(threads[i] != NULL))
            thread_join(threads[i]);
    for (unsigned depth = 0; depth < 4; depth++) /* directories may have come into directories */
        for (unsigned i = 0; i < 2 * NAMES; i++) {
            char name[32];
            snprintf(name, sizeof name, "/crowd/%u/%u", i % 2, i / 2);
            if (remove(name, false) != 0)
                remove(name, true);
        }
    KTEST_EQUAL(remove("/crowd/0", true), 0);
    KTEST_EQUAL(remove("/crowd/1", true), 0);
    KTEST_EQUAL(remove("/crowd", true), 0);
}
