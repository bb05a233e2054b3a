/*
 * Alternate stacks, and what a handler's stack looks like.
 */
#include "tests/guest/guest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define KERNEL ((void *)0xffff800000000000ul)
#define SIZE 65536

static char memory[2][SIZE] __attribute__((aligned(16)));
static volatile bool on_stack, misaligned;
static volatile int calls, mode_inside, error_inside;
static volatile uintptr_t handler_frame;
static stack_t saved;

static int set_stack(void *base, size_t size, unsigned flags)
{
    const stack_t stack = {.ss_sp = base, .ss_size = size, .ss_flags = (int)flags};
    return (int)syscall(SYS_sigaltstack, &stack, NULL);
}

static stack_t get_stack(void)
{
    stack_t stack;
    memset(&stack, 0xff, sizeof stack);
    syscall(SYS_sigaltstack, NULL, &stack);
    return stack;
}

static bool lies_in(uintptr_t address, const char *area)
{
    return address - (uintptr_t)area < SIZE;
}

static void look(int signal, siginfo_t *info, void *context)
{
    (void)info;
    char here;
    calls++;
    handler_frame = (uintptr_t)__builtin_frame_address(0);
    misaligned = handler_frame % 16 != 0; /* RBP was pushed below the return address */
    on_stack = lies_in((uintptr_t)&here, memory[0]);
    mode_inside = get_stack().ss_flags;
    saved = ((ucontext_t *)context)->uc_stack;
    error_inside = set_stack(memory[1], SIZE, 0) == 0 ? 0 : errno;
    if (signal == SIGUSR2 && calls == 1)
        raise(signal);
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

static void settings(void)
{
    CHECK(get_stack().ss_flags == SS_DISABLE && get_stack().ss_sp == NULL && get_stack().ss_size == 0);
    FAILS(ENOMEM, set_stack(memory[0], 2047, 0));
    CHECK(set_stack(memory[0], 2048, 0) == 0);
    FAILS(EINVAL, set_stack(memory[0], SIZE, 4));
    FAILS(EINVAL, set_stack(memory[0], SIZE, 3));
    FAILS(EFAULT, syscall(SYS_sigaltstack, KERNEL, NULL));
    FAILS(EFAULT, syscall(SYS_sigaltstack, NULL, KERNEL));
    CHECK(syscall(SYS_sigaltstack, NULL, NULL) == 0);
    CHECK(get_stack().ss_flags == 0 && get_stack().ss_sp == memory[0] && get_stack().ss_size == 2048);
    CHECK(set_stack(memory[0], SIZE, SS_ONSTACK) == 0 && get_stack().ss_flags == 0);
    CHECK(set_stack(memory[0], 5, SS_DISABLE) == 0 && get_stack().ss_flags == SS_DISABLE);
    CHECK(get_stack().ss_sp == NULL && get_stack().ss_size == 0);
    CHECK(set_stack(memory[0], SIZE, SS_AUTODISARM) == 0 && get_stack().ss_flags == (int)SS_AUTODISARM);
    CHECK(set_stack(NULL, 0, SS_DISABLE) == 0);
    unsigned long least = getauxval(AT_MINSIGSTKSZ);
    CHECK(least >= 1024 && least < SIZE);
}

static void stacks(void)
{
    handle(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(calls == 1 && !on_stack && mode_inside == SS_DISABLE && error_inside == 0 && !misaligned);
    set_stack(memory[0], SIZE, 0);
    raise(SIGUSR1);
    CHECK(calls == 2 && on_stack && mode_inside == SS_ONSTACK && error_inside == EPERM && !misaligned);
    CHECK(saved.ss_sp == memory[0] && saved.ss_size == SIZE && saved.ss_flags == 0);
    CHECK(get_stack().ss_flags == 0 && get_stack().ss_sp == memory[0]);
    handle(SIGUSR1, 0);
    raise(SIGUSR1);
    CHECK(calls == 3 && !on_stack && mode_inside == 0 && error_inside == 0);
    CHECK(get_stack().ss_sp == memory[0]); /* the handler's change went with its frame */
    /* A second frame lies below the first one, on the same stack. */
    calls = 0;
    handle(SIGUSR2, SA_ONSTACK | SA_NODEFER);
    raise(SIGUSR2);
    CHECK(calls == 2 && on_stack);
    /* One that disarms itself can be changed inside. */
    set_stack(memory[0], SIZE, SS_AUTODISARM);
    handle(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(on_stack && mode_inside == SS_DISABLE && error_inside == 0);
    CHECK(saved.ss_flags == (int)SS_AUTODISARM && saved.ss_sp == memory[0]);
    CHECK(get_stack().ss_flags == (int)SS_AUTODISARM && get_stack().ss_sp == memory[0]);
}

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void inheritance(const char *self)
{
    set_stack(memory[0], SIZE, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(get_stack().ss_sp == memory[0] && get_stack().ss_flags == 0 ? 0 : 1);
    CHECK(status_of(child) == 0);
    child = vfork();
    if (child == 0) {
        execl(self, self, "executed", (char *)NULL);
        _exit(2);
    }
    CHECK(status_of(child) == 17 << 8);
    CHECK(get_stack().ss_sp == memory[0]);
}

static sigjmp_buf back;

static void escape(int signal)
{
    siglongjmp(back, signal);
}

static __attribute__((noinline)) int recurse(volatile char *above)
{
    volatile char here[1024];
    here[0] = above ? above[0] : 0;
    return recurse(here) + here[0];
}

static void raise_again(int signal)
{
    raise(signal);
}

/* The program's own stack is used up: only the alternate one is left. */
static void overflows(void)
{
    int status;
    set_stack(memory[0], SIZE, 0);
    struct sigaction action = {.sa_handler = escape, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 3; i++) {
        int signal = sigsetjmp(back, 1);
        if (signal == 0)
            recurse(NULL);
        CHECK(signal == SIGSEGV);
    }
    signal(SIGSEGV, SIG_DFL);
    /* A stack that is too small for a frame, or is not there. */
    status = -1;
    pid_t child = fork();
    if (child == 0) {
        set_stack(memory[0], 2048, 0);
        handle(SIGUSR1, SA_ONSTACK);
        memory[1][0] = 1;
        raise(SIGUSR1);
        _exit(0);
    }
    status = status_of(child);
    CHECK(getauxval(AT_MINSIGSTKSZ) > 2048 ? status == SIGSEGV : status == 0);
    child = fork();
    if (child == 0) {
        set_stack((void *)4096, SIZE, 0);
        handle(SIGUSR1, SA_ONSTACK);
        raise(SIGUSR1);
        _exit(0);
    }
    CHECK(status_of(child) == SIGSEGV);
    child = fork();
    if (child == 0) {
        set_stack(KERNEL, SIZE, 0);
        handle(SIGUSR1, SA_ONSTACK);
        raise(SIGUSR1);
        _exit(0);
    }
    CHECK(status_of(child) == SIGSEGV);
    /*
     * Frame upon frame, until the alternate stack is full: no frame lies outside. A function that steps out of it by
     * itself would begin anew at its top, so what is below is forbidden.
     */
    char *guarded = mmap(NULL, SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(guarded, 4096, PROT_NONE);
    child = fork();
    if (child == 0) {
        action = (struct sigaction){.sa_handler = raise_again, .sa_flags = SA_ONSTACK | SA_NODEFER};
        sigaction(SIGUSR1, &action, NULL);
        set_stack(guarded + 4096, SIZE, 0);
        raise(SIGUSR1);
        _exit(0);
    }
    CHECK(status_of(child) == SIGSEGV);
}

/* Below the stack pointer a function may use 128 bytes without saying so. */
static long red_zone(void)
{
    long result;
    __asm__ volatile("movq $0x1234567, -128(%%rsp)\n"
                     "mov %1, %%edi\n"
                     "mov %2, %%esi\n"
                     "mov %3, %%eax\n"
                     "syscall\n"
                     "movq -128(%%rsp), %0"
        : "=r"(result)
        : "r"((int)getpid()), "i"(SIGUSR1), "i"(SYS_kill)
        : "rax", "rcx", "r11", "rdi", "rsi", "memory");
    return result;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return get_stack().ss_flags == SS_DISABLE && get_stack().ss_sp == NULL ? 17 : 1;
    setvbuf(stdout, NULL, _IONBF, 0);
    settings();
    stacks();
    inheritance(argv[0]);
    overflows();
    handle(SIGUSR1, 0);
    CHECK(red_zone() == 0x1234567);
    return done();
}
