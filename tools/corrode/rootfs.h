/*
 * What makes a machine of a tree of files: the tree as an initramfs, our own kernel, which is in the tool, and a
 * command line that says which program is process 1.
 */
#ifndef CORRODE_ROOTFS_H
#define CORRODE_ROOTFS_H

#include "text.h"
#include "tree.h"

/* A directory or an archive. Fatal on errors. */
struct tree_node *rootfs_read(const char *path);

/* The tree as an initramfs, in a temporary file, whose path is returned. */
char *rootfs_pack(struct tree_node *root);

/*
 * The words that make the kernel start COMMAND: `init=PATH -- ARGUMENTS`, after WORDS, which may be NULL. Without a
 * command the kernel looks for one itself; fatal when it would find none. PATH names the tree in messages.
 */
char *rootfs_cmdline(struct tree_node *root, const char *path, const char *words, const struct strings *command);

/* The kernel that is in the tool, as a temporary file. */
char *rootfs_kernel(void);

/* Fatal unless the file is an initramfs as kernels take them: cpio ("newc"), perhaps compressed by gzip or LZ4. */
void rootfs_check_initramfs(const char *path);

#endif
