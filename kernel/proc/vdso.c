/*
 * Mapping the vDSO: see vdso.h. Its pages are made once and belong to two objects that last for ever: the data
 * ("[vvar]" in /proc/PID/maps), which nobody may write to, and the code ("[vdso]"), of which a debugger may get a copy
 * of its own.
 *
 * Source: vdso(7).
 */
#include "proc/vdso.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/trap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "time/share.h"
#include "vdso/image.h"
#include "vdso/vdso.h"

#define LOG_NAME "vdso"
#define CODE_PAGES_MAX 4u

_Static_assert(sizeof(struct clock_shared) <= VDSO_DATA_SIZE && VDSO_DATA_SIZE == PAGE_SIZE, "one page of data");

struct part {
    struct vm_object object;
    unsigned count; /* 0: there is no memory for it */
    struct page *pages[CODE_PAGES_MAX];
};

static struct page *peek_page(struct vm_object *object, uint64_t index)
{
    struct part *part = object->owner;
    if (index >= part->count)
        return NULL;
    page_get(part->pages[index]);
    return part->pages[index];
}

static int get_page(struct vm_object *object, uint64_t index, bool write, struct page **page)
{
    *page = peek_page(object, index);
    return *page ? 0 : -EFAULT;
}

static bool holds(struct vm_object *object, uint64_t index)
{
    return index < ((struct part *)object->owner)->count;
}

static void for_ever(struct vm_object *object) {}

static const struct vm_object_ops ops = {
    .get_page = get_page, .peek_page = peek_page, .holds = holds, .get = for_ever, .put = for_ever};

static struct part data, code;

static bool part_make(struct part *part, const char *bytes, size_t size)
{
    vm_object_init(&part->object, &ops, part);
    for (size_t done = 0; done < size; done += PAGE_SIZE) {
        struct page *page = part->count < CODE_PAGES_MAX ? page_allocate(0, ALLOC_ZERO) : NULL;
        if (page == NULL)
            return false;
        part->pages[part->count++] = page;
        if (bytes)
            memcpy(page_memory(page), bytes + done, min_u64(size - done, PAGE_SIZE));
    }
    return true;
}

static void part_free(struct part *part)
{
    while (part->count > 0)
        page_put(part->pages[--part->count]);
}

void vdso_init(void)
{
    if (!part_make(&code, vdso_image, (size_t)(vdso_image_end - vdso_image)) ||
        !part_make(&data, NULL, VDSO_DATA_SIZE)) {
        log_warning("there is no memory for the vDSO: programs read the clocks by system calls");
        part_free(&code);
        part_free(&data);
        return;
    }
    struct clock_shared *shared = page_memory(data.pages[0]);
    shared->cpu_selector = cpu_has(CPU_RDPID) ? 0 : SELECTOR_CPU_NUMBER;
    clock_share(shared);
}

uint64_t vdso_size(void)
{
    return (data.count + code.count) * PAGE_SIZE;
}

int vdso_map(struct vm_space *space, vaddr_t place, vaddr_t *base)
{
    uint64_t size = code.count * PAGE_SIZE;
    *base = 0;
    if (code.count == 0)
        return 0;
    if (place == 0 || place > USER_END - vdso_size())
        place = vm_find_place(space, vdso_size(), PAGE_SIZE);
    long start = vm_map(space, place, VDSO_DATA_SIZE, VM_READ | VM_SPECIAL, VM_MAP_NO_REPLACE, &data.object, 0);
    if (start < 0)
        return (int)start;
    start = vm_map(space, place + VDSO_DATA_SIZE, size, VM_READ | VM_EXECUTE | VM_MAY_WRITE | VM_SPECIAL,
        VM_MAP_NO_REPLACE, &code.object, 0);
    if (start < 0)
        return (int)start;
    *base = space->vdso = (vaddr_t)start;
    return 0;
}
