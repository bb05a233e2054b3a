/*
 * A program's memory as seen from outside: the kernel reads and writes a space that the current thread is not in. It
 * finds the frame as the page tables have it, bringing the page in first, and goes to it through the direct map. For
 * programs that are being loaded, and for those who look at another process.
 *
 * A frame has a reference while it is in use, so that it stays while the space changes; what is written to one that has
 * been unmapped meanwhile is lost, as it would be had the write come a moment earlier.
 */
#include "vm/vm_internal.h"

#include "lib/errno.h"
#include "lib/string.h"

#define TRIES 16 /* until the page stays long enough to be found; who unmaps it over and over has himself to blame */

/* The page that is mapped at ADDRESS, if it may be used so, with a reference; NULL: it must be brought in. */
static struct page *find_mapped(struct vm_space *space, vaddr_t address, bool write)
{
    struct page *page = NULL;
    spin_lock(&space->table_lock);
    const uint64_t *entry = user_entry(&space->tables, address);
    uint64_t value = entry ? user_entry_get(entry) : 0;
    if (value && user_entry_is_present(value) && (!write || user_entry_is_writable(value))) {
        page = page_of(user_entry_page(value));
        page_get(page);
    }
    spin_unlock(&space->table_lock);
    return page;
}

int vm_get_page(struct vm_space *space, vaddr_t address, bool write, struct page **page)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        *page = find_mapped(space, address, write);
        if (*page)
            return 0;
        int error = vm_fault(space, address, write ? VM_FAULT_WRITE : 0, NULL);
        if (error)
            return error;
    }
    return -EFAULT;
}

static size_t copy(struct vm_space *space, vaddr_t address, void *buffer, size_t size, bool write)
{
    size_t done = 0;
    while (done < size) {
        struct page *page;
        size_t offset = (address + done) % PAGE_SIZE, piece = min_u64(size - done, PAGE_SIZE - offset);
        if (vm_get_page(space, address + done, write, &page) < 0)
            break;
        char *memory = (char *)page_memory(page) + offset, *ours = (char *)buffer + done;
        memcpy(write ? memory : ours, write ? ours : memory, piece);
        page_put(page);
        done += piece;
    }
    return done;
}

size_t vm_read(struct vm_space *space, vaddr_t from, void *to, size_t size)
{
    return copy(space, from, to, size, false);
}

size_t vm_write(struct vm_space *space, vaddr_t to, const void *from, size_t size)
{
    return copy(space, to, (void *)from, size, true);
}
