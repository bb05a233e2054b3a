/*
 * How a program begins: arguments, environment, auxiliary vector, stack; thread-local storage and vector registers.
 *
 * guest: pie
 */
#include "tests/guest/guest.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static int zeros[100000];
static int initialized = 42;
static _Thread_local int local = 7, local_zero;

int main(int argc, char **argv)
{
    const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM);
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    CHECK(argc >= 1 && argv[0] && argv[argc] == NULL);
    CHECK(environ != NULL);
    CHECK(getauxval(AT_PAGESZ) == 4096);
    CHECK(getauxval(AT_CLKTCK) == 100);
    CHECK(getauxval(AT_PHENT) == sizeof(Elf64_Phdr));
    CHECK(getauxval(AT_ENTRY) != 0);
    CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
    CHECK(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
    CHECK(getauxval(AT_SECURE) == 0);
    CHECK(strcmp((const char *)getauxval(AT_PLATFORM), "x86_64") == 0);
    CHECK(((const char *)getauxval(AT_EXECFN))[0] != '\0');
    unsigned loads = 0, sum = 0;
    for (unsigned long i = 0; headers && i < getauxval(AT_PHNUM); i++)
        loads += headers[i].p_type == PT_LOAD;
    CHECK(loads >= 1);
    for (unsigned i = 0; random && i < 16; i++)
        sum += random[i];
    CHECK(sum > 0);

    unsigned used = 0;
    for (unsigned i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        used += zeros[i] != 0;
    CHECK(used == 0);
    CHECK(initialized == 42);
    CHECK(local == 7 && local_zero == 0);
    local_zero = 1;

    volatile double third = 1.0 / 3;
    CHECK(third * 3 == 1.0);
    char text[32];
    snprintf(text, sizeof text, "%.3f", 2.5 * argc / argc);
    CHECK(strcmp(text, "2.500") == 0);
    uint32_t control;
    uint16_t x87;
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(control), "=m"(x87));
    CHECK((control & 0xffc0) == 0x1f80);
    CHECK(x87 == 0x37f);

    /* The stack grows by being used. */
    volatile char deep[4 << 20];
    for (size_t i = sizeof deep; i > 0; i -= 4096)
        deep[i - 1] = (char)i;
    CHECK(deep[sizeof deep - 1] == 0);
    return done();
}
