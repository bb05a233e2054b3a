/*
 * File systems that are made up (kernel/fs/pseudo.c): tables, files whose text is written when they are read, entries
 * that come and go, and links to things rather than names. One such file system, mounted on /pseudo for each test.
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/pseudo.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "tests/kernel/ktest.h"

#define ERROR(number) ((uint64_t)(long)-(number))

/* What the file system is about: numbers that are there or not, a generation each, and a text that was stored. */
static bool there[8];
static uint64_t generation[8];
static char stored[64];
static unsigned shown;
static bool fail_show;

static int show_count(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "shown %u argument %lu\n", ++shown, node->entry->argument);
    return fail_show ? -ESRCH : 0;
}

static int show_long(struct text *out, const struct pseudo_node *node)
{
    shown++;
    for (unsigned i = 0; i < 10000; i++)
        text_printf(out, "%05u %u\n", i, shown);
    return 0;
}

static int show_stored(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, stored);
    return 0;
}

static int store(const struct pseudo_node *node, const char *text, size_t length)
{
    if (length >= sizeof stored)
        return -EINVAL;
    strlcpy(stored, text, sizeof stored);
    return 0;
}

static int show_number(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%lu of %lu\n", node->parts[0], node->parts[1]);
    return 0;
}

static bool next(const struct pseudo_node *directory, uint64_t *number)
{
    while (*number < ARRAY_LENGTH(there) && !there[*number])
        ++*number;
    return *number < ARRAY_LENGTH(there);
}

static int find(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    if (number >= ARRAY_LENGTH(there) || !there[number])
        return -ENOENT;
    child->parts[0] = number;
    child->parts[1] = generation[number];
    return 0;
}

static void name(const struct pseudo_node *directory, uint64_t number, char *name)
{
    snprintf(name, NAME_LENGTH_MAX + 1, "n%lu", number);
}

static int target(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, (const char *)node->entry->argument);
    return 0;
}

static int follow(const struct pseudo_node *node, struct path *path)
{
    struct walk walk;
    fs_root_walk(&walk);
    path_get(&walk.root);
    *path = walk.root;
    return 0;
}

static int refuse(const struct pseudo_node *node, unsigned flags)
{
    return -EACCES;
}

static const struct pseudo_entry number_entries[] = {
    {.name = "which", .mode = S_IFREG | 0444, .show = show_number},
    {},
};
static const struct pseudo_children numbers = {
    .entry = {.mode = S_IFDIR | 0555, .entries = number_entries}, .next = next, .find = find};
static const struct pseudo_children names = {
    .entry = {.mode = S_IFREG | 0444, .show = show_number}, .next = next, .find = find, .name = name};

static const struct pseudo_entry root[] = {
    {.name = "count", .mode = S_IFREG | 0444, .show = show_count, .argument = 7},
    {.name = "long", .mode = S_IFREG | 0444, .show = show_long},
    {.name = "stored", .mode = S_IFREG | 0644, .show = show_stored, .store = store},
    {.name = "refused", .mode = S_IFREG | 0444, .show = show_count, .open = refuse},
    {.name = "link", .mode = S_IFLNK | 0777, .target = target, .argument = (uintptr_t)"numbers/3"},
    {.name = "jump", .mode = S_IFLNK | 0777, .target = target, .follow = follow, .argument = (uintptr_t)"anywhere"},
    {.name = "numbers", .mode = S_IFDIR | 0555, .children = &numbers},
    {.name = "names", .mode = S_IFDIR | 0555, .children = &names},
    {},
};
static const struct pseudo_filesystem filesystem = {
    .type = {.name = "pseudotest", .mount = pseudo_mount, .unmount = pseudo_unmount, .report = pseudo_report},
    .root = (const struct pseudo_entry[]){{.name = "", .mode = S_IFDIR | 0555, .entries = root}},
    .changes = true,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Help
 */

static struct walk root_walk(void)
{
    struct walk walk;
    fs_root_walk(&walk);
    return walk;
}

static void set_up(void)
{
    struct walk walk = root_walk();
    struct path path;
    int error;
    for (unsigned i = 0; i < ARRAY_LENGTH(there); i++) {
        there[i] = i % 2;
        generation[i] = 0;
    }
    shown = 0;
    fail_show = false;
    strlcpy(stored, "old", sizeof stored);
    KTEST_EQUAL(name_create(&walk, "/pseudo", S_IFDIR | 0755, 0), 0);
    if (!KTEST_EQUAL(path_walk(&walk, "/pseudo", &path), 0))
        return;
    struct superblock *super = superblock_create(&filesystem.type, "none", "", &error);
    if (KTEST_CHECK(super != NULL))
        KTEST_EQUAL(mount_attach(super, &path, 0), 0);
    path_put(&path);
}

static void take_down(void)
{
    struct walk walk = root_walk();
    struct path path;
    if (KTEST_EQUAL(path_walk(&walk, "/pseudo", &path), 0)) {
        KTEST_EQUAL(mount_detach(&path), 0);
        path_put(&path);
    }
    KTEST_EQUAL(name_remove(&walk, "/pseudo", true), 0);
}

static struct file *open_file(const char *name, unsigned flags, int *error)
{
    struct walk walk = root_walk();
    return file_open(&walk, name, flags, 0, error);
}

static uint64_t open_error(const char *name, unsigned flags)
{
    int error;
    struct file *file = open_file(name, flags, &error);
    if (file)
        file_put(file);
    return (uint64_t)(long)error;
}

static long read_at(struct file *file, char *data, size_t size, uint64_t *position)
{
    struct iov iov;
    iov_init_kernel(&iov, data, size);
    return file_read(file, &iov, position);
}

static long write_text(struct file *file, const char *text)
{
    struct iov iov;
    iov_init_kernel(&iov, (char *)text, strlen(text));
    return file_write(file, &iov, NULL);
}

static bool has_text(const char *name, const char *text)
{
    char buffer[64];
    int error;
    struct file *file = open_file(name, O_RDONLY, &error);
    if (file == NULL)
        return false;
    long length = read_at(file, buffer, sizeof buffer, NULL);
    file_put(file);
    return length == (long)strlen(text) && memcmp(buffer, text, (size_t)length) == 0;
}

/* Names of a directory, each with a letter for its type and a blank after it. */
struct lister {
    struct directory_sink sink;
    char text[256];
    unsigned limit; /* entries for one call */
};

static bool put_name(
    struct directory_sink *sink, const char *name, size_t length, uint64_t inode, unsigned type, uint64_t next)
{
    struct lister *lister = container_of(sink, struct lister, sink);
    size_t used = strlen(lister->text);
    char letter = type == S_IFDIR ? 'd' : type == S_IFLNK ? 'l' : '-';
    if (lister->limit == 0)
        return false;
    lister->limit--;
    snprintf(lister->text + used, sizeof lister->text - used, "%.*s%c ", (int)length, name, letter);
    return inode != 0;
}

static bool lists(const char *name, const char *wanted, unsigned limit)
{
    static struct lister lister;
    int error;
    struct file *file = open_file(name, O_RDONLY | O_DIRECTORY, &error);
    if (file == NULL)
        return false;
    lister = (struct lister){.sink = {.put = put_name}};
    size_t before;
    do {
        before = strlen(lister.text);
        lister.limit = limit;
        KTEST_EQUAL(file_read_directory(file, &lister.sink), 0);
    } while (strlen(lister.text) > before);
    file_put(file);
    if (strcmp(lister.text, wanted) == 0)
        return true;
    KTEST_FAIL("%s lists %s", name, lister.text);
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The tests
 */

KTEST(pseudo_texts_are_made_when_they_are_read)
{
    char buffer[64], again[64];
    int error;
    set_up();
    KTEST_CHECK(has_text("/pseudo/count", "shown 1 argument 7\n"));
    KTEST_CHECK(has_text("/pseudo/count", "shown 2 argument 7\n"));
    struct file *file = open_file("/pseudo/count", O_RDONLY, &error);
    if (KTEST_CHECK(file != NULL)) {
        KTEST_EQUAL(shown, 2); /* not yet */
        KTEST_EQUAL(read_at(file, buffer, 6, NULL), 6);
        KTEST_EQUAL(read_at(file, buffer, sizeof buffer, NULL), 13);
        KTEST_EQUAL(memcmp(buffer, "3 argument 7\n", 13), 0);
        KTEST_EQUAL(read_at(file, buffer, sizeof buffer, NULL), 0);
        KTEST_EQUAL(file_seek(file, 6, SEEK_SET), 6);
        KTEST_EQUAL(read_at(file, again, 13, NULL), 13);
        KTEST_EQUAL(memcmp(buffer, again, 13), 0);
        KTEST_EQUAL(file_seek(file, 0, SEEK_SET), 0);
        KTEST_EQUAL(read_at(file, buffer, sizeof buffer, NULL), 19);
        KTEST_EQUAL(buffer[6], '4');
        KTEST_EQUAL(file_seek(file, 0, SEEK_END), ERROR(EINVAL));
        KTEST_EQUAL(file_seek(file, -1, SEEK_SET), ERROR(EINVAL));
        KTEST_EQUAL(file_seek(file, 1 << 30, SEEK_SET), 1 << 30);
        KTEST_EQUAL(read_at(file, buffer, sizeof buffer, NULL), 0);
        KTEST_EQUAL(file_seek(file, INT64_MAX, SEEK_SET), INT64_MAX);
        KTEST_EQUAL(file_seek(file, 1, SEEK_CUR), ERROR(EINVAL));
        fail_show = true;
        uint64_t at = 0;
        KTEST_EQUAL(read_at(file, buffer, sizeof buffer, &at), ERROR(ESRCH));
        file_put(file);
    }
    take_down();
}

KTEST(pseudo_pieces_are_of_one_text)
{
    static char whole[90000], pieces[90000];
    int error;
    set_up();
    struct file *file = open_file("/pseudo/long", O_RDONLY, &error);
    if (KTEST_CHECK(file != NULL)) {
        KTEST_EQUAL(read_at(file, whole, sizeof whole, NULL), 80000);
        KTEST_EQUAL(memcmp(whole + 79992, "09999 1\n", 8), 0);
        KTEST_EQUAL(file_seek(file, 0, SEEK_SET), 0);
        size_t total = 0;
        long got;
        for (size_t size = 1; (got = read_at(file, pieces + total, size, NULL)) > 0; size = size % 997 + 1)
            total += (size_t)got;
        KTEST_EQUAL(total, 80000);
        for (unsigned i = 6; i < 80000; i += 8)
            whole[i] = '2';
        KTEST_EQUAL(memcmp(whole, pieces, 80000), 0);
        KTEST_EQUAL(shown, 2);
        file_put(file);
    }
    take_down();
}

KTEST(pseudo_writes)
{
    static char large[PAGE_SIZE + 1];
    int error;
    set_up();
    struct file *file = open_file("/pseudo/stored", O_RDWR | O_TRUNC, &error);
    if (KTEST_CHECK(file != NULL)) {
        KTEST_EQUAL(write_text(file, "new"), 3);
        KTEST_CHECK(has_text("/pseudo/stored", "new"));
        memset(large, 'x', sizeof large - 1);
        KTEST_EQUAL(write_text(file, large), ERROR(EINVAL));
        large[sizeof stored] = '\0';
        KTEST_EQUAL(write_text(file, large), ERROR(EINVAL));
        KTEST_EQUAL(write_text(file, ""), 0);
        KTEST_CHECK(has_text("/pseudo/stored", ""));
        file_put(file);
    }
    file = open_file("/pseudo/count", O_WRONLY, &error);
    if (KTEST_CHECK(file != NULL)) {
        KTEST_EQUAL(write_text(file, "x"), ERROR(EIO));
        file_put(file);
    }
    KTEST_EQUAL(open_error("/pseudo/refused", O_RDONLY), ERROR(EACCES));
    take_down();
}

KTEST(pseudo_directories)
{
    set_up();
    KTEST_CHECK(lists("/pseudo", ".d ..d count- long- stored- refused- linkl jumpl numbersd namesd ", 100));
    KTEST_CHECK(lists("/pseudo", ".d ..d count- long- stored- refused- linkl jumpl numbersd namesd ", 3));
    KTEST_CHECK(lists("/pseudo/numbers", ".d ..d 1d 3d 5d 7d ", 100));
    KTEST_CHECK(lists("/pseudo/numbers/3", ".d ..d which- ", 1));
    KTEST_CHECK(lists("/pseudo/names", ".d ..d n1- n3- n5- n7- ", 1));
    static const char *const missing[] = {"numbers/2", "numbers/8", "numbers/03", "numbers/+3", "numbers/",
        "numbers/3x", "numbers/99999999999999999999", "names/n", "names/n2", "names/n33", "names/3", "coun", "countx",
        "numbers/3/x"};
    for (unsigned i = 0; i < ARRAY_LENGTH(missing); i++) {
        char name[64];
        snprintf(name, sizeof name, "/pseudo/%s", missing[i]);
        if (i != 4)
            KTEST_EQUAL(open_error(name, O_RDONLY), ERROR(ENOENT));
    }
    struct walk walk = root_walk();
    KTEST_CHECK(name_create(&walk, "/pseudo/new", S_IFREG | 0644, 0) < 0);
    KTEST_CHECK(name_create(&walk, "/pseudo/new", S_IFDIR | 0755, 0) < 0);
    KTEST_EQUAL(name_remove(&walk, "/pseudo/count", false), -EPERM);
    KTEST_CHECK(name_rename(&walk, "/pseudo/count", &walk, "/pseudo/other", 0) < 0);
    take_down();
}

KTEST(pseudo_entries_come_and_go)
{
    struct walk walk = root_walk();
    struct path held;
    char buffer[32];
    int error;
    set_up();
    KTEST_CHECK(has_text("/pseudo/numbers/3/which", "3 of 0\n"));
    if (KTEST_EQUAL(path_walk(&walk, "/pseudo/numbers/3", &held), 0)) {
        struct walk inside = {.root = walk.root, .start = held, .credentials = &credentials_root};
        uint64_t number = held.dentry->inode->number;
        struct file *file = file_open(&inside, "which", O_RDONLY, 0, &error);
        KTEST_CHECK(file != NULL);
        generation[3]++; /* another one, of the same name */
        KTEST_CHECK(has_text("/pseudo/numbers/3/which", "3 of 1\n"));
        struct path again;
        if (KTEST_EQUAL(path_walk(&walk, "/pseudo/numbers/3", &again), 0)) {
            KTEST_CHECK(again.dentry != held.dentry);
            KTEST_EQUAL(again.dentry->inode->number, number);
            path_put(&again);
        }
        there[3] = false;
        KTEST_EQUAL(open_error("/pseudo/numbers/3", O_RDONLY), ERROR(ENOENT));
        KTEST_EQUAL(open_error("/pseudo/numbers/3/which", O_RDONLY), ERROR(ENOENT));
        KTEST_EQUAL(open_error("/pseudo/numbers/2", O_RDONLY), ERROR(ENOENT));
        there[2] = true;
        KTEST_CHECK(has_text("/pseudo/numbers/2/which", "2 of 0\n"));
        KTEST_EQUAL(read_at(file, buffer, sizeof buffer, NULL), 7);
        file_put(file);
        path_put(&held);
    }
    take_down();
}

KTEST(pseudo_links)
{
    struct walk walk = root_walk();
    struct path path;
    char buffer[32];
    set_up();
    KTEST_CHECK(has_text("/pseudo/link/which", "3 of 0\n"));
    if (KTEST_EQUAL(path_walk(&walk, "/pseudo/jump", &path), 0)) {
        KTEST_CHECK(path.dentry == walk.root.dentry && path.mount == walk.root.mount);
        path_put(&path);
    }
    KTEST_CHECK(has_text("/pseudo/jump/pseudo/numbers/1/which", "1 of 0\n"));
    walk.flags = WALK_NO_FOLLOW;
    if (KTEST_EQUAL(path_walk(&walk, "/pseudo/jump", &path), 0)) {
        struct inode *inode = path.dentry->inode;
        KTEST_EQUAL(inode->ops->read_link(inode, buffer, sizeof buffer), 8);
        KTEST_EQUAL(memcmp(buffer, "anywhere", 8), 0);
        KTEST_EQUAL(inode->ops->read_link(inode, buffer, 3), 3);
        path_put(&path);
    }
    take_down();
}

KTEST(pseudo_text_grows_and_escapes)
{
    struct text text = TEXT_EMPTY;
    text_put_escaped(&text, "a b\tc\\d", 7, " \t\n");
    text_pad(&text, 0, 20);
    text_puts(&text, "|");
    KTEST_EQUAL(text.length, 21);
    KTEST_CHECK(text.data && memcmp(text.data, "a\\040b\\011c\\134d    |", 21) == 0);
    text_free(&text);
    static char piece[PAGE_SIZE];
    while (!text.failed)
        text_put(&text, piece, sizeof piece);
    KTEST_CHECK(text.length >= MIB(1));
    text_free(&text);
}

/* Opens and reads a file and lists a directory; nothing may be left if any allocation fails. */
static int use_everything(void *argument)
{
    char buffer[32];
    int error;
    struct file *file = open_file("/pseudo/link/which", O_RDONLY, &error);
    if (file == NULL)
        return error;
    long length = read_at(file, buffer, sizeof buffer, NULL);
    file_put(file);
    return length == 7 ? 0 : (int)length;
}

KTEST(pseudo_survives_every_failed_allocation)
{
    set_up();
    KTEST_EVERY_ALLOCATION(use_everything, NULL);
    take_down();
}
