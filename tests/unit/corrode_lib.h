/*
 * Our own string and printf functions as corrode_strlen, corrode_snprintf ..., beside the C library's.
 */
#ifndef CORRODE_TESTS_LIB_H
#define CORRODE_TESTS_LIB_H

/* The C library's, under their own names. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/corrode_names.h"

#include "lib/printf.h"
#include "lib/string.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strlcpy
#undef snprintf
#undef vsnprintf

#endif
