/*
 * Other names for the functions that the C library has too, so that both can live in one program. The build includes
 * this before every production source that it compiles for the host: production code runs on our functions, the tests
 * and the sanitizers on the C library's. A test that wants ours includes "tests/unit/corrode_lib.h".
 */
#ifndef CORRODE_TESTS_NAMES_H
#define CORRODE_TESTS_NAMES_H

#define memcpy corrode_memcpy
#define memmove corrode_memmove
#define memset corrode_memset
#define memcmp corrode_memcmp
#define strlen corrode_strlen
#define strnlen corrode_strnlen
#define strcmp corrode_strcmp
#define strncmp corrode_strncmp
#define strchr corrode_strchr
#define strlcpy corrode_strlcpy
#define snprintf corrode_snprintf
#define vsnprintf corrode_vsnprintf

#endif
