/*
 * The page cache of one file: its contents in memory, page by page, the same pages for read, write and mmap. A file
 * system in memory has nothing else; one on a disk fills pages in and writes them back.
 *
 * Locks: the object's `fill` mutex (rank CACHE) lets one thread at a time bring a page in or take pages out; `pages`
 * may be looked at under the object's spin lock alone.
 */
#ifndef CORRODE_FS_CACHE_H
#define CORRODE_FS_CACHE_H

#include "fs/fs.h"
#include "lib/radix.h"

/*
 * How many pages the files of one file system may have: they stay when who made them ends, so they also leave a margin
 * of memory (ALLOC_MODEST).
 */
struct page_quota {
    uint64_t limit; /* 0: as many as there are */
    uint64_t used;
};

struct page_cache {
    struct vm_object object;
    struct inode *inode; /* whose it is, and which areas hold: not a reference of its own */
    struct radix pages;
    struct mutex fill;
    /* Reads page INDEX in; NULL: a page that is not there is zeros. 0 or -EIO. */
    int (*read_page)(struct inode *inode, uint64_t index, void *memory);
    struct page_quota *quota; /* -ENOSPC when there are as many already; NULL: nobody counts */
    uint32_t seals;           /* F_SEAL_*: what nobody may do any more. The inode's lock */
};

/* <linux/fcntl.h> */
#define F_SEAL_SEAL 1u          /* put on more seals */
#define F_SEAL_SHRINK 2u        /* make it shorter */
#define F_SEAL_GROW 4u          /* make it longer */
#define F_SEAL_WRITE 8u         /* change it */
#define F_SEAL_FUTURE_WRITE 16u /* the same, but by maps that are there already */
#define F_SEAL_ALL 31u

/* The inode's; NULL: what can be mapped of it is nothing of the kind. */
struct page_cache *page_cache_of(const struct inode *inode);

/* NULL: no memory. Becomes inode->object. */
struct page_cache *page_cache_create(struct inode *inode, int (*read_page)(struct inode *, uint64_t, void *));

/* When the inode goes. */
void page_cache_destroy(struct inode *inode);

/* As file_ops->read and write do it, for regular files. The inode's lock is taken: write changes its size. */
long page_cache_read(struct file *file, struct iov *to, uint64_t *position);
long page_cache_write(struct file *file, struct iov *from, uint64_t *position);

/* The file ends at SIZE now: pages beyond go, everywhere, and the rest of the last one becomes zeros. Inode locked. 0,
 * or -EPERM: it is sealed. */
int page_cache_truncate(struct inode *inode, uint64_t size);

/* As file_ops->allocate: pages are made, or (FALLOC_FL_PUNCH_HOLE) go. */
int page_cache_allocate(struct file *file, int mode, uint64_t offset, uint64_t length);

/* As file_ops->seek: a page that is not there is a hole. */
long page_cache_seek(struct file *file, int64_t offset, int whence);

uint64_t page_cache_pages(const struct inode *inode);

#endif
