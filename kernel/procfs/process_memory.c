/*
 * A process's memory: what it was started with (cmdline, environ, auxv) and what is mapped where (maps, smaps).
 *
 * Whoever has opened one of these reads what the process has when he reads, so the right to look is checked again then:
 * it may have executed a program with other rights.
 *
 * Source: proc(5).
 */
#include "procfs/process.h"

#include "fs/dentry.h"
#include "lib/errno.h"
#include "mm/slab.h"

#define KIB_PER_PAGE (PAGE_SIZE / 1024)
#define COPY_MAX MIB(2) /* of arguments or environment */

/* Bytes of SPACE; those that are not there, and all that follow, are left out. */
static int put_memory(struct text *out, struct vm_space *space, vaddr_t start, vaddr_t end)
{
    char *buffer = kmalloc(PAGE_SIZE, 0);
    if (buffer == NULL)
        return -ENOMEM;
    for (vaddr_t at = start, stop = min_u64(end, start + COPY_MAX); at < stop;) {
        size_t wanted = min_u64(stop - at, PAGE_SIZE), got = vm_read(space, at, buffer, wanted);
        text_put(out, buffer, got);
        at += got;
        if (got < wanted)
            break;
    }
    kfree(buffer);
    return 0;
}

/*
 * Programs that have something to say write it over their arguments, and on into the environment if that is not
 * enough: when the last byte of the arguments is not NUL any more, it is one string up to its NUL.
 */
static int put_arguments(struct text *out, struct vm_space *space)
{
    char last = '\0';
    if (space->arguments_end > space->arguments)
        (void)vm_read(space, space->arguments_end - 1, &last, 1);
    if (last == '\0')
        return put_memory(out, space, space->arguments, space->arguments_end);
    int error = put_memory(out, space, space->arguments, space->environment_end);
    size_t length = 0;
    while (length < out->length && out->data[length] != '\0')
        length++;
    out->length = length;
    return error;
}

int process_show_cmdline(struct text *out, const struct pseudo_node *node)
{
    struct vm_space *space = subject_space(node);
    if (space == NULL)
        return 0;
    int error = put_arguments(out, space);
    vm_space_put(space);
    return error;
}

static int show_range(struct text *out, const struct pseudo_node *node, bool environment)
{
    int error = subject_may_look(node);
    struct vm_space *space = error ? NULL : subject_space(node);
    if (space == NULL)
        return error;
    error = environment ? put_memory(out, space, space->arguments_end, space->environment_end)
                        : put_memory(out, space, space->auxiliary, space->auxiliary_end);
    vm_space_put(space);
    return error;
}

int process_show_environ(struct text *out, const struct pseudo_node *node)
{
    return show_range(out, node, true);
}

int process_show_auxv(struct text *out, const struct pseudo_node *node)
{
    return show_range(out, node, false);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Maps
 */

#define NAME_COLUMN 73

static void put_name(struct text *out, size_t start, const struct vm_space *space, const struct vm_area *area)
{
    const struct path *path = origin_path(area->origin);
    const char *name = NULL;
    if (path == NULL && area->object && area->flags & VM_SHARED)
        name = "/dev/zero (deleted)";
    else if (area->flags & VM_SPECIAL)
        name = space->vdso >= area->start && space->vdso < area->end ? "[vdso]" : "[vvar]";
    else if (area->flags & VM_HEAP)
        name = "[heap]";
    else if (space->stack_start >= area->start && space->stack_start < area->end)
        name = "[stack]";
    if (path || name)
        text_pad(out, start, NAME_COLUMN);
    if (path)
        (void)process_put_path(out, path, "\n");
    else if (name)
        text_puts(out, name);
}

static void put_area(struct text *out, const struct vm_space *space, const struct vm_area *area)
{
    size_t start = out->length;
    const struct path *path = origin_path(area->origin);
    const struct inode *inode = path ? path->dentry->inode : NULL;
    uint64_t device = inode && inode->super ? inode->super->device : 0;
    text_printf(out, "%08lx-%08lx %c%c%c%c ", area->start, area->end, area->flags & VM_READ ? 'r' : '-',
        area->flags & VM_WRITE ? 'w' : '-', area->flags & VM_EXECUTE ? 'x' : '-', area->flags & VM_SHARED ? 's' : 'p');
    text_printf(
        out, "%08lx 00:%02lx %lu ", area->object ? area->offset << PAGE_SHIFT : 0, device, inode ? inode->number : 0);
    put_name(out, start, space, area);
    text_puts(out, "\n");
}

static void put_usage(struct text *out, const struct vm_usage *usage, bool rollup)
{
    const struct {
        const char *name;
        uint64_t kib;
        bool only_rollup;
    } lines[] = {
        {"Rss", usage->resident * KIB_PER_PAGE, false},
        {"Pss", usage->share / 1024, false},
        {"Pss_Dirty", usage->share_dirty / 1024, false},
        {"Pss_Anon", usage->share_anonymous / 1024, true},
        {"Pss_File", (usage->share - usage->share_anonymous - usage->share_shared_memory) / 1024, true},
        {"Pss_Shmem", usage->share_shared_memory / 1024, true},
        {"Shared_Clean", usage->shared_clean * KIB_PER_PAGE, false},
        {"Shared_Dirty", usage->shared_dirty * KIB_PER_PAGE, false},
        {"Private_Clean", usage->private_clean * KIB_PER_PAGE, false},
        {"Private_Dirty", usage->private_dirty * KIB_PER_PAGE, false},
        {"Referenced", usage->resident * KIB_PER_PAGE, false},
        {"Anonymous", usage->anonymous * KIB_PER_PAGE, false},
        {"LazyFree", 0, false},
        {"AnonHugePages", 0, false},
        {"ShmemPmdMapped", 0, false},
        {"FilePmdMapped", 0, false},
        {"Shared_Hugetlb", 0, false},
        {"Private_Hugetlb", 0, false},
        {"Swap", 0, false},
        {"SwapPss", 0, false},
        {"Locked", 0, false},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(lines); i++) {
        size_t start = out->length;
        if (lines[i].only_rollup && !rollup)
            continue;
        text_printf(out, "%s:", lines[i].name);
        text_pad(out, start, 16);
        text_printf(out, "%8lu kB\n", lines[i].kib);
    }
}

static void put_flags(struct text *out, const struct vm_area *area)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {{VM_READ, "rd"}, {VM_WRITE, "wr"}, {VM_EXECUTE, "ex"}, {VM_SHARED, "sh"}, {VM_MAY_WRITE, "mw"},
        {VM_GROWS_DOWN, "gd"}, {VM_NO_FORK, "dc"}, {VM_NO_RESERVE, "nr"}};
    text_puts(out, "THPeligible:           0\nVmFlags: ");
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
        if (area->flags & names[i].flag)
            text_printf(out, "%s ", names[i].name);
    text_puts(out, "\n");
}

static void put_details(struct text *out, struct vm_space *space, const struct vm_area *area)
{
    struct vm_usage usage = {0};
    vm_measure_locked(space, area, &usage);
    text_printf(out, "Size:           %8lu kB\nKernelPageSize: %8u kB\nMMUPageSize:    %8u kB\n",
        (area->end - area->start) / 1024, KIB_PER_PAGE, KIB_PER_PAGE);
    put_usage(out, &usage, false);
    put_flags(out, area);
}

static int show_areas(struct text *out, const struct pseudo_node *node, bool details)
{
    int error = subject_may_look(node);
    struct vm_space *space = error ? NULL : subject_space(node);
    if (space == NULL)
        return error;
    rwlock_read(&space->lock);
    for (struct vm_area *area = vm_find_locked(space, 0); area && !out->failed; area = vm_area_next(area)) {
        put_area(out, space, area);
        if (details)
            put_details(out, space, area);
    }
    rwlock_read_unlock(&space->lock);
    vm_space_put(space);
    return 0;
}

int process_show_maps(struct text *out, const struct pseudo_node *node)
{
    return show_areas(out, node, false);
}

int process_show_smaps(struct text *out, const struct pseudo_node *node)
{
    return show_areas(out, node, true);
}

int process_show_smaps_rollup(struct text *out, const struct pseudo_node *node)
{
    struct vm_usage usage = {0};
    vaddr_t start = 0, end = 0;
    int error = subject_may_look(node);
    struct vm_space *space = error ? NULL : subject_space(node);
    if (space == NULL)
        return error ? error : -ESRCH;
    rwlock_read(&space->lock);
    for (struct vm_area *area = vm_find_locked(space, 0); area; area = vm_area_next(area)) {
        start = start ? start : area->start;
        end = area->end;
        vm_measure_locked(space, area, &usage);
    }
    rwlock_read_unlock(&space->lock);
    vm_space_put(space);
    size_t line = out->length;
    text_printf(out, "%08lx-%08lx ---p 00000000 00:00 0 ", start, end);
    text_pad(out, line, NAME_COLUMN);
    text_puts(out, "[rollup]\n");
    put_usage(out, &usage, true);
    return 0;
}
