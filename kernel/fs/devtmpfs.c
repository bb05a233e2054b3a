/*
 * devtmpfs: see devtmpfs.h. A tmpfs with another name, into which the kernel reaches through a mount of its own that
 * stands nowhere.
 *
 * Beside the devices there is what programs expect in /dev: links to the descriptors of whoever looks at them, and the
 * directories on which devpts and a tmpfs for shared memory are mounted.
 */
#include "fs/devtmpfs.h"

#include "fs/credentials.h"
#include "fs/device.h"
#include "fs/mount_internal.h"
#include "fs/names.h"
#include "fs/tmpfs.h"
#include "fs/tmpfs_internal.h"
#include "lib/errno.h"
#include "log.h"

#define LOG_NAME "devtmpfs"

static int mount(struct superblock *super, const char *source, const char *options)
{
    return tmpfs_mount(super, source, "mode=755");
}

static const struct filesystem devtmpfs = {.name = "devtmpfs",
    .mount = mount,
    .unmount = tmpfs_unmount,
    .report = tmpfs_report,
    .remount = tmpfs_remount,
    .charge_xattrs = tmpfs_charge_xattrs,
    .show_options = tmpfs_show_options,
    .has_flags = true,
    .single = true};

static struct mount *own; /* NULL: it is not there yet */

static struct walk own_walk(void)
{
    struct path root = {.mount = own, .dentry = own->root};
    return (struct walk){.root = root, .start = root, .credentials = &credentials_root};
}

static void complain(const char *name, int error)
{
    if (error && error != -EEXIST)
        log_error("there is no %s: error %d", name, -error);
}

void devtmpfs_add(const struct device *device)
{
    if (own == NULL || device->name == NULL)
        return;
    struct walk walk = own_walk();
    complain(device->name, name_create(&walk, device->name, S_IFCHR | device->mode, device->number));
}

static void add_others(void)
{
    static const struct {
        const char *name, *target;
    } links[] = {{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
        {"stderr", "/proc/self/fd/2"}};
    struct walk walk = own_walk();
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        complain(links[i].name, name_symlink(&walk, links[i].name, links[i].target));
    complain("shm", name_create(&walk, "shm", S_IFDIR | 01777, 0));
    complain("pts", name_create(&walk, "pts", S_IFDIR | 0755, 0));
}

void devtmpfs_init(void)
{
    int error;
    filesystem_register(&devtmpfs);
    struct superblock *super = superblock_create(&devtmpfs, "devtmpfs", "", &error);
    own = super ? mount_create(super, super->root, NULL, MS_RELATIME) : NULL;
    if (own == NULL) {
        log_error("there is no memory for /dev");
        return;
    }
    const struct device *device;
    for (unsigned index = 0; (device = device_at(&index)) != NULL;)
        devtmpfs_add(device);
    add_others();
}

/* /dev/shm: where the C libraries keep shm_open's memory and sem_open's semaphores. */
static void mount_shared_memory(const struct walk *walk)
{
    struct path on;
    int error = path_walk(walk, "/dev/shm", &on);
    if (!error) {
        error = mount_new(&tmpfs, "tmpfs", "mode=1777", &on, MS_NOSUID | MS_NODEV);
        path_put(&on);
    }
    complain("/dev/shm", error);
}

void devtmpfs_mount(void)
{
    struct walk walk;
    struct path on;
    fs_root_walk(&walk);
    int error = name_create(&walk, "/dev", S_IFDIR | 0755, 0);
    if (error == 0 || error == -EEXIST)
        error = path_walk(&walk, "/dev", &on);
    if (!error) {
        error = mount_new(&devtmpfs, "devtmpfs", "", &on, MS_NOSUID);
        path_put(&on);
    }
    if (error)
        log_error("/dev has no devices: error %d", -error);
    else
        mount_shared_memory(&walk);
}
