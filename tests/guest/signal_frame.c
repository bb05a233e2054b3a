/*
 * The frame of a handler: vector registers in it and around it, what of it counts when the handler returns, and forged
 * ones, which may hurt who forges them but nobody else.
 */
#include "tests/guest/guest.h"

#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define MAGIC1 0x46505853u
#define MAGIC2 0x46505845u
#define BASE 0x7u /* x87, SSE, AVX */

/* The area of vector registers, and what software has in it. */
struct area {
    uint16_t fcw;
    uint8_t a[22];
    uint32_t mxcsr, mxcsr_mask;
    uint8_t b[128];
    uint64_t xmm[16][2];
    uint8_t c[48];
    uint32_t magic1, extended_size;
    uint64_t components;
    uint32_t size, d[7];
    uint64_t present, compacted, reserved[6];
    uint64_t ymm[16][2];
};

static bool has_avx;

static void detect(void)
{
    unsigned a, b, c, d, low, high;
    __cpuid(1, a, b, c, d);
    if (!(c >> 27 & 1))
        return;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    has_avx = c >> 28 & 1 && (low & BASE) == BASE;
}

static struct area *area_of(void *context)
{
    return (struct area *)(void *)((ucontext_t *)context)->uc_mcontext.fpregs;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Vector registers
 */

static volatile bool initial, well_formed, held;
static volatile uint32_t magic2, found_mxcsr;
static volatile int handled;
static uint64_t pattern[16][4], after[16][4];

#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_AVX(n) "vmovups " #n "*32(%0), %%ymm" #n "\n"
#define STORE_AVX(n) "vmovups %%ymm" #n ", " #n "*32(%1)\n"
#define LOAD_SSE(n) "movups " #n "*32(%0), %%xmm" #n "\n"
#define STORE_SSE(n) "movups %%xmm" #n ", " #n "*32(%1)\n"
#define XMMS                                                                                                           \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",         \
        "xmm13", "xmm14", "xmm15"

/* Loads the pattern, sends SIGNAL to this task, and stores what is there then: no compiler's code in between. */
static void across(int signal)
{
    uint32_t mxcsr = 0x9fc0, control = 0xf7f;
    __asm__ volatile("ldmxcsr %0; fldcw %1; fldpi" ::"m"(mxcsr), "m"(control));
    register long pid __asm__("rdi") = getpid();
    register long number __asm__("rsi") = signal;
    long call = SYS_kill;
    if (has_avx)
        __asm__ volatile(EACH(LOAD_AVX) "syscall\n" EACH(STORE_AVX)
            :
            : "r"(pattern), "r"(after), "r"(pid), "r"(number), "a"(call)
            : XMMS, "rcx", "r11", "memory");
    else
        __asm__ volatile(EACH(LOAD_SSE) "syscall\n" EACH(STORE_SSE)
            :
            : "r"(pattern), "r"(after), "r"(pid), "r"(number), "a"(call)
            : XMMS, "rcx", "r11", "memory");
    double pi = 0;
    __asm__ volatile("stmxcsr %0; fnstcw %1; fstpl %2; fninit" : "=m"(mxcsr), "=m"(control), "=m"(pi));
    found_mxcsr = mxcsr;
    held = (uint16_t)control == 0xf7f && pi > 3.14159 && pi < 3.1416;
    mxcsr = 0x1f80;
    __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
}

static bool is_pattern(void)
{
    int wrong = 0;
    for (int i = 0; i < 16; i++)
        wrong += memcmp(after[i], pattern[i], has_avx ? 32 : 16) != 0;
    return wrong == 0;
}

static void clobber(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    const struct area *area = area_of(context);
    uint32_t mxcsr, control = 0;
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
    initial = mxcsr == 0x1f80 && control == 0x37f;
    __asm__ volatile("fldz; fldz; fldz" ::: "memory");
    if (has_avx)
        __asm__ volatile("vzeroall" ::: XMMS);
    well_formed = (uintptr_t)area % 64 == 0 && area->mxcsr == 0x9fc0 && area->fcw == 0xf7f &&
                  memcmp(area->xmm[7], pattern[7], 16) == 0;
    if (has_avx)
        well_formed = well_formed && area->magic1 == MAGIC1 && area->extended_size == area->size + 4 &&
                      (area->components & BASE) == BASE && (area->present & BASE) == BASE && area->compacted == 0 &&
                      memcmp(area->ymm[9], &pattern[9][2], 16) == 0 &&
                      *(const uint32_t *)((const char *)area + area->size) == MAGIC2 &&
                      ((ucontext_t *)context)->uc_flags == 7;
    handled++;
}

static void change(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    struct area *area = area_of(context);
    area->mxcsr = 0x1f80;
    area->xmm[3][0] = 33;
    if (has_avx)
        area->ymm[4][1] = 44;
}

static void registers(void)
{
    for (int i = 0; i < 64; i++)
        pattern[i / 4][i % 4] = 0x0101010101010101u * (unsigned)i + 0x8000;
    handle(SIGUSR1, clobber);
    across(SIGUSR1);
    CHECK(handled == 1 && initial);
    CHECK(well_formed);
    CHECK(is_pattern() && held && found_mxcsr == 0x9fc0);
    handle(SIGUSR1, change);
    across(SIGUSR1);
    CHECK(after[3][0] == 33 && found_mxcsr == 0x1f80 && held);
    CHECK(has_avx ? after[4][3] == 44 : 1);
    /* Signals come at any time, and many of them. */
    handle(SIGUSR2, clobber);
    handle(SIGUSR1, clobber);
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        while (kill(parent, SIGUSR2) == 0)
            ;
    int wrong = 0;
    handled = 0;
    while (handled < 2000) {
        across(SIGUSR1);
        wrong += !is_pattern() || !held || found_mxcsr != 0x9fc0;
    }
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) != child)
        ;
    CHECK(wrong == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What of a frame counts
 */

static void (*forge)(ucontext_t *context, struct area *area);

static void forger(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    forge(context, area_of(context));
}

/* How a child ends whose handler returns after FUNCTION: 0, unless the frame was a bad one, or by a signal. */
static int end_of(void (*function)(ucontext_t *context, struct area *area))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        uint64_t flags;
        forge = function;
        handle(SIGUSR1, forger);
        raise(SIGUSR1);
        __asm__ volatile("pushfq; popq %0" : "=r"(flags));
        _exit((flags & 0x3000) != 0 || !(flags & 0x200)); /* IOPL, IF */
    }
    waitpid(child, &status, 0);
    return status;
}

/* X(name, how it ends, what it does) */
#define FORGERIES(X)                                                                                                   \
    X(nothing, status == 0, (void)area)                                                                                \
    X(kernel_rip, status == SIGSEGV, gregs[REG_RIP] = (greg_t)0xffffffff80000000)                                      \
    X(far_rip, status == SIGSEGV, gregs[REG_RIP] = 0x0000800000000000)                                                 \
    X(no_rip, status == SIGSEGV, gregs[REG_RIP] = 0x0123456789abcdef)                                                  \
    X(last_rip, status == SIGSEGV, gregs[REG_RIP] = 0x00007ffffffffff0)                                                \
    X(all_flags, status == 0 || status == SIGTRAP, gregs[REG_EFL] = -1)                                                \
    X(no_flags, status == 0, gregs[REG_EFL] = 0)                                                                       \
    X(iopl, status == 0, gregs[REG_EFL] |= 0x3000)                                                                     \
    X(virtual_8086, status == 0, gregs[REG_EFL] |= 0x1b4000)                                                           \
    X(kernel_segments, status == 0 || status == SIGSEGV, gregs[REG_CSGSFS] = 0x0010000000000008)                       \
    X(no_segments, status == 0 || status == SIGSEGV, gregs[REG_CSGSFS] = 0)                                            \
    X(odd_segments, status == 0 || status == SIGSEGV, gregs[REG_CSGSFS] = -1)                                          \
    X(reserved, status == 0, memset(context->uc_mcontext.__reserved1, 0xff, 64))                                       \
    X(firm_mask, status == 0, memset(&context->uc_sigmask, 0xff, 8))                                                   \
    X(odd_stack, status == 0, memset(&context->uc_stack, 0xff, sizeof(stack_t)))                                       \
    X(odd_link, status == 0, context->uc_link = (void *)0xffff800000000000)                                            \
    X(odd_uc_flags, status == 0 || status == SIGSEGV, context->uc_flags = ~0ul)                                        \
    X(no_area, status == 0, context->uc_mcontext.fpregs = NULL)                                                        \
    X(kernel_area, status == SIGSEGV, context->uc_mcontext.fpregs = (void *)0xffff800000000000)                        \
    X(far_area, status == SIGSEGV, context->uc_mcontext.fpregs = (void *)0x00007fffffffffc0)                           \
    X(no_such_area, status == SIGSEGV, context->uc_mcontext.fpregs = (void *)64)                                       \
    X(odd_area, status == SIGSEGV, context->uc_mcontext.fpregs = (void *)((char *)area + 4))                           \
    X(no_magic1, status == 0, area->magic1 = 0)                                                                        \
    X(no_magic2, status == 0, if (has_avx) * (uint32_t *)((char *)area + area->size) = 0)                              \
    X(no_size, status == 0, area->size = 0)                                                                            \
    X(any_size, status == 0, area->size = area->extended_size = ~0u)                                                   \
    X(no_components, status == 0, area->components = 0)                                                                \
    X(all_components, status == 0, area->components = ~0ull)                                                           \
    X(none_present, status == 0, area->present = 0)                                                                    \
    X(all_present, !has_avx || status == SIGSEGV, area->present = ~0ull)                                               \
    X(strange_present, !has_avx || status == SIGSEGV, area->present |= 1ull << 62)                                     \
    X(supervisor_present, !has_avx || status == SIGSEGV, area->present |= 1ull << 8)                                   \
    X(compacted, !has_avx || status == SIGSEGV, area->compacted = ~0ull)                                               \
    X(header, !has_avx || status == 0 || status == SIGSEGV, memset(area->reserved, 0xff, 48))                          \
    X(mxcsr, status == 0 || status == SIGSEGV, area->mxcsr = ~0u)                                                      \
    X(x87, status == 0 || WIFSIGNALED(status), memset(area, 0xff, 24))

#define FORGE(name, how, action)                                                                                       \
    static void forge_##name(ucontext_t *context, struct area *area)                                                   \
    {                                                                                                                  \
        greg_t *gregs = context->uc_mcontext.gregs;                                                                    \
        (void)gregs;                                                                                                   \
        (void)area;                                                                                                    \
        action;                                                                                                        \
    }
FORGERIES(FORGE)

#define TRY(name, how, action)                                                                                         \
    status = end_of(forge_##name);                                                                                     \
    point(how, #name, status);

static void forgeries(void)
{
    int status;
    FORGERIES(TRY)
}

/* ------------------------------------------------------------------------------------------------------------------
 * Frames of one's own making
 */

struct frame {
    uint64_t restorer;
    uint64_t flags, link, stack[3], registers[18], segments, error, vector, mask, address, area, reserved[8], set;
    siginfo_t info;
};

/* rt_sigreturn with the stack pointer behind the frame's first word. */
static void jump_into(const void *frame)
{
    __asm__ volatile("mov %0, %%rsp; syscall" ::"r"((uintptr_t)frame + 8), "a"(SYS_rt_sigreturn) : "memory");
    __builtin_unreachable();
}

static void leave(void)
{
    __asm__ volatile("mov $23, %%edi; mov %0, %%eax; syscall" ::"i"(SYS_exit_group) : "memory");
}

static int end_of_frame(const void *frame)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        jump_into(frame);
    waitpid(child, &status, 0);
    return status;
}

static void own_frames(void)
{
    static struct frame frame __attribute__((aligned(64)));
    uint64_t code = 0, data = 0;
    __asm__ volatile("mov %%cs, %w0" : "=r"(code));
    __asm__ volatile("mov %%ss, %w0" : "=r"(data));
    frame.segments = code | data << 48;
    frame.registers[16] = (uintptr_t)leave;
    CHECK(end_of_frame(&frame) == 23 << 8);
    frame.registers[15] = 0x0123456789abcdef; /* RSP: nobody uses it */
    CHECK(end_of_frame(&frame) == 23 << 8);
    frame.registers[16] = 0xffff800000000000;
    CHECK(end_of_frame(&frame) == SIGSEGV);
    CHECK(end_of_frame((void *)0) == SIGSEGV);
    CHECK(end_of_frame((void *)0xffff800000000000) == SIGSEGV);
    CHECK(end_of_frame((void *)0x0123456789abcdef) == SIGSEGV);
    CHECK(end_of_frame((void *)-8) == SIGSEGV);
    CHECK(end_of_frame((void *)0x00007fffffffff00) == SIGSEGV);
    char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    CHECK(end_of_frame(pages + 4096 - 64) == SIGSEGV);
    CHECK(end_of_frame(pages + 3) == SIGSEGV); /* all zero: RIP is 0 */
    munmap(pages, 4096);
}

/* Noise, with just enough sense that it is looked at. */
static void noise(void)
{
    static struct {
        struct frame frame;
        struct area area;
        char more[4096];
    } all __attribute__((aligned(64)));
    int wrong = 0;
    srand(1);
    for (int i = 0; i < 150; i++) {
        uint8_t *bytes = (uint8_t *)&all;
        for (size_t at = 0; at < sizeof all; at++)
            bytes[at] = (uint8_t)(i % 3 == 0 || rand() % 8 == 0 ? rand() : 0);
        all.frame.registers[16] = (uintptr_t)leave;
        all.frame.registers[17] &= ~0x100ull; /* TF */
        all.frame.area = ((uintptr_t)&all.area + 63) / 64 * 64;
        if (i % 2) {
            struct area *area = (struct area *)all.frame.area;
            area->magic1 = MAGIC1;
            area->size = 832;
            area->extended_size = 836;
            area->mxcsr &= 0xffff;
            *(uint32_t *)((char *)area + 832) = MAGIC2;
        }
        int status = end_of_frame(&all);
        wrong += status != 23 << 8 && status != SIGSEGV && status != SIGBUS;
    }
    CHECK(wrong == 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    detect();
    registers();
    forgeries();
    own_frames();
    noise();
    return done();
}
