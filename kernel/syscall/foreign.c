/*
 * Bytes from another process's memory into one's own, and back: process_vm_readv, process_vm_writev.
 *
 * Whoever may look into a process's /proc may do this (procfs/subject.h). The other one's address space has a reference
 * meanwhile, but goes on living: what it unmaps is not there, as if it had done so a moment earlier. Bytes go through a
 * page of the kernel's, so that neither side's memory is touched with the other's locks held.
 *
 * Source: process_vm_readv(2).
 */
#include "syscall/handlers.h"

#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/proc.h"
#include "procfs/subject.h"
#include "syscall/ranges.h"
#include "vm/vm.h"

static bool is_empty(const struct ranges *ranges)
{
    return ranges->iov.left == 0;
}

/* The space of process NUMBER, with a reference, for who may look into it. 0, -ESRCH, -EPERM. */
static int find_space(int32_t number, struct vm_space **space)
{
    struct pseudo_node node = {0};
    if (number <= 0 || subject_find(&node, number) != 0)
        return -ESRCH;
    int error = subject_may_look(&node);
    if (error)
        return error == -EACCES ? -EPERM : error;
    *space = subject_space(&node);
    return *space ? 0 : -ESRCH;
}

/* SIZE bytes by way of PAGE, which has room for them. Returns how many arrived. */
static size_t move_piece(struct vm_space *space, vaddr_t there, struct iov *here, char *page, size_t size, bool write)
{
    if (write)
        return vm_write(space, there, page, iov_copy_in(here, page, size));
    return iov_copy_out(here, page, vm_read(space, there, page, size));
}

static long move_ranges(struct vm_space *space, const struct iov *there, struct iov *here, char *page, bool write)
{
    size_t moved = 0;
    for (size_t i = 0; i < there->count; i++) {
        vaddr_t at = (vaddr_t)there->ranges[i].base;
        size_t left = min_u64(there->ranges[i].length, here->left);
        while (left > 0) {
            size_t piece = min_u64(left, PAGE_SIZE - at % PAGE_SIZE);
            size_t done = move_piece(space, at, here, page, piece, write);
            moved += done;
            if (done < piece)
                return moved ? (long)moved : -EFAULT;
            at += piece;
            left -= piece;
        }
    }
    return (long)moved;
}

static long move(int32_t number, struct ranges *here, struct ranges *there, bool write)
{
    struct vm_space *space;
    int error = find_space(number, &space);
    if (error)
        return error;
    char *page = kmalloc(PAGE_SIZE, 0);
    long result = page ? move_ranges(space, &there->iov, &here->iov, page, write) : -ENOMEM;
    kfree(page);
    vm_space_put(space);
    return result;
}

/* (pid, own ranges, their count, the other's ranges, their count, flags) */
static long transfer(const uint64_t a[6], bool write)
{
    struct ranges here, there;
    if (a[5] != 0)
        return -EINVAL;
    long result = ranges_begin(&here, a[1], a[2]);
    if (result == 0 && !is_empty(&here)) {
        result = ranges_begin(&there, a[3], a[4]);
        if (result == 0 && !is_empty(&there))
            result = move((int32_t)a[0], &here, &there, write);
        ranges_end(&there);
    }
    ranges_end(&here);
    return result;
}

long sys_process_vm_readv(const uint64_t a[6])
{
    return transfer(a, false);
}

long sys_process_vm_writev(const uint64_t a[6])
{
    return transfer(a, true);
}
