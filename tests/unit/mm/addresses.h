/*
 * Where the kernel's direct map and its array of struct page are in a unit test: tests/unit/mm/machine.c reserves room
 * for them. The build includes this before every source of such a test.
 */
#ifndef CORRODE_TESTS_MM_ADDRESSES_H
#define CORRODE_TESTS_MM_ADDRESSES_H

#include <stdint.h>

extern uint64_t fake_direct_map, fake_page_array;

#define DIRECT_MAP_BASE fake_direct_map
#define PAGE_ARRAY_BASE fake_page_array

#endif
