/*
 * System calls that send and receive through sockets, and what a message carries beside its bytes: open files
 * (SCM_RIGHTS) and who has sent it (SCM_CREDENTIALS).
 *
 * Source: send(2), recv(2), sendmmsg(2), cmsg(3), unix(7).
 */
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/numbers.h"
#include "syscall/ranges.h"
#include "syscall/socket.h"

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define CONTROL_MAX KIB(4)
#define MESSAGES_MAX 1024 /* of sendmmsg */

/* struct msghdr. */
struct user_message {
    uint64_t name;
    uint32_t name_length, pad;
    uint64_t ranges, range_count;
    uint64_t control, control_length;
    uint32_t flags, pad2;
};
_Static_assert(sizeof(struct user_message) == 56, "struct msghdr");

struct control_header {
    uint64_t length; /* with itself */
    int32_t level, type;
};

typedef long message_function(struct socket *socket, uaddr_t message, unsigned flags);

static long one_message(const uint64_t a[6], message_function *function)
{
    struct socket *socket;
    int error;
    if ((unsigned)a[2] & MSG_CMSG_COMPAT)
        return -EINVAL;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    long result = function(socket, a[1], (unsigned)a[2]);
    file_put(file);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sending
 */

/* SIGPIPE comes with EPIPE, unless it is not wanted. */
static long finish_send(long result, unsigned flags)
{
    if (result == -EPIPE && !(flags & MSG_NOSIGNAL))
        signal_send_self(SIGPIPE);
    return result;
}

static int take_rights(const int *fds, size_t count, struct message *message)
{
    struct task_files *table = task_current()->files;
    if (count > SOCKET_FILES_MAX || message->files)
        return -EINVAL;
    struct socket_files *files = kmalloc(sizeof *files + count * sizeof files->files[0], 0);
    if (files == NULL)
        return -ENOMEM;
    for (files->count = 0; files->count < count; files->count++) {
        struct file *file = files_find_any(table, fds[files->count]);
        if (file == NULL) {
            socket_files_put(files);
            return -EBADF;
        }
        files->files[files->count] = file;
    }
    message->files = files;
    return 0;
}

static bool is_mine(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved)
{
    return id == real || id == effective || id == saved;
}

/* Who pretends to be another needs the right to become him. */
static int take_user(const struct socket_user *user, struct message *message)
{
    const struct task *task = task_current();
    const struct credentials *c = task->credentials;
    if (user->process != task->process->own_number && !credentials_capable(c, CAP_SYS_ADMIN))
        return -EPERM;
    if (!is_mine(user->uid, c->uid, c->euid, c->suid) && !credentials_capable(c, CAP_SETUID))
        return -EPERM;
    if (!is_mine(user->gid, c->gid, c->egid, c->sgid) && !credentials_capable(c, CAP_SETGID))
        return -EPERM;
    message->user = *user;
    message->user.process = number_untranslate(user->process);
    return message->user.process < 0 ? -ESRCH : 0;
}

static int take_control(const char *control, size_t length, struct message *message)
{
    struct control_header header;
    for (size_t at = 0; length - at >= sizeof header && at < length;) {
        memcpy(&header, control + at, sizeof header);
        if (header.length < sizeof header || header.length > length - at)
            return -EINVAL;
        const void *data = control + at + sizeof header;
        size_t size = header.length - sizeof header;
        int error = 0;
        if (header.level == SOL_SOCKET && header.type == SCM_RIGHTS)
            error = take_rights(data, size / sizeof(int), message);
        else if (header.level == SOL_SOCKET && header.type == SCM_CREDENTIALS)
            error = size == sizeof message->user ? take_user(data, message) : -EINVAL;
        else if (header.level == SOL_SOCKET)
            error = -EINVAL;
        if (error)
            return error;
        at += align_up(header.length, 8);
    }
    return 0;
}

static int read_control(uaddr_t from, uint64_t length, struct message *message)
{
    if (length == 0)
        return 0;
    if (length > CONTROL_MAX)
        return -ENOBUFS;
    char *control = kmalloc(length, 0);
    if (control == NULL)
        return -ENOMEM;
    int error = user_read(control, from, length) == 0 ? take_control(control, length, message) : -EFAULT;
    kfree(control);
    return error;
}

/* Who sends it, and the address, if one is given. task_walk_end follows in any case. */
static int prepare(struct message *message, struct walk *walk, struct walk_hold *hold, uaddr_t address, uint64_t length)
{
    task_walk(walk, hold);
    message->walk = walk;
    socket_user_current(&message->user);
    message->user.uid = task_current()->credentials->uid; /* the real ones, where the peer's are the effective */
    message->user.gid = task_current()->credentials->gid;
    if (address == 0)
        return 0;
    int size = socket_address_read(message->address, address, length);
    if (size < 0)
        return size;
    message->address_length = (size_t)size;
    return 0;
}

long sys_sendto(const uint64_t a[6])
{
    struct socket_address address;
    struct message message = {.flags = (unsigned)a[3], .address = &address};
    struct socket *socket;
    struct walk walk;
    struct walk_hold hold;
    struct iov iov;
    int error;
    if (!user_range_ok(a[1], min_u64(a[2], TRANSFER_MAX)))
        return -EFAULT;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    iov_init_user(&iov, (void *)a[1], min_u64(a[2], TRANSFER_MAX));
    message.data = &iov;
    long result = prepare(&message, &walk, &hold, a[4], a[5]);
    if (result == 0)
        result = finish_send(socket->ops->send(socket, &message), message.flags);
    task_walk_end(&hold);
    file_put(file);
    return result;
}

static long send_message(struct socket *socket, uaddr_t from, unsigned flags)
{
    struct user_message user;
    struct socket_address address;
    struct ranges ranges;
    struct walk walk;
    struct walk_hold hold = {.held = false};
    struct message message = {.flags = flags, .address = &address, .data = &ranges.iov};
    if (copy_from_user(&user, from) < 0)
        return -EFAULT;
    uint64_t name_length = min_u64(user.name_length, INT32_MAX);
    long result = user.range_count > UINT32_MAX ? -EMSGSIZE : 0;
    if (result == 0)
        result = prepare(&message, &walk, &hold, user.name, min_u64(name_length, SOCKET_ADDRESS_MAX));
    if (result == 0)
        result = read_control(user.control, user.control_length, &message);
    if (result == 0) {
        result = ranges_begin(&ranges, user.ranges, user.range_count);
        if (result == 0)
            result = finish_send(socket->ops->send(socket, &message), flags);
        ranges_end(&ranges);
    }
    task_walk_end(&hold);
    socket_files_put(message.files);
    return result == -EINVAL && user.range_count > IOV_MAX ? -EMSGSIZE : result;
}

long sys_sendmsg(const uint64_t a[6])
{
    return one_message(a, send_message);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Receiving
 */

/* A place for control messages in the program. */
struct control {
    uaddr_t to;
    uint64_t room, used;
    bool cut;
};

/* One message; what does not fit is cut. */
static int put_control(struct control *control, int type, const void *data, size_t size)
{
    struct control_header header = {.length = sizeof header + size, .level = SOL_SOCKET, .type = type};
    if (control->room - control->used < sizeof header) {
        control->cut = true;
        return 0;
    }
    uint64_t fits = min_u64(control->room - control->used - sizeof header, size);
    control->cut |= fits < size;
    header.length = sizeof header + fits;
    uaddr_t at = control->to + control->used;
    if (user_write(at, &header, sizeof header) != 0 || user_write(at + sizeof header, data, fits) != 0)
        return -EFAULT;
    control->used += min_u64(align_up(header.length, 8), control->room - control->used);
    return 0;
}

/* Files become descriptors, as many as there is room for; the rest is closed. */
static int put_rights(struct control *control, struct socket_files *files, unsigned flags)
{
    const struct task *task = task_current();
    int fds[SOCKET_FILES_MAX];
    uint64_t limit = task->process->limits[RLIMIT_NOFILE].current;
    uint64_t room = control->room - control->used;
    uint64_t fit = room > sizeof(struct control_header) ? (room - sizeof(struct control_header)) / sizeof(int) : 0;
    unsigned count = 0;
    while (count < files->count && count < fit) {
        file_get(files->files[count]);
        fds[count] = files_add(task->files, files->files[count], flags & MSG_CMSG_CLOEXEC, limit);
        if (fds[count] < 0) {
            file_put(files->files[count]);
            break;
        }
        count++;
    }
    control->cut |= count < files->count;
    return count > 0 ? put_control(control, SCM_RIGHTS, fds, count * sizeof(int)) : 0;
}

static int write_control(struct user_message *user, struct message *message, unsigned flags)
{
    struct control control = {.to = user->control, .room = min_u64(user->control_length, INT32_MAX)};
    int error = 0;
    struct socket_user sender = message->user; /* as the receiver knows him */
    sender.process = number_translate(sender.process);
    if (message->has_user)
        error = put_control(&control, SCM_CREDENTIALS, &sender, sizeof sender);
    if (error == 0 && message->files)
        error = put_rights(&control, message->files, flags);
    user->control_length = control.used;
    user->flags =
        (message->flags & (MSG_TRUNC | MSG_EOR)) | (control.cut ? MSG_CTRUNC : 0) | (flags & MSG_CMSG_CLOEXEC);
    return error;
}

/* As much of the sender's address as fits; and its length. */
static int write_name(struct user_message *user, const struct message *message, const struct socket_address *address)
{
    if (user->name == 0)
        return 0;
    size_t fits = min_u64(user->name_length, message->address_length);
    user->name_length = (uint32_t)message->address_length;
    return user_write(user->name, address, fits) == 0 ? 0 : -EFAULT;
}

static long receive_message(struct socket *socket, uaddr_t to, unsigned flags)
{
    struct user_message user;
    struct socket_address address;
    struct ranges ranges;
    struct message message = {.flags = flags, .data = &ranges.iov};
    if (copy_from_user(&user, to) < 0)
        return -EFAULT;
    if ((int32_t)user.name_length < 0)
        return -EINVAL;
    if (user.range_count > IOV_MAX)
        return -EMSGSIZE;
    message.address = user.name ? &address : NULL;
    long result = ranges_begin(&ranges, user.ranges, user.range_count);
    if (result == 0)
        result = socket->ops->receive(socket, &message);
    ranges_end(&ranges);
    if (result >= 0) {
        int error = write_name(&user, &message, &address);
        if (error == 0)
            error = write_control(&user, &message, flags);
        if (error == 0)
            error = copy_to_user(to, &user);
        result = error ? error : result;
    }
    socket_files_put(message.files);
    return result;
}

long sys_recvmsg(const uint64_t a[6])
{
    return one_message(a, receive_message);
}

long sys_recvfrom(const uint64_t a[6])
{
    struct socket_address address;
    struct message message = {.flags = (unsigned)a[3], .address = a[4] ? &address : NULL};
    struct socket *socket;
    struct iov iov;
    int error;
    if (!user_range_ok(a[1], min_u64(a[2], TRANSFER_MAX)))
        return -EFAULT;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    iov_init_user(&iov, (void *)a[1], min_u64(a[2], TRANSFER_MAX));
    message.data = &iov;
    long result = socket->ops->receive(socket, &message);
    if (result >= 0 && a[4]) {
        error = socket_address_write(&address, message.address_length, a[4], a[5]);
        result = error ? error : result;
    }
    socket_files_put(message.files);
    file_put(file);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several at once: struct mmsghdr, a struct msghdr and how many bytes it was
 */

struct user_messages {
    struct user_message message;
    uint32_t length, pad;
};

static long each_message(const uint64_t a[6], message_function *function, unsigned flags)
{
    struct socket *socket;
    int error;
    uint32_t done = 0, count = (uint32_t)min_u64((uint32_t)a[2], MESSAGES_MAX);
    if (flags & MSG_CMSG_COMPAT)
        return -EINVAL;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    long result = 0;
    for (; done < count; done++) {
        uaddr_t at = a[1] + done * sizeof(struct user_messages);
        result = function(socket, at, flags);
        uint32_t length = (uint32_t)result;
        if (result >= 0)
            result = copy_to_user(at + offsetof(struct user_messages, length), &length);
        if (result < 0)
            break;
    }
    file_put(file);
    return done > 0 ? (long)done : result;
}

long sys_sendmmsg(const uint64_t a[6])
{
    return each_message(a, send_message, (unsigned)a[3]);
}
