/*
 * The vDSO: it is there, has the five functions with their version, and agrees with the system calls; a change of the
 * clock is seen at once; nobody may write to it; and the C library uses it.
 */
#include "tests/guest/guest.h"

#include <elf.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*clock_gettime_)(clockid_t, struct timespec *);
static int (*clock_getres_)(clockid_t, struct timespec *);
static int (*gettimeofday_)(struct timeval *, struct timezone *);
static time_t (*time_)(time_t *);
static int (*getcpu_)(unsigned *, unsigned *, void *);

/* Looks NAME up as the C libraries do: by DT_HASH, of version LINUX_2.6. */
static void *find(const char *name)
{
    const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(base + header->e_phoff);
    const Elf64_Dyn *dynamic = NULL;
    for (int i = 0; i < header->e_phnum; i++)
        if (segment[i].p_type == PT_DYNAMIC)
            dynamic = (const Elf64_Dyn *)(base + segment[i].p_offset);
    const char *strings = NULL;
    const Elf64_Sym *symbols = NULL;
    const uint32_t *hash = NULL;
    const uint16_t *versions = NULL;
    const Elf64_Verdef *definitions = NULL;
    bool gnu = false;
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        const void *at = base + dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
        case DT_STRTAB: strings = at; break;
        case DT_SYMTAB: symbols = at; break;
        case DT_HASH: hash = at; break;
        case DT_GNU_HASH: gnu = true; break;
        case DT_VERSYM: versions = at; break;
        case DT_VERDEF: definitions = at; break;
        }
    }
    if (!strings || !symbols || !hash || !versions || !definitions || !gnu)
        return NULL;
    for (uint32_t i = 0; i < hash[1]; i++) {
        if (symbols[i].st_shndx == SHN_UNDEF || strcmp(strings + symbols[i].st_name, name) != 0)
            continue;
        const Elf64_Verdef *version = definitions;
        while (version->vd_ndx != (versions[i] & 0x7fff) && version->vd_next)
            version = (const Elf64_Verdef *)((const char *)version + version->vd_next);
        const Elf64_Verdaux *its_name = (const Elf64_Verdaux *)((const char *)version + version->vd_aux);
        if (strcmp(strings + its_name->vda_name, "LINUX_2.6") == 0)
            return (void *)(base + symbols[i].st_value);
    }
    return NULL;
}

static int64_t ns_of(struct timespec t)
{
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int64_t by_vdso(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime_(clock, &t);
    return ns_of(t);
}

static int64_t by_call(clockid_t clock)
{
    struct timespec t = {0};
    syscall(SYS_clock_gettime, clock, &t);
    return ns_of(t);
}

/* The answer of the one lies between two of the other. Coarse clocks are some milliseconds behind on Linux. */
static bool agrees(clockid_t clock, int64_t slack)
{
    for (int i = 0; i < 200; i++) {
        int64_t before = by_call(clock), between = by_vdso(clock), after = by_call(clock);
        if (before > between + slack || between > after + slack)
            return false;
    }
    return true;
}

static void clocks(void)
{
    CHECK(agrees(CLOCK_REALTIME, 0));
    CHECK(agrees(CLOCK_MONOTONIC, 0));
    CHECK(agrees(CLOCK_MONOTONIC_RAW, 0));
    CHECK(agrees(CLOCK_BOOTTIME, 0));
    CHECK(agrees(CLOCK_TAI, 0));
    CHECK(agrees(CLOCK_REALTIME_COARSE, 0));
    CHECK(agrees(CLOCK_MONOTONIC_COARSE, 0));
    CHECK(agrees(CLOCK_PROCESS_CPUTIME_ID, 0));
    CHECK(agrees(CLOCK_THREAD_CPUTIME_ID, 0));
    struct timespec t = {0};
    CHECK(clock_gettime_(99, &t) == -EINVAL);
    CHECK(clock_gettime_(-1, &t) == -EINVAL);
    CHECK(clock_getres_(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1);
    CHECK(clock_getres_(CLOCK_REALTIME, NULL) == 0);
    CHECK(clock_getres_(CLOCK_REALTIME_COARSE, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 1);
    CHECK(clock_getres_(CLOCK_THREAD_CPUTIME_ID, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1);
    CHECK(clock_getres_(99, &t) == -EINVAL);

    int64_t last = 0;
    bool forward = true;
    for (int i = 0; i < 200000; i++) {
        int64_t now = by_vdso(CLOCK_MONOTONIC);
        forward = forward && now >= last;
        last = now;
    }
    CHECK(forward);
    CHECK(by_vdso(CLOCK_MONOTONIC) - last < 1000000000);
    last = by_vdso(CLOCK_MONOTONIC);
    usleep(50000);
    int64_t slept = by_vdso(CLOCK_MONOTONIC) - last;
    CHECK(slept >= 50000000 && slept < 2000000000);
}

static void time_of_day(void)
{
    struct timeval now;
    struct timezone zone = {1, 1};
    int64_t before = by_call(CLOCK_REALTIME) / 1000;
    CHECK(gettimeofday_(&now, &zone) == 0);
    int64_t after = by_call(CLOCK_REALTIME) / 1000, between = now.tv_sec * 1000000ll + now.tv_usec;
    CHECK(before <= between && between <= after);
    CHECK(zone.tz_minuteswest == 0 && zone.tz_dsttime == 0);
    CHECK(gettimeofday_(NULL, NULL) == 0 && gettimeofday_(NULL, &zone) == 0);
    time_t stored = 0, first = by_call(CLOCK_REALTIME) / 1000000000, seconds = time_(&stored);
    CHECK(seconds == stored && seconds >= first - 1 && seconds <= first + 2);
    CHECK(time_(NULL) >= seconds);
}

static void processor(void)
{
    unsigned cpu = 999, node = 999, called = 0;
    CHECK(getcpu_(&cpu, &node, NULL) == 0 && cpu < 999 && node == 0);
    CHECK(getcpu_(NULL, NULL, NULL) == 0);
    bool agreed = false;
    for (int i = 0; i < 1000 && !agreed; i++)
        agreed = getcpu_(&cpu, NULL, NULL) == 0 && syscall(SYS_getcpu, &called, &node, NULL) == 0 && cpu == called;
    CHECK(agreed && node == 0);
}

static sigjmp_buf back;

static void fault(int signal)
{
    siglongjmp(back, signal);
}

/* The signal of a write; 0: it went through. */
static int write_to(volatile char *address)
{
    int got = sigsetjmp(back, 1);
    if (got == 0)
        *address = *address;
    return got;
}

static void protection(void)
{
    char *base = (char *)getauxval(AT_SYSINFO_EHDR);
    signal(SIGSEGV, fault);
    signal(SIGBUS, fault); /* Linux has more before it, some of which may not be there */
    CHECK(write_to(base) == SIGSEGV);
    CHECK(write_to(base - 4096) != 0);
    CHECK(mprotect(base - 4096, 4096, PROT_READ | PROT_WRITE) == -1);
    signal(SIGSEGV, SIG_DFL);
}

int main(void)
{
    CHECK(getauxval(AT_SYSINFO_EHDR) != 0 && getauxval(AT_SYSINFO_EHDR) % 4096 == 0);
    CHECK(memcmp((const void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, SELFMAG) == 0);
    CHECK((clock_gettime_ = find("__vdso_clock_gettime")) != NULL);
    CHECK((clock_getres_ = find("__vdso_clock_getres")) != NULL);
    CHECK((gettimeofday_ = find("__vdso_gettimeofday")) != NULL);
    CHECK((time_ = find("__vdso_time")) != NULL);
    CHECK((getcpu_ = find("__vdso_getcpu")) != NULL);
    CHECK(find("__vdso_nothing") == NULL);
    if (failures)
        return done();
    clocks();
    time_of_day();
    processor();
    protection();
    return done();
}
