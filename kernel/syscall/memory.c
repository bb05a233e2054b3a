/*
 * System calls about a program's memory: kernel/vm does it, this translates.
 *
 * Source: mmap(2), mprotect(2), brk(2).
 */
#include "fs/attributes.h"
#include "fs/origin.h"
#include "syscall/handlers.h"

#define PROT_ALL (VM_READ | VM_WRITE | VM_EXECUTE)

#define MAP_TYPE 0xfu
#define MAP_TYPE_SHARED 1u
#define MAP_TYPE_PRIVATE 2u
#define MAP_TYPE_SHARED_VALIDATE 3u
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_GROWSDOWN 0x100u
#define MAP_NORESERVE 0x4000u
#define MAP_POPULATE 0x8000u
#define MAP_FIXED_NOREPLACE 0x100000u

/* What of a file is mapped, and whether it may be so. FLAGS gains what the file allows. */
static int map_file(struct file *file, bool shared, unsigned *flags, struct vm_backing *backing)
{
    unsigned mode = file->flags & O_ACCMODE;
    if (mode == O_WRONLY || mode == O_ACCMODE || (shared && *flags & VM_WRITE && mode != O_RDWR))
        return -EACCES;
    if (*flags & VM_EXECUTE && (file->path.mount->flags | file->path.mount->super->flags) & MS_NOEXEC)
        return -EPERM;
    if (!shared || mode == O_RDWR)
        *flags |= VM_MAY_WRITE;
    backing->object = file->inode->object;
    int error = file->ops->map ? file->ops->map(file, &backing->object, &backing->offset) : 0;
    if (error) /* FILE_MAP_ANONYMOUS, too */
        return error;
    file_accessed(file);
    backing->origin = file_origin(file);
    return backing->object == NULL ? -ENODEV : backing->origin == NULL ? -ENOMEM : 0;
}

static unsigned place_flags(unsigned flags)
{
    return (flags & MAP_FIXED_NOREPLACE ? VM_MAP_NO_REPLACE
               : flags & MAP_FIXED      ? VM_MAP_FIXED
                                        : 0) |
           (flags & MAP_POPULATE ? VM_MAP_POPULATE : 0);
}

static bool is_beyond(uaddr_t address, uint64_t size)
{
    return size > USER_END || address > USER_END - size;
}

long sys_mmap(const uint64_t a[6])
{
    uint64_t size = a[1];
    struct vm_backing backing = {.offset = a[5]};
    unsigned flags = (unsigned)a[2] & PROT_ALL, how = (unsigned)a[3], type = how & MAP_TYPE;
    bool shared = type == MAP_TYPE_SHARED || type == MAP_TYPE_SHARED_VALIDATE,
         fixed = place_flags(how) & ~VM_MAP_POPULATE;
    if (size == 0 || !is_aligned(backing.offset, PAGE_SIZE) || (!shared && type != MAP_TYPE_PRIVATE))
        return -EINVAL;
    if (is_beyond(fixed ? a[0] : 0, size))
        return -ENOMEM;
    uaddr_t wish = is_beyond(a[0], size) ? 0 : a[0];
    flags |= (shared ? VM_SHARED : 0) | (how & MAP_GROWSDOWN ? VM_GROWS_DOWN : 0) |
             (how & MAP_NORESERVE ? VM_NO_RESERVE : 0);
    struct vm_space *space = task_current()->space;
    if (how & MAP_ANONYMOUS)
        return shared ? -ENODEV : vm_map(space, wish, size, flags | VM_MAY_WRITE, place_flags(how), NULL, 0);

    struct file *file = files_find(task_current()->files, (int)a[4]);
    if (file == NULL)
        return -EBADF;
    long result = a[5] + size < size ? -EOVERFLOW : map_file(file, shared, &flags, &backing);
    if (result == FILE_MAP_ANONYMOUS)
        result = shared ? -ENODEV : vm_map(space, wish, size, flags, place_flags(how), NULL, 0);
    else if (result == 0)
        result = vm_map_backed(space, wish, size, flags, place_flags(how), &backing);
    file_put(file);
    return result;
}

long sys_munmap(const uint64_t a[6])
{
    return vm_unmap(task_current()->space, a[0], a[1]);
}

long sys_mprotect(const uint64_t a[6])
{
    return a[2] & ~(uint64_t)PROT_ALL ? -EINVAL : vm_protect(task_current()->space, a[0], a[1], (unsigned)a[2]);
}

long sys_brk(const uint64_t a[6])
{
    return (long)vm_set_brk(task_current()->space, a[0]);
}
