/*
 * What a task may do, and how that changes: the rules of Linux for users, groups and capabilities. Credentials are
 * values here: the functions change what is not yet anybody's, and know no tasks.
 *
 * Source: credentials(7), capabilities(7), setresuid(2), setfsuid(2), execve(2), prctl(2).
 */
#ifndef CORRODE_PROC_RIGHTS_H
#define CORRODE_PROC_RIGHTS_H

#include "fs/credentials.h"
#include "fs/fs.h"

/* Securebits; the bit above each locks it. */
#define SECBIT_NOROOT 0x1u
#define SECBIT_NO_SETUID_FIXUP 0x4u
#define SECBIT_KEEP_CAPS 0x10u
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40u
#define SECBITS 0x55u
#define SECBIT_LOCKS 0xaau

#define CAPABILITY_BIT(capability) (1ull << (capability))
#define CAPABILITIES_ALL ((1ull << (CAP_LAST + 1)) - 1)

/* The users in NEW are not those in OLD any more: capabilities come and go with root. And for fsuid alone. */
void rights_follow_users(const struct credentials *old, struct credentials *new);
void rights_follow_fsuid(const struct credentials *old, struct credentials *new);

/*
 * What who has OLD has when it executes FILE: *new is NULL when nothing changes, else new credentials with a reference.
 * *secure: the program is not to trust who executes it (AT_SECURE). 0 or -ENOMEM.
 */
int rights_of_program(
    const struct credentials *old, const struct file *file, const struct credentials **new, bool *secure);

/* Is NEW more than, or something else than OLD, so that others may not look into who has it? */
bool rights_differ(const struct credentials *old, const struct credentials *new);

#endif
