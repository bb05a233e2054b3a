/*
 * Faults as signals: which one, with what it says, and what the context tells; handlers that mend the cause, and
 * programs that have none.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096

static sigjmp_buf back;
static siginfo_t last;
static greg_t trapno, err, cr2, rip, rsp;

static void jump(int signal, siginfo_t *info, void *context)
{
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    last = *info;
    trapno = registers[REG_TRAPNO];
    err = registers[REG_ERR];
    cr2 = registers[REG_CR2];
    rip = registers[REG_RIP];
    rsp = registers[REG_RSP];
    siglongjmp(back, signal);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

/* The signal that STATEMENT makes; 0: none. */
#define SIGNAL_OF(statement)                                                                                           \
    __extension__({                                                                                                    \
        int signal_of = sigsetjmp(back, 1);                                                                            \
        if (signal_of == 0) {                                                                                          \
            statement;                                                                                                 \
        }                                                                                                              \
        signal_of;                                                                                                     \
    })

#define IS(code, address) (last.si_code == (code) && (uintptr_t)last.si_addr == (uintptr_t)(address))

static void touch(volatile void *address)
{
    *(volatile char *)address = 1;
}

static int look_at(const volatile void *address)
{
    return *(const volatile char *)address;
}

static void call(const void *address)
{
    __asm__ volatile("call *%0" ::"r"(address) : "memory");
}

static void memory(void)
{
    char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(SIGNAL_OF(touch((void *)16)) == SIGSEGV && IS(SEGV_MAPERR, 16));
    CHECK(trapno == 14 && (err & 0x16) == 6 && cr2 == 16);
    CHECK(SIGNAL_OF(look_at((void *)24)) == SIGSEGV && IS(SEGV_MAPERR, 24) && (err & 0x16) == 4);
    CHECK(SIGNAL_OF(touch(page + 5)) == SIGSEGV && IS(SEGV_ACCERR, page + 5) && (err & 0x16) == 6);
    CHECK(SIGNAL_OF(look_at(none)) == SIGSEGV && IS(SEGV_ACCERR, none));
    CHECK(SIGNAL_OF(call(page)) == SIGSEGV && IS(SEGV_ACCERR, page) && rip == (greg_t)(uintptr_t)page);
    CHECK((err & 0x14) == 0x14);
    CHECK(SIGNAL_OF(look_at((void *)0xffff800000000000)) == SIGSEGV && IS(SEGV_MAPERR, 0xffff800000000000));
    CHECK((err & 1) == 1);
    CHECK(SIGNAL_OF(look_at((void *)0x0123456789abcdef)) == SIGSEGV && IS(SI_KERNEL, 0) && trapno == 13);
    CHECK(SIGNAL_OF(call((void *)0x0000900000000000)) == SIGSEGV && last.si_code == SI_KERNEL);
    munmap(page, PAGE);
    CHECK(SIGNAL_OF(look_at(page)) == SIGSEGV && IS(SEGV_MAPERR, page));
    munmap(none, PAGE);
}

static void files(void)
{
    int fd = open("fault", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, 100) == 0);
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED && SIGNAL_OF(look_at(map + 50)) == 0);
    CHECK(SIGNAL_OF(look_at(map + PAGE + 7)) == SIGBUS && IS(BUS_ADRERR, map + PAGE + 7));
    CHECK(SIGNAL_OF(touch(map + PAGE + 9)) == SIGBUS && IS(BUS_ADRERR, map + PAGE + 9));
    char *volatile code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    CHECK(code != MAP_FAILED && SIGNAL_OF(call(code + PAGE)) == SIGBUS && IS(BUS_ADRERR, code + PAGE));
    CHECK(rip == (greg_t)(uintptr_t)(code + PAGE) && (err & 0x14) == 0x14);
    close(fd);
    unlink("fault");
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void divide(void)
{
    __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cdq; idiv %%ecx" ::: "eax", "ecx", "edx");
}

static void step(void)
{
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop; nop" ::: "cc", "memory");
}

static void instructions(void)
{
    extern const char illegal[], privileged[], after_int3[];
    CHECK(SIGNAL_OF(divide()) == SIGFPE && IS(FPE_INTDIV, rip) && trapno == 0);
    CHECK(SIGNAL_OF(__asm__ volatile(".globl illegal\nillegal: ud2")) == SIGILL && IS(ILL_ILLOPN, illegal));
    CHECK(trapno == 6 && rip == (greg_t)(uintptr_t)illegal);
    CHECK(SIGNAL_OF(__asm__ volatile(".globl privileged\nprivileged: hlt")) == SIGSEGV && IS(SI_KERNEL, 0));
    CHECK(rip == (greg_t)(uintptr_t)privileged && trapno == 13);
    CHECK(SIGNAL_OF(__asm__ volatile("int3\n.globl after_int3\nafter_int3: nop")) == SIGTRAP);
    CHECK(last.si_code == SI_KERNEL && rip == (greg_t)(uintptr_t)after_int3 && trapno == 3);
    CHECK(SIGNAL_OF(step()) == SIGTRAP && IS(TRAP_TRACE, rip) && trapno == 1);
    CHECK(SIGNAL_OF(__asm__ volatile("int $0x55")) == SIGSEGV && last.si_code == SI_KERNEL);
    CHECK(SIGNAL_OF(__asm__ volatile("push $0x800000; lretq")) == SIGSEGV);
}

static void set_float_exceptions(unsigned except, bool x87)
{
    uint32_t mxcsr = 0x1f80 & ~(x87 ? 0 : except << 7);
    uint16_t control = (uint16_t)(0x37f & ~(x87 ? except : 0));
    __asm__ volatile("fninit; ldmxcsr %0; fldcw %1" ::"m"(mxcsr), "m"(control));
}

static void sse_divide(double a, double b)
{
    __asm__ volatile("divsd %1, %0" : "+x"(a) : "x"(b));
}

static void x87_divide(double a, double b)
{
    __asm__ volatile("fldl %0; fdivl %1; fwait; fstp %%st" ::"m"(a), "m"(b) : "st");
}

static void sse_multiply(double a, double b)
{
    __asm__ volatile("mulsd %1, %0" : "+x"(a) : "x"(b));
}

/* Emulators do not raise all of these, so on a machine without them the points say so. */
static void floats(void)
{
    set_float_exceptions(FE_DIVBYZERO, true);
    CHECK(SIGNAL_OF(x87_divide(1, 0)) == SIGFPE && last.si_code == FPE_FLTDIV && trapno == 16);
    set_float_exceptions(FE_INVALID, true);
    CHECK(SIGNAL_OF(x87_divide(0, 0)) == SIGFPE && last.si_code == FPE_FLTINV);
    set_float_exceptions(0, true);
    CHECK(SIGNAL_OF(x87_divide(1, 0)) == 0);
    set_float_exceptions(0, false);
    CHECK(SIGNAL_OF(sse_divide(1, 0)) == 0 && SIGNAL_OF(sse_multiply(1e300, 1e300)) == 0);
    set_float_exceptions(0, true);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static volatile char *guarded;
static volatile int mended;

static void mend(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    mended++;
    mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
}

static void skip(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    mended++;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 42;
}

static void mending(void)
{
    guarded = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handle(SIGSEGV, mend, 0);
    mended = 0;
    for (int i = 0; i < 4; i++)
        guarded[i * PAGE] = (char)(i + 1);
    CHECK(mended == 4 && guarded[3 * PAGE] == 4);
    mprotect((char *)guarded, PAGE, PROT_NONE);
    long word = 0x1234567890;
    *(volatile long *)(guarded + 10) = word;
    CHECK(mended == 5 && *(volatile long *)(guarded + 10) == word);
    munmap((char *)guarded, 4 * PAGE);
    /* The registers of the context are the program's. */
    long result = 0;
    handle(SIGILL, skip, 0);
    __asm__ volatile("ud2" : "+a"(result) : : "memory");
    CHECK(result == 42 && mended == 6);
}

/* How a child ends that does this. */
#define END_OF(statement)                                                                                              \
    __extension__({                                                                                                    \
        int end_status = -1;                                                                                           \
        pid_t end_child = fork();                                                                                      \
        if (end_child == 0) {                                                                                          \
            statement;                                                                                                 \
            _exit(0);                                                                                                  \
        }                                                                                                              \
        waitpid(end_child, &end_status, 0);                                                                            \
        end_status & 0x7f;                                                                                             \
    })

static void block(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void again(int signal)
{
    (void)signal;
    touch(NULL);
}

static void ends(void)
{
    handle(SIGILL, jump, 0);
    CHECK(END_OF((signal(SIGSEGV, SIG_DFL), touch(NULL))) == SIGSEGV);
    CHECK(END_OF((signal(SIGSEGV, SIG_IGN), touch(NULL))) == SIGSEGV);
    CHECK(END_OF((block(SIGSEGV), touch(NULL))) == SIGSEGV);
    CHECK(END_OF((signal(SIGSEGV, again), touch(NULL))) == SIGSEGV);
    CHECK(END_OF((signal(SIGFPE, SIG_IGN), divide())) == SIGFPE);
    CHECK(END_OF((block(SIGILL), __extension__({
        __asm__ volatile("ud2");
        0;
    }))) == SIGILL);
    /* Ignored is ignored, when another process sends it. */
    CHECK(END_OF((signal(SIGSEGV, SIG_IGN), raise(SIGSEGV))) == 0);
    /* There is no stack for the handler. */
    CHECK(END_OF(__asm__ volatile("mov $64, %%esp; ud2" :: : "memory")) == SIGSEGV);
    CHECK(END_OF(__asm__ volatile("mov $0x0123456789abcdef, %%rsp; ud2" :: : "memory")) == SIGSEGV);
    CHECK(END_OF(__asm__ volatile("mov $-64, %%rsp; ud2" :: : "memory")) == SIGSEGV);
    CHECK(END_OF(__asm__ volatile("mov $0x7ffffffff080, %%rsp; ud2" :: : "memory")) == SIGSEGV);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (unsigned i = 0; i < 5; i++)
        handle(signals[i], jump, 0);
    memory();
    files();
    instructions();
    floats();
    mending();
    ends();
    return done();
}
