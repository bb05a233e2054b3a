/*
 * Objects of one size, carved out of pages: slabs; and kmalloc, for those without a cache of their own.
 *
 *     static struct slab_cache *threads;
 *     threads = slab_cache_create("thread", sizeof(struct thread), alignof(struct thread));
 *     struct thread *t = slab_allocate(threads, ALLOC_ZERO);
 *     slab_free(threads, t);
 *
 * Each CPU keeps two magazines of free objects for each cache, so most calls take no lock and touch memory that the CPU
 * has touched before. All functions work in any context, interrupt handlers too.
 *
 * In debug builds every object has red zones around it and is filled with a pattern while it is free; both are checked
 * at allocation and free, as are double frees and frees to the wrong cache: a panic names cache and object.
 *
 * Source: Bonwick, "The slab allocator" (1994); Bonwick and Adams, "Magazines and vmem" (2001).
 */
#ifndef CORRODE_MM_SLAB_H
#define CORRODE_MM_SLAB_H

#include "mm/page.h"

struct slab_cache;

/* NAME stays the caller's and must live as long. alignment: a power of two, at most PAGE_SIZE. NULL: no memory. */
struct slab_cache *slab_cache_create(const char *name, size_t size, size_t alignment);

/* All its objects must have been freed. Interrupts on. */
void slab_cache_destroy(struct slab_cache *cache);

/* NULL when there is no memory. flags: ALLOC_ZERO, ALLOC_URGENT, ALLOC_MODEST. */
void *slab_allocate(struct slab_cache *cache, unsigned flags);
void slab_free(struct slab_cache *cache, void *object); /* NULL is allowed */

/* Any size; aligned to 16, or to the page from one page on. Beyond the largest cache (8 KiB), whole pages. */
void *kmalloc(size_t size, unsigned flags);
void kfree(void *object); /* NULL is allowed */

/* The bytes that a kmalloc'd object really has. */
size_t kmalloc_size(const void *object);

/* Objects that are allocated, in one cache or (NULL) in all; for reports and leak checks. */
uint64_t slab_object_count(const struct slab_cache *cache);

/* Gives empty slabs and magazines back to the page allocator: every CPU's where interrupts are on, else this CPU's. */
void slab_reclaim(void);

/* One cache after another, for reports: false past the last. */
struct slab_report {
    const char *name;
    size_t object_size;
    uint64_t objects, pages;
};
bool slab_report(unsigned index, struct slab_report *report);

/* Walks everything, and panics at the first contradiction. */
void slab_check(void);

void slab_init(void); /* after page_init */

#endif
