/*
 * The vector registers of the current thread in a program's memory, as a signal's frame has them: what XSAVE writes, in
 * the standard format, then a word that says that it is complete. In the bytes that FXSAVE leaves to software stands
 * how large it is and which components it holds; a program that knows only FXSAVE's 512 bytes may leave it at these.
 *
 * The registers go straight from and to the program's memory, without a copy. The header of the area is made zero
 * first, for XSAVE writes only a part of it. Components that are in their initial state are neither written nor waited
 * for, where XGETBV tells; x87 and SSE always are, since old programs look at them without looking at the header.
 *
 * What comes back may be anything. XRSTOR itself checks it, and faults (general protection) before it has loaded a bit
 * that is reserved; the fixups make -EFAULT of that. Registers may have changed then, but only the program's.
 *
 * Interrupts are on: memory may have to be brought in, and a switch to another thread saves and loads the registers.
 *
 * Source: Intel SDM volume 1, 10.5.1 (FXSAVE), 13.4.1 and 13.4.2 (XSAVE area), 13.8 (XRSTOR); Linux's
 * <asm/sigcontext.h>, struct _fpx_sw_bytes.
 */
#include "arch/x86_64/fpu_internal.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/user.h"
#include "arch/x86_64/user_open.h"
#include "lib/errno.h"

#define MAGIC1 0x46505853u
#define MAGIC2 0x46505845u

/* In the area from byte 464 on. */
#define SOFTWARE_OFFSET 464
struct software {
    uint32_t magic1;        /* MAGIC1: the rest is valid */
    uint32_t extended_size; /* with MAGIC2 */
    uint64_t components;
    uint32_t size; /* of what XSAVE writes; MAGIC2 follows */
    uint32_t padding[7];
};
_Static_assert(SOFTWARE_OFFSET + sizeof(struct software) == FXSAVE_SIZE, "FXSAVE");

static size_t standard_size; /* of an area in the standard format */
static struct software software;

/* The initial state: nothing but two control words, and no component in the header. */
static const struct {
    uint16_t fcw;
    uint8_t x87[22];
    uint32_t mxcsr;
    uint8_t rest[XSAVE_SIZE_MIN - 28];
} __attribute__((aligned(FPU_AREA_ALIGNMENT))) initial = {.fcw = FCW_INIT, .mxcsr = MXCSR_INIT};
_Static_assert(sizeof initial == XSAVE_SIZE_MIN, "XSAVE");

void fpu_frame_init(void)
{
    standard_size = fpu_components ? max_u64(cpu_id(0xd, 0).ebx, XSAVE_SIZE_MIN) : FXSAVE_SIZE;
    if (fpu_components)
        software = (struct software){.magic1 = MAGIC1,
            .extended_size = (uint32_t)(standard_size + sizeof(uint32_t)),
            .components = fpu_components,
            .size = (uint32_t)standard_size};
}

size_t fpu_frame_size(void)
{
    return fpu_components ? software.extended_size : FXSAVE_SIZE;
}

bool fpu_frame_is_extended(void)
{
    return fpu_components != 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Steps in an opened program's memory: a fault goes to LABEL.
 */

#define WITH_FIXUP(label, instruction, ...)                                                                            \
    __asm__ goto("1: " instruction "\n" TRAP_FIXUP_TO("1b", "%l[" #label "]") : : __VA_ARGS__ : "memory", "cc" : label)
#define STORE(label, address, value) WITH_FIXUP(label, "movq %1, (%0)", "r"(address), "r"((uint64_t)(value)))
#define OR(label, address, value) WITH_FIXUP(label, "orq %1, (%0)", "r"(address), "i"(value))
#define REGISTERS(label, instruction, address, mask)                                                                   \
    WITH_FIXUP(label, instruction " (%0)", "r"(address), "a"((uint32_t)(mask)), "d"((uint32_t)((mask) >> 32)))

/* Components that are not in their initial state. */
static uint64_t in_use(void)
{
    uint32_t low, high;
    if (!cpu_has(CPU_XGETBV1))
        return ~0ull;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
    return (uint64_t)high << 32 | low;
}

static int save_extended(uaddr_t to)
{
    const uint64_t *words = (const uint64_t *)&software, mask = (in_use() | XCR0_BASE) & fpu_components;
    open_user();
    for (uaddr_t at = to + FXSAVE_SIZE; at < to + XSAVE_SIZE_MIN; at += sizeof(uint64_t))
        STORE(fault, at, 0);
    REGISTERS(fault, "xsave64", to, mask);
    OR(fault, to + FXSAVE_SIZE, XCR0_BASE); /* those who do not know the header may change these */
    for (unsigned i = 0; i < sizeof software / sizeof *words; i++)
        STORE(fault, to + SOFTWARE_OFFSET + i * sizeof *words, words[i]);
    WITH_FIXUP(fault, "movl %1, (%0)", "r"(to + standard_size), "i"(MAGIC2));
    close_user();
    return 0;
fault:
    close_user();
    return -EFAULT;
}

static int save_legacy(uaddr_t to)
{
    open_user();
    WITH_FIXUP(fault, "fxsave64 (%0)", "r"(to));
    STORE(fault, to + SOFTWARE_OFFSET, 0);
    close_user();
    return 0;
fault:
    close_user();
    return -EFAULT;
}

int fpu_frame_save(uaddr_t to)
{
    if (!user_range_ok(to, fpu_frame_size()) || !is_aligned(to, FPU_AREA_ALIGNMENT))
        return -EFAULT;
    return fpu_components ? save_extended(to) : save_legacy(to);
}

/* ------------------------------------------------------------------------------------------------------------------
 * And back
 */

/* Their initial state to COMPONENTS. */
static void reset(uint64_t components)
{
    if (fpu_components)
        __asm__ volatile("xrstor64 %0"
            :
            : "m"(initial), "a"((uint32_t)components), "d"((uint32_t)(components >> 32))
            : "memory");
    else
        __asm__ volatile("fxrstor64 %0" : : "m"(initial) : "memory");
}

void fpu_reset(void)
{
    reset(fpu_components);
}

/* Those that the area does not speak of first: SSE and AVX share MXCSR, and the area's is to stay. */
static int load_extended(uaddr_t from, uint64_t components)
{
    components &= fpu_components;
    if (components != fpu_components)
        reset(fpu_components & ~components);
    open_user();
    REGISTERS(fault, "xrstor64", from, components);
    close_user();
    return 0;
fault:
    close_user();
    return -EFAULT;
}

static int load_legacy(uaddr_t from)
{
    if (fpu_components & ~XCR0_BASE)
        reset(fpu_components & ~XCR0_BASE);
    open_user();
    WITH_FIXUP(fault, "fxrstor64 (%0)", "r"(from));
    close_user();
    return 0;
fault:
    close_user();
    return -EFAULT;
}

/* Is this a whole area? 1, 0, or -EFAULT. */
static int check(uaddr_t from, const struct software *said)
{
    uint32_t magic;
    if (said->magic1 != MAGIC1 || said->size < XSAVE_SIZE_MIN || said->size > standard_size ||
        said->size > said->extended_size)
        return 0;
    if (copy_from_user(&magic, from + said->size) < 0)
        return -EFAULT;
    return magic == MAGIC2;
}

int fpu_frame_load(uaddr_t from)
{
    struct software said;
    if (from == 0) {
        fpu_reset();
        return 0;
    }
    if (!user_range_ok(from, standard_size) || !is_aligned(from, 16) ||
        copy_from_user(&said, from + SOFTWARE_OFFSET) < 0)
        return -EFAULT;
    int extended = fpu_components ? check(from, &said) : 0;
    if (extended < 0 || (extended && !is_aligned(from, FPU_AREA_ALIGNMENT)))
        return -EFAULT;
    return extended ? load_extended(from, said.components) : load_legacy(from);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Exceptions
 */

unsigned fpu_exceptions(bool x87)
{
    uint16_t status, control;
    uint32_t mxcsr;
    if (!x87) {
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        return mxcsr & ~(mxcsr >> 7) & FPU_EXCEPTIONS;
    }
    __asm__ volatile("fnstsw %0\n"
                     "fnstcw %1"
        : "=m"(status), "=m"(control));
    return status & ~(unsigned)control & FPU_EXCEPTIONS;
}
