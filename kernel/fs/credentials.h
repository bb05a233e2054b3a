/*
 * Who a task is: users, groups, capabilities. A credentials object never changes once a task has it; what changes them
 * makes a copy, changes that and sets it (credentials_set). So reading takes no lock.
 *
 * Source: credentials(7), capabilities(7).
 */
#ifndef CORRODE_FS_CREDENTIALS_H
#define CORRODE_FS_CREDENTIALS_H

#include "lib/types.h"

struct credentials {
    uint32_t references;
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
    uint64_t permitted, effective, inheritable, bounding, ambient; /* CAP_ bits */
    uint32_t secure_bits;                                          /* SECBIT_ of <linux/securebits.h> */
    bool no_new_privileges;
    uint32_t group_count;
    uint32_t groups[]; /* sorted */
};

#define CAP_CHOWN 0
#define CAP_DAC_OVERRIDE 1
#define CAP_DAC_READ_SEARCH 2
#define CAP_FOWNER 3
#define CAP_FSETID 4
#define CAP_KILL 5
#define CAP_SETGID 6
#define CAP_SETUID 7
#define CAP_SETPCAP 8
#define CAP_LINUX_IMMUTABLE 9
#define CAP_NET_ADMIN 12
#define CAP_SYS_PTRACE 19
#define CAP_SYS_CHROOT 18
#define CAP_IPC_LOCK 14
#define CAP_IPC_OWNER 15
#define CAP_SYS_ADMIN 21
#define CAP_SYS_BOOT 22
#define CAP_SYS_NICE 23
#define CAP_SYS_RESOURCE 24
#define CAP_WAKE_ALARM 35
#define CAP_SYS_TIME 25
#define CAP_SYS_TTY_CONFIG 26
#define CAP_MKNOD 27
#define CAP_MAC_OVERRIDE 32
#define CAP_LEASE 28
#define CAP_SETFCAP 31
#define CAP_SYSLOG 34
#define CAP_LAST 40

static inline bool credentials_capable(const struct credentials *credentials, unsigned capability)
{
    return credentials->effective >> capability & 1;
}
bool credentials_in_group(const struct credentials *credentials, uint32_t gid);

const struct credentials *credentials_get(const struct credentials *credentials);
void credentials_put(const struct credentials *credentials);

/* A copy with one reference that may be changed until it is set. GROUPS: room for so many. NULL: no memory. */
struct credentials *credentials_copy(const struct credentials *credentials, unsigned groups);

extern const struct credentials credentials_root;

/* Those of the running thread; the kernel's own threads have root's. The processes' layer says whose they are. */
const struct credentials *credentials_current(void);
void credentials_set_source(const struct credentials *(*current)(void));

#endif
