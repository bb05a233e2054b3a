/*
 * How the tree of names begins: an empty tmpfs is the root.
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/device.h"
#include "fs/devtmpfs.h"
#include "fs/epoll.h"
#include "fs/mount.h"
#include "fs/tmpfs.h"
#include "panic.h"

void fs_init(void)
{
    int error;
    dentries_init();
    inodes_init();
    files_init();
    epoll_init();
    filesystem_register(&tmpfs);
    struct superblock *root = superblock_create(&tmpfs, "rootfs", "size=100%,mode=755", &error);
    if (root == NULL || mount_attach(root, NULL, 0) < 0)
        panic("there is not enough memory to start; give the machine more");
    devtmpfs_init();
    devices_init();
}

void fs_root_walk(struct walk *walk)
{
    *walk = (struct walk){.credentials = &credentials_root};
    walk->root = walk->start = (struct path){.mount = mount_first, .dentry = mount_first->root};
}
