/*
 * The bottom layer as the kernel's own compiler flags make it. tests/unit/ tests the same sources in depth on the host;
 * here it is that they were built right: the `rep` instructions, the calling convention, the sections.
 */
#include "ktest.h"

#include "lib/cmdline.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LARGE 70000 /* beyond every threshold of memory.c */

static uint8_t from[LARGE], to[LARGE + 2];

KTEST(lib_memcpy_all_sizes)
{
    for (size_t i = 0; i < LARGE; i++)
        from[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t size = 0; size <= LARGE; size = size < 300 ? size + 1 : size * 5 / 4 + 1) {
        memset(to, 0xee, sizeof to);
        if (!KTEST_CHECK(memcpy(to + 1, from, size) == to + 1) || !KTEST_EQUAL(memcmp(to + 1, from, size), 0) ||
            !KTEST_EQUAL(to[0], 0xee) || !KTEST_EQUAL(to[1 + size], 0xee))
            return;
    }
}

KTEST(lib_memmove_overlap)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char buffer[sizeof text];
    memcpy(buffer, text, sizeof text);
    memmove(buffer + 3, buffer, 20);
    KTEST_EQUAL(strcmp(buffer, "0120123456789abcdefghijnopqrstuvwxyz"), 0);
    memcpy(buffer, text, sizeof text);
    memmove(buffer, buffer + 3, 20);
    KTEST_EQUAL(strcmp(buffer, "3456789abcdefghijklmklmnopqrstuvwxyz"), 0);
}

KTEST(lib_strings)
{
    char small[4];
    KTEST_EQUAL(strlen("Corrode"), 7);
    KTEST_EQUAL(strnlen("Corrode", 3), 3);
    KTEST_CHECK(strcmp("abc", "abd") < 0);
    KTEST_CHECK(strcmp("\xff", "a") > 0);
    KTEST_EQUAL(strncmp("abcx", "abcy", 3), 0);
    KTEST_EQUAL(strlcpy(small, "Corrode", sizeof small), 7);
    KTEST_EQUAL(strcmp(small, "Cor"), 0);
    KTEST_CHECK(strchr("Corrode", 'z') == NULL);
}

static bool formats_to(const char *wanted, const char *got)
{
    if (strcmp(got, wanted) == 0)
        return true;
    ktest_note("got \"%s\", wanted \"%s\"", got, wanted);
    return false;
}

KTEST(lib_printf)
{
    char text[64];
    snprintf(text, sizeof text, "%d %u %#x %c %s", -5, 5u, 255u, 'c', "s");
    KTEST_CHECK(formats_to("-5 5 0xff c s", text));
    snprintf(text, sizeof text, "%ld %lu %#018lx", INT64_MIN, UINT64_MAX, 0xffffffff80000000ul);
    KTEST_CHECK(formats_to("-9223372036854775808 18446744073709551615 0xffffffff80000000", text));
    snprintf(text, sizeof text, "%p %-6s|%6s|%.2s", (void *)0x1234, "ab", "cd", "efg");
    KTEST_CHECK(formats_to("0x1234 ab    |    cd|ef", text));
    KTEST_EQUAL(snprintf(text, 4, "abcdef"), 6);
    KTEST_CHECK(formats_to("abc", text));
}

KTEST(lib_cmdline_is_kept)
{
    KTEST_EQUAL(strncmp(cmdline_text(), ktest_boot_info()->cmdline, CMDLINE_MAX - 1), 0);
}
