/*
 * Names of AF_UNIX sockets: a path, or up to 107 bytes after a NUL. A path leads to an inode, which knows its socket
 * (inode->socket); abstract names stand in a list.
 *
 * Source: unix(7).
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/unix.h"

static struct list named = LIST_INIT(named); /* abstract names */

static bool is_abstract(const struct socket_address *address)
{
    return address->bytes[0] == '\0';
}

int unix_name_check(const struct socket_address *address, size_t length)
{
    if (length <= UNIX_PATH_OFFSET || length > UNIX_PATH_OFFSET + UNIX_PATH_MAX || address->family != AF_UNIX)
        return -EINVAL;
    return 0;
}

/* The path, with a NUL at its end. */
static void copy_path(char path[UNIX_PATH_MAX + 1], const struct socket_address *address, size_t length)
{
    size_t size = length - UNIX_PATH_OFFSET;
    memcpy(path, address->bytes, size);
    path[size] = '\0';
}

struct unix_name *unix_name_create(const struct socket_address *address, size_t length)
{
    struct unix_name *name = kmalloc(sizeof *name, ALLOC_ZERO);
    if (name == NULL)
        return NULL;
    name->references = 1;
    name->length = length;
    memcpy(&name->address, address, length);
    if (!is_abstract(address))
        name->length = UNIX_PATH_OFFSET + strnlen(name->address.bytes, length - UNIX_PATH_OFFSET) + 1;
    return name;
}

struct unix_name *unix_name_get(struct unix_name *name)
{
    if (name)
        __atomic_fetch_add(&name->references, 1, __ATOMIC_RELAXED);
    return name;
}

void unix_name_put(struct unix_name *name)
{
    if (name && __atomic_sub_fetch(&name->references, 1, __ATOMIC_ACQ_REL) == 0)
        kfree(name);
}

int unix_name_tell(const struct unix_name *name, struct socket_address *address, size_t *length)
{
    *address = (struct socket_address){.family = AF_UNIX};
    *length = UNIX_PATH_OFFSET;
    if (name) {
        memcpy(address, &name->address, name->length);
        *length = name->length;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Abstract names
 */

/* Each type has names of its own. */
static struct unix_socket *find_abstract(const struct socket_address *address, size_t length, uint16_t type)
{
    list_for_each(struct unix_socket, socket, &named, named)
    {
        const struct unix_name *name = socket->name;
        if (socket->socket.type == type && name->length == length && memcmp(&name->address, address, length) == 0)
            return socket;
    }
    return NULL;
}

static int bind_abstract(struct unix_socket *socket, struct unix_name *name)
{
    if (find_abstract(&name->address, name->length, socket->socket.type))
        return -EADDRINUSE;
    socket->name = name;
    list_push_back(&named, &socket->named);
    return 0;
}

int unix_name_bind_any(struct unix_socket *socket)
{
    static uint32_t last;
    struct socket_address address = {.family = AF_UNIX};
    size_t length = UNIX_PATH_OFFSET + 6;
    do
        snprintf(address.bytes + 1, 6, "%05x", ++last & 0xfffff);
    while (find_abstract(&address, length, socket->socket.type));
    struct unix_name *name = unix_name_create(&address, length);
    return name ? bind_abstract(socket, name) : -ENOMEM;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Paths
 */

static int bind_path(struct unix_socket *socket, struct unix_name *name, const struct walk *walk, uint32_t mode)
{
    int error = name_create(walk, name->address.bytes, S_IFSOCK | mode, 0);
    if (error)
        return error == -EEXIST ? -EADDRINUSE : error;
    error = path_walk(walk, name->address.bytes, &socket->place);
    if (error) {
        socket->place = (struct path){0};
        return error;
    }
    struct inode *inode = socket->place.dentry->inode;
    if ((inode->mode & S_IFMT) != S_IFSOCK || inode->socket) { /* somebody has put another file there meanwhile */
        path_put(&socket->place);
        socket->place = (struct path){0};
        return -EADDRINUSE;
    }
    inode->socket = &socket->socket;
    socket->name = name;
    return 0;
}

int unix_name_bind(struct unix_socket *socket, const struct socket_address *address, size_t length,
    const struct walk *walk, uint32_t mode)
{
    if (socket->name)
        return -EINVAL;
    struct unix_name *name = unix_name_create(address, length);
    if (name == NULL)
        return -ENOMEM;
    int error = is_abstract(address) ? bind_abstract(socket, name) : bind_path(socket, name, walk, mode);
    if (error)
        unix_name_put(name);
    return error;
}

void unix_name_release(struct unix_socket *socket)
{
    if (list_is_linked(&socket->named))
        list_remove(&socket->named);
    if (socket->place.dentry)
        socket->place.dentry->inode->socket = NULL;
}

static struct unix_socket *find_path(const char *name, const struct walk *walk, int *error)
{
    struct path path;
    struct unix_socket *found = NULL;
    *error = path_walk(walk, name, &path);
    if (*error)
        return NULL;
    struct inode *inode = path.dentry->inode;
    *error = inode_permission(inode, INODE_WRITE, walk->credentials);
    if (*error == 0 && (inode->mode & S_IFMT) != S_IFSOCK)
        *error = -ECONNREFUSED;
    if (*error == 0) {
        mutex_lock(&unix_lock);
        if (inode->socket) {
            found = unix_of(inode->socket);
            unix_get(found);
        }
        mutex_unlock(&unix_lock);
    }
    path_put(&path);
    return found;
}

struct unix_socket *unix_name_find(
    const struct socket_address *address, size_t length, const struct walk *walk, uint16_t type, int *error)
{
    struct unix_socket *found;
    *error = unix_name_check(address, length);
    if (*error)
        return NULL;
    if (is_abstract(address)) {
        mutex_lock(&unix_lock);
        found = find_abstract(address, length, type);
        if (found)
            unix_get(found);
        mutex_unlock(&unix_lock);
    } else {
        char path[UNIX_PATH_MAX + 1];
        copy_path(path, address, length);
        found = find_path(path, walk, error);
    }
    if (found == NULL) {
        *error = *error ? *error : -ECONNREFUSED;
        return NULL;
    }
    if (found->socket.type == type)
        return found;
    unix_put(found);
    *error = -EPROTOTYPE;
    return NULL;
}
