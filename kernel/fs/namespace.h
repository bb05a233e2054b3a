/*
 * Namespaces as such: what those of all kinds have in common. What a namespace contains - names of the system, System V
 * IPC objects, mounts, numbers of processes - belongs to whoever embeds the structure; here it has a number by which
 * programs compare it, references, and a file.
 *
 * The file (nsfs on Linux) stands in no directory: /proc/PID/ns/KIND leads to it, and mount --bind can give it a name.
 * While it is open or mounted, the namespace stays, even when no task is in it any more.
 *
 *     struct namespace *namespace = ...;
 *     namespace_open(namespace, &path);          // where a link of /proc leads
 *     namespace_of(file)                         // what setns was given; NULL: something else
 *
 * Source: namespaces(7), setns(2), ioctl_ns(2).
 */
#ifndef CORRODE_FS_NAMESPACE_H
#define CORRODE_FS_NAMESPACE_H

#include "fs/fs.h"

struct namespace
{
    const struct namespace_kind *kind;
    uint64_t number; /* of the file's inode: unique while the machine runs, and growing */
    uint32_t references;
};

struct namespace_kind {
    const char *name;                         /* "uts" */
    uint32_t flag;                            /* CLONE_NEWUTS */
    void (*end)(struct namespace *namespace); /* the last reference is gone; may sleep. NULL: it never ends */
    /* The one that it was made in, which the caller may know of, with a reference. NULL slot: the kind has no tree. */
    struct namespace *(*parent)(struct namespace *namespace, int *error);
};

/* A new one, with one reference. */
void namespace_init(struct namespace *namespace, const struct namespace_kind *kind);
void namespace_get(struct namespace *namespace);
void namespace_put(struct namespace *namespace);

/* A file that is the namespace, which it takes a reference to. -ENOMEM. */
int namespace_open(struct namespace *namespace, struct path *path);

/* Which one an inode is; NULL: none. As long as the inode is held. */
struct namespace *namespace_of(const struct inode *inode);

/* The processes' layer gives the running program a descriptor for a file, which it takes over unless that fails. */
void namespaces_set_descriptors(long (*add)(struct file *file, bool close_on_exec));

/* To which all belong, for those who ask (NS_GET_USERNS): there is no other. */
extern struct namespace namespace_users;

#endif
