/*
 * Deaths that concern no single part: see ktest.h.
 */
#include "ktest.h"

#include "arch/x86_64/machine.h"
#include "lib/string.h"
#include "panic.h"

KDEATH(panic)
{
    panic("the answer is %d", 42);
}

/* Writes behind an array, as a bug would: the compiler must not know how far. */
KDEATH(stack_protector)
{
    char array[16];
    volatile size_t size = 64;
    memset(array, 'x', size);
    ktest_note("%.16s", array);
}

KDEATH(null)
{
    *(volatile int *)16 = 1;
}

KDEATH(write_to_text)
{
    *(volatile char *)(uintptr_t)kernel_main = 0;
}

KDEATH(execute_data)
{
    static char data[16] = {(char)0xc3}; /* ret */
    ((void (*)(void))(uintptr_t)data)();
}

#ifdef DEBUG
KDEATH(undefined_shift)
{
    volatile int by = 40, one = 1;
    volatile int result = one << by;
    (void)result;
}

KDEATH(undefined_index)
{
    static volatile int array[4];
    volatile int index = 7;
    array[index] = 1;
}

KDEATH(undefined_alignment)
{
    static char bytes[16];
    volatile uintptr_t address = (uintptr_t)bytes + 1;
    ktest_note("%lu", *(const uint64_t *)address);
}
#endif
