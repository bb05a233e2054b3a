/*
 * Requests that only virtual consoles know: switching, modes of keyboard and screen.
 *
 * A program cannot have a say in switching (VT_PROCESS), nor can it get the keyboard's own codes (K_RAW, K_MEDIUMRAW).
 *
 * Source: ioctl_console(2); <linux/vt.h>, <linux/kd.h> for numbers and layouts.
 */
#include "arch/x86_64/user.h"
#include "drivers/speaker.h"
#include "lib/errno.h"
#include "time/clock.h"
#include "tty/tty_internal.h"
#include "tty/virtual_console_internal.h"

#define KIOCSOUND 0x4b2fu
#define KDMKTONE 0x4b30u
#define KDGETLED 0x4b31u
#define KDSETLED 0x4b32u
#define KDGKBTYPE 0x4b33u
#define KDSETMODE 0x4b3au
#define KDGETMODE 0x4b3bu
#define KDGKBMODE 0x4b44u
#define KDSKBMODE 0x4b45u
#define KDGKBMETA 0x4b62u
#define KDSKBMETA 0x4b63u
#define KDGKBLED 0x4b64u
#define KDSKBLED 0x4b65u
#define VT_OPENQRY 0x5600u
#define VT_GETMODE 0x5601u
#define VT_SETMODE 0x5602u
#define VT_GETSTATE 0x5603u
#define VT_RELDISP 0x5605u
#define VT_ACTIVATE 0x5606u
#define VT_WAITACTIVE 0x5607u
#define VT_DISALLOCATE 0x5608u
#define VT_LOCKSWITCH 0x560bu
#define VT_UNLOCKSWITCH 0x560cu

#define PIT_HZ 1193180 /* as programs have it */
#define KB_101 2       /* the kind of keyboard */
#define KD_GRAPHICS 1
#define KD_TEXT_MAX 3 /* KD_TEXT and its like */
#define LED_MASK 7u
#define K_METABIT 3
#define K_ESCPREFIX 4
#define VT_AUTO 0

#define TIOCL_GETFGCONSOLE 12

struct vt_mode {
    uint8_t mode, wait;
    int16_t release_signal, acquire_signal, unused;
};
_Static_assert(sizeof(struct vt_mode) == 8, "struct vt_mode");

struct vt_state {
    uint16_t active, signal, in_use;
};

/* Who has the console as his terminal, or is privileged. */
static bool may_set(const struct tty *tty)
{
    int32_t session = tty_jobs->session();
    return (session != 0 && session == tty->session) || tty_jobs->privileged();
}

static long put_number(uaddr_t to, int32_t number)
{
    return copy_to_user(to, &number);
}

static long put_byte(uaddr_t to, uint8_t byte)
{
    return copy_to_user(to, &byte);
}

/* One of the bytes that are set and got; those above MOST do not exist. */
static long set_byte(const struct tty *tty, uint8_t *byte, uintptr_t value, uintptr_t most)
{
    if (!may_set(tty))
        return -EPERM;
    if (value > most)
        return -EINVAL;
    *byte = (uint8_t)value;
    return 0;
}

static long set_keyboard_mode(const struct tty *tty, struct virtual_console *console, uintptr_t mode)
{
    if (!may_set(tty))
        return -EPERM;
    if (mode != K_XLATE && mode != K_UNICODE && mode != K_OFF)
        return -EINVAL;
    console->keyboard_mode = (uint8_t)mode;
    return 0;
}

static long set_meta_mode(const struct tty *tty, struct virtual_console *console, uintptr_t mode)
{
    if (may_set(tty) && mode != K_METABIT && mode != K_ESCPREFIX)
        return -EINVAL;
    return set_byte(tty, &console->meta_mode, mode, K_ESCPREFIX);
}

/* DIVISOR: of the timer's clock; 0: silence. */
static long sound(const struct tty *tty, uintptr_t divisor, uint64_t ns)
{
    if (!may_set(tty))
        return -EPERM;
    speaker_tone(divisor > 0 ? (unsigned)(PIT_HZ / divisor) : 0, ns);
    return 0;
}

static long keyboard_ioctl(const struct tty *tty, struct virtual_console *console, unsigned command, uintptr_t argument)
{
    switch (command) {
    case KDGKBTYPE: return put_byte(argument, KB_101);
    case KDGETMODE: return put_number(argument, console->screen_mode == KD_GRAPHICS);
    case KDSETMODE: return set_byte(tty, &console->screen_mode, argument, KD_TEXT_MAX);
    case KDGKBMODE: return put_number(argument, console->keyboard_mode);
    case KDSKBMODE: return set_keyboard_mode(tty, console, argument);
    case KDGKBMETA: return put_number(argument, console->meta_mode);
    case KDSKBMETA: return set_meta_mode(tty, console, argument);
    case KDGETLED: return put_byte(argument, console->lights);
    case KDSETLED: return set_byte(tty, &console->lights, argument & LED_MASK, LED_MASK);
    case KDGKBLED: return put_byte(argument, console->locks);
    case KDSKBLED: return set_byte(tty, &console->locks, argument, LED_MASK | LED_MASK << 4);
    case KIOCSOUND: return sound(tty, argument & 0xffff, 0);
    case KDMKTONE: return sound(tty, argument & 0xffff, (argument >> 16 & 0xffff) * NS_PER_MS);
    default: return -ENOTTY;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Switching
 */

static long find_unused(uaddr_t to)
{
    for (int32_t number = 1; number <= VIRTUAL_CONSOLES; number++)
        if (!virtual_console_is_used((unsigned)number))
            return put_number(to, number);
    return put_number(to, -1);
}

static long get_state(uaddr_t to)
{
    struct vt_state state = {.active = (uint16_t)virtual_console_shown(), .in_use = 1};
    for (unsigned number = 1; number <= VIRTUAL_CONSOLES; number++)
        state.in_use |= (uint16_t)(virtual_console_is_used(number) << number);
    return copy_to_user(to, &state);
}

static long set_mode(const struct tty *tty, uaddr_t from)
{
    struct vt_mode mode;
    if (!may_set(tty))
        return -EPERM;
    if (copy_from_user(&mode, from))
        return -EFAULT;
    return mode.mode == VT_AUTO ? 0 : -EINVAL;
}

static long get_mode(uaddr_t to)
{
    const struct vt_mode mode = {.mode = VT_AUTO};
    return copy_to_user(to, &mode);
}

static long activate(const struct tty *tty, uintptr_t number)
{
    if (!may_set(tty))
        return -EPERM;
    if (number == 0 || number > VIRTUAL_CONSOLES)
        return -ENXIO;
    return virtual_console_activate((unsigned)number);
}

static long wait_active(const struct tty *tty, uintptr_t number)
{
    if (!may_set(tty))
        return -EPERM;
    if (number == 0 || number > VIRTUAL_CONSOLES)
        return -ENXIO;
    return virtual_console_wait((unsigned)number);
}

/* Nobody gets the memory back: there are few of them. */
static long disallocate(uintptr_t number)
{
    if (number > VIRTUAL_CONSOLES)
        return -ENXIO;
    return number != 0 && (virtual_console_is_used((unsigned)number) || number == virtual_console_shown()) ? -EBUSY : 0;
}

static long lock_switch(bool locked)
{
    if (!tty_jobs->privileged())
        return -EPERM;
    virtual_console_lock(locked);
    return 0;
}

/* TIOCLINUX, of which one request is known: which one is shown? */
static long ask_linux(uaddr_t from)
{
    uint8_t what;
    if (copy_from_user(&what, from))
        return -EFAULT;
    return what == TIOCL_GETFGCONSOLE ? (long)virtual_console_shown() - 1 : -EINVAL;
}

static long switch_ioctl(const struct tty *tty, unsigned command, uintptr_t argument)
{
    switch (command) {
    case VT_OPENQRY: return find_unused(argument);
    case VT_GETMODE: return get_mode(argument);
    case VT_SETMODE: return set_mode(tty, argument);
    case VT_GETSTATE: return get_state(argument);
    case VT_RELDISP: return may_set(tty) ? -EINVAL : -EPERM; /* nobody has been asked */
    case VT_ACTIVATE: return activate(tty, argument);
    case VT_WAITACTIVE: return wait_active(tty, argument);
    case VT_DISALLOCATE: return disallocate(argument);
    case VT_LOCKSWITCH: return lock_switch(true);
    case VT_UNLOCKSWITCH: return lock_switch(false);
    case TIOCLINUX: return ask_linux(argument);
    default: return -ENOTTY;
    }
}

long virtual_console_ioctl(struct tty *tty, unsigned number, unsigned command, uintptr_t argument)
{
    long result = keyboard_ioctl(tty, virtual_console_of(number), command, argument);
    return result == -ENOTTY ? switch_ioctl(tty, command, argument) : result;
}

long virtual_console_tty_ioctl(struct tty *tty, unsigned command, uintptr_t argument)
{
    return virtual_console_ioctl(tty, tty->index, command, argument);
}
