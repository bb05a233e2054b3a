/*
 * System calls about sockets, but for those that send and receive (socket_message.c): kernel/net does it.
 *
 * Source: socket(2), bind(2), connect(2), accept(2), getsockopt(2) and their like.
 */
#include "syscall/socket.h"
#include "proc/numbers.h"

#include "lib/string.h"

struct file *socket_find(int fd, struct socket **socket, int *error)
{
    struct file *file = files_find(task_current()->files, fd);
    *error = -EBADF;
    if (file == NULL)
        return NULL;
    *socket = socket_of(file);
    if (*socket)
        return file;
    *error = -ENOTSOCK;
    file_put(file);
    return NULL;
}

void socket_user_current(struct socket_user *user)
{
    const struct task *task = task_current();
    *user = (struct socket_user){task->process->number, task->credentials->euid, task->credentials->egid};
}

int socket_address_read(struct socket_address *address, uaddr_t from, uint64_t register_length)
{
    int length = (int)register_length;
    *address = (struct socket_address){0};
    if (length < 0 || length > SOCKET_ADDRESS_MAX)
        return -EINVAL;
    return user_read(address, from, (size_t)length) == 0 ? length : -EFAULT;
}

/* As much as the program has room for; and how much there is. */
int socket_address_write(const struct socket_address *address, size_t length, uaddr_t to, uaddr_t to_length)
{
    int room, whole = (int)length;
    if (copy_from_user(&room, to_length) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (user_write(to, address, min_u64((uint64_t)room, length)) != 0)
        return -EFAULT;
    return copy_to_user(to_length, &whole);
}

static int install(struct file *file, bool close_on_exec)
{
    const struct task *task = task_current();
    file->inode->uid = task->credentials->fsuid;
    file->inode->gid = task->credentials->fsgid;
    int fd = files_add(task->files, file, close_on_exec, task->process->limits[RLIMIT_NOFILE].current);
    if (fd < 0)
        file_put(file);
    return fd;
}

#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

long sys_socket(const uint64_t a[6])
{
    unsigned type = (unsigned)a[1];
    int error;
    if (type & ~(SOCK_TYPE_MASK | TYPE_FLAGS))
        return -EINVAL;
    struct file *file = socket_create((int)a[0], (int)(type & SOCK_TYPE_MASK), (int)a[2], type & TYPE_FLAGS, &error);
    return file ? install(file, type & SOCK_CLOEXEC) : error;
}

/* Two files that are connected; *ends are the caller's. */
static int make_pair(const uint64_t a[6], struct file *ends[2])
{
    unsigned type = (unsigned)a[1];
    struct socket_user user;
    int error;
    for (int i = 0; i < 2; i++) {
        ends[i] = socket_create((int)a[0], (int)(type & SOCK_TYPE_MASK), (int)a[2], type & TYPE_FLAGS, &error);
        if (ends[i] == NULL) {
            if (i == 1)
                file_put(ends[0]);
            return error;
        }
    }
    struct socket *first = ends[0]->data, *second = ends[1]->data;
    socket_user_current(&user);
    error = first->ops->pair ? first->ops->pair(first, second, &user) : -EOPNOTSUPP;
    if (error) {
        file_put(ends[0]);
        file_put(ends[1]);
    }
    return error;
}

long sys_socketpair(const uint64_t a[6])
{
    struct file *ends[2];
    int fds[2];
    bool close_on_exec = a[1] & SOCK_CLOEXEC;
    if ((unsigned)a[1] & ~(SOCK_TYPE_MASK | TYPE_FLAGS))
        return -EINVAL;
    if (user_zero(a[3], sizeof fds) != 0)
        return -EFAULT;
    int error = make_pair(a, ends);
    if (error)
        return error;
    fds[0] = install(ends[0], close_on_exec);
    if (fds[0] < 0) {
        file_put(ends[1]);
        return fds[0];
    }
    fds[1] = install(ends[1], close_on_exec);
    error = fds[1] < 0 ? fds[1] : copy_to_user(a[3], &fds);
    if (error == 0)
        return 0;
    files_close(task_current()->files, fds[0]);
    if (fds[1] >= 0)
        files_close(task_current()->files, fds[1]);
    return error;
}

long sys_bind(const uint64_t a[6])
{
    struct socket_address address;
    struct socket *socket;
    struct walk walk;
    struct walk_hold hold;
    int error;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    int length = error = socket_address_read(&address, a[1], a[2]);
    if (length >= 0) {
        task_walk(&walk, &hold);
        uint32_t mode = file->inode->mode & 0777 & ~task_current()->paths->umask;
        error = socket->ops->bind(socket, &address, (size_t)length, &walk, mode);
        task_walk_end(&hold);
    }
    file_put(file);
    return error;
}

long sys_connect(const uint64_t a[6])
{
    struct socket_address address;
    struct socket_user user;
    struct socket *socket;
    struct walk walk;
    struct walk_hold hold;
    int error;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    int length = error = socket_address_read(&address, a[1], a[2]);
    socket = socket_of(file);
    if (length >= 0 && socket == NULL) {
        error = -ENOTSOCK;
    } else if (length >= 0) {
        task_walk(&walk, &hold);
        socket_user_current(&user);
        error = socket->ops->connect(socket, &address, (size_t)length, &walk, &user);
        task_walk_end(&hold);
    }
    file_put(file);
    return error;
}

long sys_listen(const uint64_t a[6])
{
    struct socket_user user;
    struct socket *socket;
    int error;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    socket_user_current(&user);
    error = socket->ops->listen ? socket->ops->listen(socket, (int)a[1], &user) : -EOPNOTSUPP;
    file_put(file);
    return error;
}

/* The peer's name, if the program wants it. */
static int tell_peer(struct socket *socket, uaddr_t to, uaddr_t to_length)
{
    struct socket_address address;
    size_t length;
    if (to == 0)
        return 0;
    int error = socket->ops->name(socket, true, &address, &length);
    if (error)
        return error == -ENOTCONN ? -ECONNABORTED : error;
    return socket_address_write(&address, length, to, to_length);
}

static long accept_from(struct socket *socket, uaddr_t to, uaddr_t to_length, unsigned flags)
{
    struct socket *accepted;
    int error = socket->ops->accept ? socket->ops->accept(socket, &accepted) : -EOPNOTSUPP;
    if (error)
        return error;
    struct file *file = socket_give_file(accepted, flags);
    if (file == NULL) {
        accepted->ops->release(accepted);
        return -ENOMEM;
    }
    error = tell_peer(accepted, to, to_length);
    if (error) {
        file_put(file);
        return error;
    }
    return install(file, flags & SOCK_CLOEXEC);
}

static long accept_with(const uint64_t a[6], unsigned flags)
{
    struct socket *socket;
    int error;
    if (flags & ~TYPE_FLAGS)
        return -EINVAL;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    long result = accept_from(socket, a[1], a[2], flags);
    file_put(file);
    return result;
}

long sys_accept(const uint64_t a[6])
{
    return accept_with(a, 0);
}

long sys_accept4(const uint64_t a[6])
{
    return accept_with(a, (unsigned)a[3]);
}

static long tell_name(const uint64_t a[6], bool peer)
{
    struct socket_address address;
    struct socket *socket;
    size_t length;
    int error;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    error = socket->ops->name(socket, peer, &address, &length);
    if (error == 0)
        error = socket_address_write(&address, length, a[1], a[2]);
    file_put(file);
    return error;
}

long sys_getsockname(const uint64_t a[6])
{
    return tell_name(a, false);
}

long sys_getpeername(const uint64_t a[6])
{
    return tell_name(a, true);
}

long sys_shutdown(const uint64_t a[6])
{
    struct socket *socket;
    int error;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    error = socket->ops->shutdown(socket, (int)a[1]);
    file_put(file);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Options
 */

long sys_setsockopt(const uint64_t a[6])
{
    struct socket *socket;
    uint64_t value[SOCKET_OPTION_MAX / 8];
    int error, size = (int)a[4];
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    size_t length = min_u64(sizeof value, (uint64_t)(size < 0 ? 0 : size));
    bool privileged = credentials_capable(task_current()->credentials, CAP_NET_ADMIN);
    if (size < 0)
        error = -EINVAL;
    else if ((int)a[1] != SOL_SOCKET)
        error = socket->family == AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
    else if (user_read(value, a[3], length) != 0)
        error = -EFAULT;
    else
        error = socket_set_option(socket, (int)a[2], value, length, privileged);
    file_put(file);
    return error;
}

static int get_option(struct socket *socket, int option, uaddr_t to, uaddr_t to_size)
{
    uint64_t value[SOCKET_OPTION_MAX / 8];
    int room;
    if (copy_from_user(&room, to_size) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    size_t size = min_u64(sizeof value, (uint64_t)room);
    int error = socket_get_option(socket, option, value, &size);
    if (!error && option == SOCKET_OPTION_PEER && size >= sizeof(int32_t)) { /* the kernel's own number of it */
        int32_t seen = number_translate(*(int32_t *)value);
        memcpy(value, &seen, sizeof seen);
    }
    if (error)
        return error;
    room = (int)size;
    return user_write(to, value, size) == 0 ? copy_to_user(to_size, &room) : -EFAULT;
}

long sys_getsockopt(const uint64_t a[6])
{
    struct socket *socket;
    int error;
    struct file *file = socket_find((int)a[0], &socket, &error);
    if (file == NULL)
        return error;
    if ((int)a[1] == SOL_SOCKET)
        error = get_option(socket, (int)a[2], a[3], a[4]);
    else
        error = socket->family == AF_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
    file_put(file);
    return error;
}
