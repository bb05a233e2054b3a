/*
 * System calls about a program's memory: kernel/vm does it, this translates.
 *
 * Source: mmap(2), mprotect(2), brk(2), mremap(2), madvise(2), mincore(2), msync(2), pkeys(7).
 */
#include "fs/attributes.h"
#include "fs/memory_file.h"
#include "fs/mount.h"
#include "fs/origin.h"
#include "syscall/handlers.h"
#include "syscall/memory_lock.h"

#define PROT_ALL (VM_READ | VM_WRITE | VM_EXECUTE)
#define PROT_SEM 8u /* means nothing here */
#define PROT_GROWSDOWN 0x01000000u
#define PROT_GROWSUP 0x02000000u

#define MAP_TYPE 0xfu
#define MAP_SHARED 1u
#define MAP_PRIVATE 2u
#define MAP_SHARED_VALIDATE 3u
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_32BIT 0x40u
#define MAP_GROWSDOWN 0x100u
#define MAP_DENYWRITE 0x800u
#define MAP_EXECUTABLE 0x1000u
#define MAP_LOCKED 0x2000u
#define MAP_NORESERVE 0x4000u
#define MAP_POPULATE 0x8000u
#define MAP_NONBLOCK 0x10000u
#define MAP_STACK 0x20000u
#define MAP_HUGETLB 0x40000u
#define MAP_FIXED_NOREPLACE 0x100000u
#define MAP_HUGE_SIZE 0xfc000000u
/* What MAP_SHARED_VALIDATE lets through. */
#define MAP_KNOWN                                                                                                      \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED |  \
        MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_HUGE_SIZE)

/* A call of mmap on its way. */
struct request {
    uaddr_t address;
    uint64_t size;
    unsigned how;       /* MAP_* */
    unsigned flags;     /* VM_* */
    unsigned map_flags; /* VM_MAP_* */
    struct vm_backing backing;
    bool writes; /* vm_object_begin_write */
};

/* ------------------------------------------------------------------------------------------------------------------
 * mmap
 */

static bool is_shared(const struct request *request)
{
    return request->how & MAP_SHARED; /* of MAP_SHARED_VALIDATE, too */
}

/* What is wrong with size, place and offset, whatever is mapped. Rounds the size up. */
static int check_place(struct request *request)
{
    bool fixed = request->map_flags & (VM_MAP_FIXED | VM_MAP_NO_REPLACE);
    if (request->size == 0)
        return -EINVAL;
    if (request->size > USER_END)
        return -ENOMEM;
    request->size = align_up(request->size, PAGE_SIZE);
    if (request->backing.offset + request->size < request->backing.offset)
        return -EOVERFLOW;
    if (request->address > USER_END - request->size) {
        if (fixed)
            return -ENOMEM;
        request->address = 0; /* that was but a wish */
    }
    return fixed && !is_aligned(request->address, PAGE_SIZE) ? -EINVAL : 0;
}

static int map_anonymous(struct request *request)
{
    request->backing.offset = 0;
    if (!is_shared(request))
        return 0;
    if (request->how & MAP_GROWSDOWN)
        return -EINVAL;
    struct file *file = memory_file_create("/dev/zero (deleted)", request->size, O_RDWR, 0777);
    if (file == NULL)
        return -ENOMEM;
    request->backing.object = file->inode->object;
    request->backing.origin = file_origin(file);
    if (request->backing.origin) { /* they outlive the file, until the caller has mapped them */
        vm_origin_get(request->backing.origin);
        vm_object_get(request->backing.object);
    }
    file_put(file);
    return request->backing.origin ? 0 : -ENOMEM;
}

/* May the file be mapped so? FLAGS gains what it allows. */
static int check_file(const struct file *file, struct request *request)
{
    unsigned mode = file->flags & O_ACCMODE;
    bool shared = is_shared(request);
    if ((request->how & MAP_TYPE) == MAP_SHARED_VALIDATE && request->how & ~MAP_KNOWN)
        return -EOPNOTSUPP;
    if (shared && request->flags & VM_WRITE && mode != O_RDWR && mode != O_WRONLY)
        return -EACCES;
    if (mode == O_WRONLY || mode == O_ACCMODE)
        return -EACCES;
    if (!shared || mode == O_RDWR)
        request->flags |= VM_MAY_WRITE;
    if ((file->path.mount->flags | file->path.mount->super->flags) & MS_NOEXEC) {
        if (request->flags & VM_EXECUTE)
            return -EPERM;
        request->flags |= VM_NEVER_EXECUTE;
    }
    return 0;
}

/* A file that nobody may write to by maps can still be looked at. */
static int begin_write(struct request *request)
{
    if (!is_shared(request) || !(request->flags & VM_MAY_WRITE))
        return 0;
    int error = vm_object_begin_write(request->backing.object);
    if (error && request->flags & VM_WRITE)
        return error;
    request->writes = !error;
    request->flags &= error ? ~VM_MAY_WRITE : ~0u;
    return 0;
}

static int map_file(struct file *file, struct request *request)
{
    struct vm_backing *backing = &request->backing;
    int error = check_file(file, request);
    if (error)
        return error;
    backing->object = file->inode->object;
    error = file->ops->map ? file->ops->map(file, &backing->object, &backing->offset) : 0;
    if (error == FILE_MAP_ANONYMOUS) {
        backing->object = NULL;
        return map_anonymous(request);
    }
    if (error)
        return error;
    if (backing->object == NULL)
        return -ENODEV;
    if (request->how & MAP_GROWSDOWN)
        return -EINVAL;
    backing->origin = file_origin(file);
    error = backing->origin ? begin_write(request) : -ENOMEM;
    if (error)
        return error;
    file_accessed(file);
    vm_object_get(backing->object);
    vm_origin_get(backing->origin);
    return 0;
}

/* Nobody has set huge pages aside. Their size, a power of two, is in the highest bits: the usual one, 2 MiB or 1 GiB.
 */
static int refuse_huge(const struct file *file, unsigned how)
{
    unsigned size = (how & MAP_HUGE_SIZE) >> 26;
    return file || (size != 0 && size != 21 && size != 30) ? -EINVAL : -ENOMEM;
}

static int find_backing(struct request *request, int fd)
{
    unsigned type = request->how & MAP_TYPE;
    struct file *file = NULL;
    if (request->how & MAP_ANONYMOUS)
        request->flags |= VM_MAY_WRITE;
    else if ((file = files_find(task_current()->files, fd)) == NULL)
        return -EBADF;
    int error = request->how & MAP_HUGETLB ? refuse_huge(file, request->how) : check_place(request);
    if (!error && type != MAP_SHARED && type != MAP_PRIVATE && (file == NULL || type != MAP_SHARED_VALIDATE))
        error = -EINVAL;
    if (!error)
        error = file ? map_file(file, request) : map_anonymous(request);
    if (file)
        file_put(file);
    return error;
}

static unsigned area_flags(unsigned how)
{
    return (how & MAP_SHARED ? VM_SHARED : 0) | (how & MAP_GROWSDOWN ? VM_GROWS_DOWN : 0) |
           (how & MAP_NORESERVE ? VM_NO_RESERVE : 0) | (how & MAP_LOCKED ? VM_LOCKED : 0);
}

static unsigned place_flags(unsigned how)
{
    unsigned place = how & MAP_FIXED_NOREPLACE ? VM_MAP_NO_REPLACE : how & MAP_FIXED ? VM_MAP_FIXED : 0;
    return place | (how & MAP_32BIT ? VM_MAP_LOW : 0) |
           ((how & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE ? VM_MAP_POPULATE : 0);
}

long sys_mmap(const uint64_t a[6])
{
    unsigned how = (unsigned)a[3];
    struct request request = {
        .address = a[0],
        .size = a[1],
        .how = how,
        .flags = ((unsigned)a[2] & PROT_ALL) | area_flags(how),
        .map_flags = place_flags(how),
        .backing = {.offset = a[5]},
    };
    struct vm_space *space = task_current()->space;
    if (!is_aligned(a[5], PAGE_SIZE))
        return -EINVAL;
    if (how & MAP_LOCKED && !memory_lock_prepare(space))
        return -EPERM;
    long result = find_backing(&request, (int)a[4]);
    if (result < 0)
        return result;
    result = vm_map_backed(space, request.address, request.size, request.flags, request.map_flags, &request.backing);
    if (request.writes)
        vm_object_end_write(request.backing.object);
    if (request.backing.object)
        vm_object_put(request.backing.object);
    if (request.backing.origin)
        vm_origin_put(request.backing.origin);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What changes what is mapped
 */

long sys_munmap(const uint64_t a[6])
{
    return vm_unmap(task_current()->space, a[0], a[1]);
}

long sys_mprotect(const uint64_t a[6])
{
    unsigned directions = (unsigned)a[2] & (PROT_GROWSDOWN | PROT_GROWSUP);
    uint64_t protection = a[2] & ~(uint64_t)directions;
    if (directions == (PROT_GROWSDOWN | PROT_GROWSUP) || !is_aligned(a[0], PAGE_SIZE))
        return -EINVAL;
    if (a[1] == 0)
        return 0;
    uint64_t whole = align_up(a[1], PAGE_SIZE);
    if (whole == 0 || a[0] + whole <= a[0])
        return -ENOMEM;
    if (protection & ~(uint64_t)(PROT_ALL | PROT_SEM))
        return -EINVAL;
    if (directions == PROT_GROWSUP)
        return -EINVAL; /* there is nothing that grows upwards */
    return vm_protect(
        task_current()->space, a[0], a[1], ((unsigned)protection & PROT_ALL) | (directions ? VM_PROTECT_DOWN : 0));
}

long sys_brk(const uint64_t a[6])
{
    return (long)vm_set_brk(task_current()->space, a[0]);
}

long sys_mremap(const uint64_t a[6])
{
    return a[3] > UINT32_MAX ? -EINVAL : vm_remap(task_current()->space, a[0], a[1], a[2], (unsigned)a[3], a[4]);
}

long sys_madvise(const uint64_t a[6])
{
    return vm_advise(task_current()->space, a[0], a[1], (int)a[2]);
}

long sys_msync(const uint64_t a[6])
{
    return vm_sync(task_current()->space, a[0], a[1], (int)a[2]);
}

long sys_mincore(const uint64_t a[6])
{
    uint8_t resident[256];
    if (!is_aligned(a[0], PAGE_SIZE))
        return -EINVAL;
    if (!user_range_ok(a[0], a[1]))
        return -ENOMEM;
    uint64_t pages = align_up(a[1], PAGE_SIZE) >> PAGE_SHIFT, done = 0;
    if (!user_range_ok(a[2], pages))
        return -EFAULT;
    while (done < pages) {
        uint64_t some = min_u64(pages - done, sizeof resident);
        int error = vm_resident(task_current()->space, a[0] + done * PAGE_SIZE, some, resident);
        if (error)
            return error;
        if (user_write(a[2] + done, resident, some) != 0)
            return -EFAULT;
        done += some;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Protection keys: as on a processor without any
 */

#define PKEY_RIGHTS 3u

long sys_pkey_mprotect(const uint64_t a[6])
{
    return (int)a[3] == -1 ? sys_mprotect(a) : -EINVAL;
}

long sys_pkey_alloc(const uint64_t a[6])
{
    return a[0] || a[1] & ~(uint64_t)PKEY_RIGHTS ? -EINVAL : -ENOSPC;
}

long sys_pkey_free(const uint64_t a[6])
{
    return -EINVAL;
}
