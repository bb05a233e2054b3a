/*
 * What the system calls about sockets share.
 */
#ifndef CORRODE_SYSCALL_SOCKET_H
#define CORRODE_SYSCALL_SOCKET_H

#include "net/socket.h"
#include "syscall/handlers.h"

/* The socket of a descriptor, and its file with a reference; NULL and *error: -EBADF, -ENOTSOCK. */
struct file *socket_find(int fd, struct socket **socket, int *error);

/* Who the current process is to others. */
void socket_user_current(struct socket_user *user);

/* An address of the program's: its length, -EINVAL, -EFAULT. And one to it, cut to *TO_LENGTH: 0, -EFAULT, -EINVAL. */
int socket_address_read(struct socket_address *address, uaddr_t from, uint64_t register_length);
int socket_address_write(const struct socket_address *address, size_t length, uaddr_t to, uaddr_t to_length);

#endif
