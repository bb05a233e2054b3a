/*
 * For the test kernels in this folder. Each is a file of its own that defines one function,
 *
 *     void test(const struct boot_info *info);
 *
 * and a BOOT_REQUEST. test.c is the entry point: it reports success when no CHECK failed. A kernel that is meant to die
 * never comes back from test(). tests/system/boot-*.t boot them, each on every firmware.
 */
#ifndef CORRODE_TESTS_BOOT_TEST_H
#define CORRODE_TESTS_BOOT_TEST_H

#include "boot/protocol.h"
#include "lib/string.h"
#include "lib/types.h"
#include "tty/console.h"

/* The kernel's own part. */
void test(const struct boot_info *info);

/* Notes a failure and goes on. */
void test_check(bool passed, const char *condition, const char *file, int line);
#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)

/* The page-table entry that maps ADDRESS, as an independent walk finds it; 0 when nothing does. *span: bytes it maps.
 */
uint64_t test_pte(const struct boot_info *info, vaddr_t address, uint64_t *span);
#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_NX (1ull << 63)

/* The type of the memory at a physical address; 0 when the map does not list it. */
uint32_t test_memory_type(const struct boot_info *info, paddr_t address);

/* Bytes of the type. */
uint64_t test_memory_total(const struct boot_info *info, uint32_t type);

#endif
