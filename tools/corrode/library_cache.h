/*
 * The dynamic loader's cache of libraries, /etc/ld.so.cache: where the library of a name is.
 *
 * Source: ldconfig(8); the layout is that of glibc's "new" format, from reading the file.
 */
#ifndef CORRODE_LIBRARY_CACHE_H
#define CORRODE_LIBRARY_CACHE_H

/* The path of the 64-bit library NAME, allocated; NULL: the cache does not know it, or is not there. */
char *library_cache_find(const char *name);

#endif
