/*
 * What the two halves of the 32-bit self-test call each other.
 */
#ifndef CORRODE_TESTS_BIOS_SELF_TEST_H
#define CORRODE_TESTS_BIOS_SELF_TEST_H

#include <stddef.h>

int self_test(void);
void write_output(const char *text, size_t length);

#endif
