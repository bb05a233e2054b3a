/*
 * How a program may end: as its argument says. `exit N`, or a fault of one kind, whose signal ends it.
 *
 * guest: apart
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void recurse(volatile char *above)
{
    volatile char here[4096];
    here[0] = above ? above[0] : 0;
    recurse(here);
    here[1] = 1;
}

static __attribute__((noinline, noclone)) void fault(const char *how)
{
    static const char data[] = "\xc3";
    if (strcmp(how, "null") == 0)
        *(volatile int *)16 = 1;
    else if (strcmp(how, "kernel") == 0)
        *(volatile int *)0xffffffff80000000 = 1;
    else if (strcmp(how, "code") == 0)
        *(volatile char *)(uintptr_t)fault = 1;
    else if (strcmp(how, "data") == 0)
        ((void (*)(void))(uintptr_t)data)();
    else if (strcmp(how, "divide") == 0)
        __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cdq; idiv %%ecx" ::: "eax", "ecx", "edx");
    else if (strcmp(how, "ud2") == 0)
        __asm__ volatile("ud2");
    else if (strcmp(how, "hlt") == 0)
        __asm__ volatile("hlt");
    else if (strcmp(how, "int3") == 0)
        __asm__ volatile("int3");
    else if (strcmp(how, "noncanonical") == 0)
        __asm__ volatile("mov %0, %%rax; jmp *%%rax" ::"r"(0x0000800000000000ul));
    else if (strcmp(how, "stack") == 0)
        recurse(NULL);
    else if (strcmp(how, "trap") == 0)
        __asm__ volatile("pushf; orq $0x100, (%rsp); popf; nop; nop");
    else if (strcmp(how, "trap-syscall") == 0)
        __asm__ volatile("pushf; orq $0x100, (%%rsp); popf; syscall; nop" ::"a"(39) : "rcx", "r11");
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "exit";
    printf("about to end: %s\n", how);
    fflush(stdout);
    if (strcmp(how, "exit") == 0)
        return argc > 2 ? atoi(argv[2]) : 0;
    fault(how);
    printf("still here\n");
    return 0;
}
