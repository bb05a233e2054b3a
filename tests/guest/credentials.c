/*
 * Who a task is: users, groups, capabilities, and what set-user-ID programs get, with all errors. Each scenario runs in
 * a child of its own, for most of what it does cannot be undone.
 *
 * guest: root
 */
#include "tests/guest/scenario.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <linux/capability.h> and <linux/securebits.h>, which musl does not have. */
struct header {
    uint32_t version;
    int pid;
};
struct words {
    uint32_t effective, permitted, inheritable;
};
#define VERSION_1 0x19980330
#define VERSION_3 0x20080522
#define CAP_CHOWN 0
#define CAP_DAC_OVERRIDE 1
#define CAP_KILL 5
#define CAP_SETGID 6
#define CAP_SETUID 7
#define CAP_SYS_ADMIN 21
#define SECBIT_NO_SETUID_FIXUP 4
#define SECBIT_NO_SETUID_FIXUP_LOCKED 8

#define KERNEL ((void *)0xffff800000000000ul)

static const char *self;

/* The system calls, without what the C libraries add for threads. */
static long call1(long number, long a)
{
    return syscall(number, a);
}
static long call3(long number, long a, long b, long c)
{
    return syscall(number, a, b, c);
}
static int set_uid(uid_t uid)
{
    return (int)call1(SYS_setuid, (int)uid);
}
static int set_res_uid(int a, int b, int c)
{
    return (int)call3(SYS_setresuid, a, b, c);
}
static int set_res_gid(int a, int b, int c)
{
    return (int)call3(SYS_setresgid, a, b, c);
}
static int set_re_uid(int a, int b)
{
    return (int)syscall(SYS_setreuid, a, b);
}
static int set_re_gid(int a, int b)
{
    return (int)syscall(SYS_setregid, a, b);
}

static bool users_are(uid_t uid, uid_t euid, uid_t suid)
{
    uid_t a, b, c;
    return getresuid(&a, &b, &c) == 0 && a == uid && b == euid && c == suid && getuid() == uid && geteuid() == euid;
}
static bool groups_are(gid_t gid, gid_t egid, gid_t sgid)
{
    gid_t a, b, c;
    return getresgid(&a, &b, &c) == 0 && a == gid && b == egid && c == sgid && getgid() == gid && getegid() == egid;
}

struct caps {
    uint64_t effective, permitted, inheritable;
};

static struct caps caps(void)
{
    struct header header = {VERSION_3, 0};
    struct words data[2];
    NEED(syscall(SYS_capget, &header, data) == 0);
    return (struct caps){data[0].effective | (uint64_t)data[1].effective << 32,
        data[0].permitted | (uint64_t)data[1].permitted << 32,
        data[0].inheritable | (uint64_t)data[1].inheritable << 32};
}

static int set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
    struct header header = {VERSION_3, 0};
    struct words data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

#define BIT(capability) (1ull << (capability))

/* ------------------------------------------------------------------------------------------------------------------
 * Users and groups
 */

static void root_becomes_a_user(void)
{
    NEED_ERROR(EINVAL, set_uid((uid_t)-1));
    NEED(set_uid(1000) == 0 && users_are(1000, 1000, 1000));
    NEED_ERROR(EPERM, set_uid(0));
    NEED(set_uid(1000) == 0);
    NEED(caps().effective == 0 && caps().permitted == 0);
    NEED_ERROR(EPERM, set_res_uid(-1, 0, -1));
    NEED(set_res_uid(-1, -1, -1) == 0);
    NEED_ERROR(EPERM, call1(SYS_setgid, 5));
    NEED_ERROR(EPERM, setgroups(0, NULL));
}

static void root_lends_itself(void)
{
    NEED(set_res_uid(-1, 1000, -1) == 0 && users_are(0, 1000, 0));
    NEED(caps().effective == 0 && caps().permitted != 0);
    NEED(set_uid(0) == 0 && users_are(0, 0, 0) && caps().effective == caps().permitted);
    NEED(set_res_uid(1000, 1000, 0) == 0 && users_are(1000, 1000, 0) && caps().effective == 0);
    NEED_ERROR(EPERM, set_res_uid(-1, 7, -1));
    NEED(set_uid(0) == 0 && users_are(1000, 0, 0) && caps().effective != 0);
    NEED(set_uid(1000) == 0 && users_are(1000, 1000, 1000) && caps().permitted == 0);
}

static void real_and_effective(void)
{
    NEED(set_re_uid(-1, 1000) == 0 && users_are(0, 1000, 1000));
    NEED(set_re_uid(1000, 0) == 0 && users_are(1000, 0, 0));
    NEED(set_re_uid(-1, 1000) == 0 && users_are(1000, 1000, 0));
    NEED(set_re_uid(1000, 1000) == 0 && users_are(1000, 1000, 1000));
    NEED_ERROR(EPERM, set_re_uid(0, -1));
    NEED_ERROR(EPERM, set_re_uid(-1, 0));
}

static void groups(void)
{
    NEED_ERROR(EINVAL, call1(SYS_setgid, -1));
    NEED(set_res_gid(10, 20, 30) == 0 && groups_are(10, 20, 30));
    NEED(set_re_gid(-1, 40) == 0 && groups_are(10, 40, 40));
    NEED(set_re_gid(-1, 10) == 0 && groups_are(10, 10, 40));
    NEED(set_uid(1000) == 0);
    NEED_ERROR(EPERM, call1(SYS_setgid, 50));
    NEED(call1(SYS_setgid, 40) == 0 && groups_are(10, 40, 40));
    NEED(set_re_gid(40, 10) == 0 && groups_are(40, 10, 10));
    NEED_ERROR(EPERM, set_re_gid(50, -1));
    NEED_ERROR(EPERM, set_re_gid(-1, 50));
    NEED_ERROR(EPERM, set_res_gid(-1, -1, 50));
    NEED(set_res_gid(10, 10, 10) == 0 && groups_are(10, 10, 10));
    NEED_ERROR(EPERM, set_res_gid(40, -1, -1));
}

static void further_groups(void)
{
    gid_t list[5] = {9, 3, 7, 3, 100000}, got[5];
    NEED(setgroups(5, list) == 0);
    NEED(getgroups(0, NULL) == 5);
    NEED_ERROR(EINVAL, getgroups(4, got));
    NEED_ERROR(EINVAL, getgroups(-1, got));
    NEED(getgroups(5, got) == 5 && got[0] == 3 && got[1] == 3 && got[2] == 7 && got[3] == 9 && got[4] == 100000);
    NEED_ERROR(EFAULT, call3(SYS_getgroups, 5, (long)KERNEL, 0));
    NEED_ERROR(EFAULT, call3(SYS_setgroups, 5, (long)KERNEL, 0));
    NEED_ERROR(EINVAL, call3(SYS_setgroups, 65537, (long)list, 0));
    NEED_ERROR(EINVAL, call3(SYS_setgroups, -1, (long)list, 0));
    list[2] = (gid_t)-1;
    NEED_ERROR(EINVAL, call3(SYS_setgroups, 5, (long)list, 0));
    gid_t *many = malloc(65536 * sizeof *many);
    for (int i = 0; i < 65536; i++)
        many[i] = (gid_t)i * 40503 & 0xffff;
    NEED(call3(SYS_setgroups, 65536, (long)many, 0) == 0);
    NEED(call3(SYS_getgroups, 65536, (long)many, 0) == 65536);
    for (int i = 0; i < 65536; i++)
        NEED(many[i] == (gid_t)i);
    NEED(call3(SYS_setgroups, 0, 0, 0) == 0 && getgroups(0, NULL) == 0);
}

static void file_system_ids(void)
{
    NEED(setfsuid(1000) == 0 && setfsuid((uid_t)-1) == 1000);
    NEED(!(caps().effective & BIT(CAP_DAC_OVERRIDE)) && caps().effective & BIT(CAP_SETUID));
    NEED(setfsuid(0) == 1000 && caps().effective & BIT(CAP_DAC_OVERRIDE));
    NEED(setfsgid(5) == 0 && setfsgid((gid_t)-1) == 5);
    NEED(set_uid(1000) == 0);
    NEED(setfsuid(0) == 1000 && setfsuid((uid_t)-1) == 1000);
    NEED(setfsgid(0) == 5 && setfsgid(77) == 0 && setfsgid((gid_t)-1) == 0);
}

static void addresses(void)
{
    uid_t a;
    NEED_ERROR(EFAULT, call3(SYS_getresuid, (long)KERNEL, (long)&a, (long)&a));
    NEED_ERROR(EFAULT, call3(SYS_getresuid, (long)&a, (long)KERNEL, (long)&a));
    NEED_ERROR(EFAULT, call3(SYS_getresuid, (long)&a, (long)&a, 0));
    NEED_ERROR(EFAULT, call3(SYS_getresgid, (long)&a, (long)&a, (long)KERNEL));
}

static void inherited(void)
{
    gid_t group = 77;
    NEED(setgroups(1, &group) == 0 && set_res_gid(1, 2, 3) == 0 && set_res_uid(0, 5, 6) == 0);
    pid_t child = fork();
    int status;
    if (child == 0)
        _exit(!(users_are(0, 5, 6) && groups_are(1, 2, 3) && getgroups(1, &group) == 1 && group == 77));
    NEED(waitpid(child, &status, 0) == child && status == 0);
}

static void signals_of_others(void)
{
    pid_t parent = getppid();
    int ends[2];
    NEED(pipe(ends) == 0);
    NEED(set_uid(1000) == 0);
    NEED_ERROR(EPERM, kill(parent, 0));
    NEED_ERROR(EPERM, kill(1, SIGTERM));
    NEED_ERROR(EPERM, setpriority(PRIO_PROCESS, (id_t)parent, 5));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Capabilities
 */

static void capability_headers(void)
{
    struct header header = {0x12345678, 0};
    struct words data[2];
    NEED(syscall(SYS_capget, &header, NULL) == 0 && header.version == VERSION_3);
    header.version = 1;
    NEED_ERROR(EINVAL, syscall(SYS_capget, &header, data));
    NEED(header.version == VERSION_3);
    header.version = 1;
    NEED_ERROR(EINVAL, syscall(SYS_capset, &header, data));
    header = (struct header){VERSION_3, -5};
    NEED_ERROR(EINVAL, syscall(SYS_capget, &header, data));
    header.pid = 32760;
    NEED_ERROR(ESRCH, syscall(SYS_capget, &header, data));
    header.pid = getppid();
    NEED(syscall(SYS_capget, &header, data) == 0 && data[0].effective != 0);
    NEED_ERROR(EPERM, syscall(SYS_capset, &header, data));
    header.pid = getpid();
    NEED(syscall(SYS_capget, &header, data) == 0 && syscall(SYS_capset, &header, data) == 0);
    NEED_ERROR(EFAULT, syscall(SYS_capget, KERNEL, data));
    NEED_ERROR(EFAULT, syscall(SYS_capget, &header, KERNEL));
    NEED_ERROR(EFAULT, syscall(SYS_capset, &header, KERNEL));
    header.version = VERSION_1;
    memset(data, 0x55, sizeof data);
    NEED(syscall(SYS_capget, &header, data) == 0 && data[1].effective == 0x55555555);
}

static void capabilities(void)
{
    struct caps all = caps();
    NEED(all.effective == all.permitted && all.permitted & BIT(CAP_SYS_ADMIN));
    NEED(set_caps(0, all.permitted, all.inheritable) == 0);
    NEED_ERROR(EPERM, setgroups(0, NULL)); /* root, but not able */
    NEED(set_caps(BIT(CAP_SETGID), all.permitted, 0) == 0);
    NEED(setgroups(0, NULL) == 0);
    NEED_ERROR(EPERM, set_uid(5));
    NEED_ERROR(EPERM, set_caps(BIT(CAP_KILL), BIT(CAP_SETGID), 0));
    NEED(set_caps(0, BIT(CAP_SETGID), 0) == 0);
    NEED_ERROR(EPERM, set_caps(0, BIT(CAP_SETGID) | BIT(CAP_KILL), 0));
    NEED_ERROR(EPERM, set_caps(0, BIT(CAP_SETGID), BIT(CAP_KILL)));
    NEED(set_caps(0, BIT(CAP_SETGID), BIT(CAP_SETGID)) == 0);
    NEED(set_caps(0, 0, BIT(CAP_SETGID)) == 0);
    NEED_ERROR(EPERM, set_caps(0, BIT(CAP_SETGID), 0));
    NEED(set_uid(0) == 0);
}

static void kept_capabilities(void)
{
    struct caps all = caps();
    NEED(prctl(PR_GET_KEEPCAPS) == 0);
    NEED_ERROR(EINVAL, prctl(PR_SET_KEEPCAPS, 2));
    NEED(prctl(PR_SET_KEEPCAPS, 1) == 0 && prctl(PR_GET_KEEPCAPS) == 1);
    NEED(set_uid(1000) == 0);
    NEED(caps().permitted == all.permitted && caps().effective == 0);
    NEED(set_caps(BIT(CAP_SETUID), BIT(CAP_SETUID), 0) == 0);
    NEED(set_res_uid(0, 0, 0) == 0);
    NEED(caps().effective == BIT(CAP_SETUID));
}

static void bounding_set(void)
{
    int last = 0;
    while (prctl(PR_CAPBSET_READ, last) >= 0)
        last++;
    NEED(last > 35);
    NEED_ERROR(EINVAL, prctl(PR_CAPBSET_READ, last));
    NEED_ERROR(EINVAL, prctl(PR_CAPBSET_DROP, last));
    NEED(prctl(PR_CAPBSET_READ, CAP_CHOWN) == 1);
    NEED(prctl(PR_CAPBSET_DROP, CAP_CHOWN) == 0 && prctl(PR_CAPBSET_READ, CAP_CHOWN) == 0);
    NEED(caps().permitted & BIT(CAP_CHOWN));
    NEED(set_caps(0, caps().permitted, 0) == 0);
    NEED_ERROR(EPERM, prctl(PR_CAPBSET_DROP, CAP_KILL));
}

static void ambient_set(void)
{
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0);
    NEED_ERROR(EPERM, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    struct caps all = caps();
    NEED(set_caps(all.effective, all.permitted, BIT(CAP_KILL)) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 1);
    NEED_ERROR(EINVAL, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 64, 0, 0));
    NEED_ERROR(EINVAL, prctl(PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
    NEED_ERROR(EINVAL, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL, 0, 0) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
    NEED(set_caps(all.effective, all.permitted, 0) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0);
}

static void secure_bits(void)
{
    NEED(prctl(PR_GET_SECUREBITS) == 0);
    NEED(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) == 0);
    NEED(set_uid(1000) == 0 && caps().effective != 0);
    NEED(set_uid(0) == 0);
    NEED_ERROR(EPERM, prctl(PR_SET_SECUREBITS, 0x100000));
    NEED(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED) == 0);
    NEED_ERROR(EPERM, prctl(PR_SET_SECUREBITS, 0));
    NEED_ERROR(EPERM, prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP_LOCKED));
    NEED(prctl(PR_GET_SECUREBITS) == (SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Programs
 */

/* What the program that is executed finds: its argument says what that should be. */
static int executed(const char *what)
{
    struct caps now = caps();
    if (strcmp(what, "root") == 0)
        return !(users_are(1000, 0, 0) && getauxval(AT_SECURE) == 1 && now.effective != 0 && getauxval(AT_EUID) == 0);
    if (strcmp(what, "user") == 0)
        return !(users_are(1000, 1000, 1000) && getauxval(AT_SECURE) == 0 && now.permitted == 0);
    if (strcmp(what, "other") == 0)
        return !(users_are(1000, 2000, 2000) && getauxval(AT_SECURE) == 1 && now.permitted == 0);
    if (strcmp(what, "group") == 0)
        return !(users_are(1000, 1000, 1000) && groups_are(1000, 3000, 3000) && getauxval(AT_SECURE) == 1);
    if (strcmp(what, "ambient") == 0)
        return !(users_are(1000, 1000, 1000) && now.effective == BIT(CAP_KILL) && now.permitted == BIT(CAP_KILL));
    if (strcmp(what, "all") == 0)
        return !(users_are(0, 0, 0) && now.effective == now.permitted && now.effective & BIT(CAP_SETUID));
    return 9;
}

static void executes(const char *program, const char *what)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, what, (char *)NULL);
        _exit(100 + errno % 100);
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
}

static const char *copy_self(const char *name, uid_t uid, gid_t gid, mode_t mode)
{
    char buffer[65536];
    ssize_t got;
    int from = open(self, O_RDONLY), to = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    NEED(from >= 0 && to >= 0);
    while ((got = read(from, buffer, sizeof buffer)) > 0)
        NEED(write(to, buffer, (size_t)got) == got);
    close(from);
    NEED(fchown(to, uid, gid) == 0 && fchmod(to, mode) == 0);
    close(to);
    return name;
}

static void become_user(void)
{
    NEED(setgroups(0, NULL) == 0 && set_res_gid(1000, 1000, 1000) == 0 && set_uid(1000) == 0);
}

static void programs_of_root(void)
{
    NEED(chmod(".", 0755) == 0);
    copy_self("./suid", 0, 0, 04755);
    copy_self("./plain", 0, 0, 0755);
    executes("./suid", "all");
    become_user();
    executes("./suid", "root");
    executes("./plain", "user");
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    executes("./suid", "user");
}

static void programs_of_others(void)
{
    NEED(chmod(".", 0755) == 0);
    copy_self("./suid", 2000, 0, 04755);
    copy_self("./sgid", 0, 3000, 02755);
    copy_self("./locks", 0, 3000, 02744 | 01);
    become_user();
    executes("./suid", "other");
    executes("./sgid", "group");
    executes("./locks", "user"); /* without the group's x the bit means something else */
}

static void capabilities_of_programs(void)
{
    NEED(chmod(".", 0755) == 0);
    copy_self("./plain", 0, 0, 0755);
    struct caps all = caps();
    NEED(set_caps(all.effective, all.permitted, BIT(CAP_KILL)) == 0);
    NEED(prctl(PR_SET_KEEPCAPS, 1) == 0 && set_res_gid(1000, 1000, 1000) == 0 && set_uid(1000) == 0);
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
    executes("./plain", "ambient");
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0);
    executes("./plain", "user");
}

/* ------------------------------------------------------------------------------------------------------------------
 * prctl
 */

static void no_new_privileges(void)
{
    NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    NEED_ERROR(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    NEED_ERROR(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    NEED_ERROR(EINVAL, prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void names(void)
{
    char name[16];
    NEED(prctl(PR_SET_NAME, "a name that is too long") == 0);
    NEED(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a name that is ") == 0);
    NEED(prctl(PR_SET_NAME, "short") == 0 && prctl(PR_GET_NAME, name) == 0 && strcmp(name, "short") == 0);
    NEED_ERROR(EFAULT, prctl(PR_SET_NAME, KERNEL));
    NEED_ERROR(EFAULT, prctl(PR_GET_NAME, KERNEL));
}

static void other_operations(void)
{
    int value = 9;
    NEED(prctl(PR_GET_DUMPABLE) == 1);
    NEED_ERROR(EINVAL, prctl(PR_SET_DUMPABLE, 2));
    NEED(prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
    NEED(prctl(PR_GET_PDEATHSIG, &value) == 0 && value == 0);
    NEED_ERROR(EINVAL, prctl(PR_SET_PDEATHSIG, 65));
    NEED_ERROR(EINVAL, prctl(PR_SET_PDEATHSIG, -1));
    NEED(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && prctl(PR_GET_PDEATHSIG, &value) == 0 && value == SIGUSR1);
    NEED_ERROR(EFAULT, prctl(PR_GET_PDEATHSIG, KERNEL));
    NEED(prctl(PR_GET_CHILD_SUBREAPER, &value) == 0 && value == 0);
    NEED(prctl(PR_SET_CHILD_SUBREAPER, 5) == 0 && prctl(PR_GET_CHILD_SUBREAPER, &value) == 0 && value == 1);
    NEED(prctl(PR_GET_TIMERSLACK) > 0);
    long usual = prctl(PR_GET_TIMERSLACK);
    NEED(prctl(PR_SET_TIMERSLACK, 1234) == 0 && prctl(PR_GET_TIMERSLACK) == 1234);
    NEED(prctl(PR_SET_TIMERSLACK, 0) == 0 && prctl(PR_GET_TIMERSLACK) == usual);
    NEED(prctl(PR_SET_THP_DISABLE, 5, 0, 0, 0) == 0 && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1);
    NEED_ERROR(EINVAL, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 1));
    NEED_ERROR(EINVAL, prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
    NEED(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0);
    NEED(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) == PR_MCE_KILL_DEFAULT);
    NEED(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0) == 0);
    NEED(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) == PR_MCE_KILL_LATE);
    NEED(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0) == 0);
    NEED(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) == PR_MCE_KILL_EARLY);
    NEED(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0) == 0);
    NEED(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) == PR_MCE_KILL_DEFAULT);
    NEED_ERROR(EINVAL, prctl(PR_MCE_KILL_GET, 0, 0, 0, 1));
    NEED_ERROR(EINVAL, prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 3, 0, 0));
    NEED_ERROR(EINVAL, prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0));
    NEED_ERROR(EINVAL, prctl(PR_MCE_KILL, 2, 0, 0, 0));
    NEED(prctl(PR_GET_SECCOMP) == 0);
    NEED(prctl(PR_GET_TIMING) == 0 && prctl(PR_SET_TIMING, 0) == 0);
    NEED_ERROR(EINVAL, prctl(PR_SET_TIMING, 1));
    NEED(prctl(PR_GET_TSC, &value) == 0 && value == 1);
    NEED_ERROR(EINVAL, prctl(0));
    NEED_ERROR(EINVAL, prctl(-1));
    NEED_ERROR(EINVAL, prctl(12345));
    NEED_ERROR(EINVAL, prctl(PR_GET_ENDIAN, &value));
}

static void dumpable_follows(void)
{
    NEED(prctl(PR_GET_DUMPABLE) == 1);
    NEED(set_res_uid(-1, 1000, -1) == 0 && prctl(PR_GET_DUMPABLE) != 1);
    int value = 1;
    NEED(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && set_res_uid(1000, 0, 1000) == 0);
    NEED(prctl(PR_GET_PDEATHSIG, &value) == 0 && value == 0);
}

int main(int argc, char **argv)
{
    self = argv[0];
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1)
        return executed(argv[1]);
    SCENARIO(root_becomes_a_user);
    SCENARIO(root_lends_itself);
    SCENARIO(real_and_effective);
    SCENARIO(groups);
    SCENARIO(further_groups);
    SCENARIO(file_system_ids);
    SCENARIO(addresses);
    SCENARIO(inherited);
    SCENARIO(signals_of_others);
    SCENARIO(capability_headers);
    SCENARIO(capabilities);
    SCENARIO(kept_capabilities);
    SCENARIO(bounding_set);
    SCENARIO(ambient_set);
    SCENARIO(secure_bits);
    SCENARIO(programs_of_root);
    SCENARIO(programs_of_others);
    SCENARIO(capabilities_of_programs);
    SCENARIO(no_new_privileges);
    SCENARIO(names);
    SCENARIO(other_operations);
    SCENARIO(dumpable_follows);
    return done();
}
