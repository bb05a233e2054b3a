/*
 * What ps and top read of each process: /proc/PID/stat, statm, status and comm.
 *
 * Where the reader may not look into the process, addresses are 0, as on Linux.
 *
 * Source: proc(5).
 */
#include "procfs/process.h"
#include "procfs/snapshot.h"

#include "lib/errno.h"
#include "lib/string.h"

#define TICK_NS (uint64_t)(NS_PER_SECOND / 100)
#define KIB_PER_PAGE (PAGE_SIZE / 1024)

/* Linux's PF_ bits, as far as something is known of them. */
#define PF_EXITING 0x4u
#define PF_FORKNOEXEC 0x40u
#define PF_RANDOMIZE 0x400000u

/* What stat and status show of the memory; all 0 without any. */
struct memory {
    uint64_t mapped, mapped_peak, resident, resident_peak; /* pages */
    uint64_t stack, code, library, data;                   /* pages of areas */
    uint64_t tables;
    struct vm_usage usage;
    vaddr_t code_start, code_end, stack_start, brk_start, data_start, data_end;
    vaddr_t arguments, arguments_end, environment_end;
};

static void add_area(struct memory *memory, const struct vm_area *area, const struct path *executable)
{
    uint64_t pages = (area->end - area->start) >> PAGE_SHIFT;
    const struct path *path = origin_path(area->origin);
    bool own = path && executable && path->dentry == executable->dentry;
    if (area->flags & VM_GROWS_DOWN)
        memory->stack += pages;
    else if ((area->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
        memory->data += pages;
    if (own && area->flags & VM_EXECUTE && memory->code_start == 0) {
        memory->code_start = area->start;
        memory->code_end = area->end;
    }
    if (own && area->flags & VM_WRITE && memory->data_start == 0) {
        memory->data_start = area->start;
        memory->data_end = area->end;
    }
    if (path && area->flags & VM_EXECUTE)
        *(own ? &memory->code : &memory->library) += pages;
}

static void read_areas(struct memory *memory, struct vm_space *space, const struct path *executable, bool measure)
{
    rwlock_read(&space->lock);
    for (struct vm_area *area = vm_find_locked(space, 0); area; area = vm_area_next(area)) {
        add_area(memory, area, executable);
        if (measure)
            vm_measure_locked(space, area, &memory->usage);
    }
    rwlock_read_unlock(&space->lock);
}

/* MEASURE: also what of it is in memory, and whose, which takes time. */
static void read_memory(const struct pseudo_node *node, struct memory *memory, bool measure)
{
    *memory = (struct memory){0};
    struct vm_space *space = subject_space(node);
    struct process *process = space ? subject_process(node) : NULL;
    struct file *executable = process ? process_executable(process) : NULL;
    if (space) {
        read_areas(memory, space, executable ? &executable->path : NULL, measure);
        memory->mapped = space->pages_mapped;
        memory->mapped_peak = space->pages_mapped_peak;
        memory->resident = space->pages_resident;
        memory->resident_peak = space->pages_peak;
        memory->tables = space->tables.count;
        memory->stack_start = space->stack_start;
        memory->brk_start = space->brk_start;
        memory->arguments = space->arguments;
        memory->arguments_end = space->arguments_end;
        memory->environment_end = space->environment_end;
        vm_space_put(space);
    }
    if (executable)
        file_put(executable);
    if (process)
        process_put(process);
}

/* ------------------------------------------------------------------------------------------------------------------
 * stat, statm, comm
 */

/* As glibc's makedev has it, in 32 bits. */
static uint32_t encode_device(uint32_t device)
{
    uint32_t major = device >> 8, minor = device & 0xff;
    return minor | major << 8;
}

static unsigned flags_of(const struct snapshot *s)
{
    return PF_RANDOMIZE | (s->exiting ? PF_EXITING : 0) | (s->has_executed ? 0 : PF_FORKNOEXEC);
}

/* Fields 1 to 25. */
static void show_run(struct text *out, const struct snapshot *s, const struct memory *memory, bool whole)
{
    text_printf(out, "%d (%s) %c %d %d %d %u %d %u ", whole ? s->process : s->task, s->name, s->state, s->parent,
        s->group, s->session, encode_device(s->terminal), s->foreground, flags_of(s));
    text_printf(out, "%lu %lu %lu %lu ", s->used.minor_faults, s->children_used.minor_faults, s->used.major_faults,
        s->children_used.major_faults);
    text_printf(out, "%lu %lu %lu %lu ", s->used.user_ns / TICK_NS, s->used.system_ns / TICK_NS,
        s->children_used.user_ns / TICK_NS, s->children_used.system_ns / TICK_NS);
    text_printf(out, "%d %d %u 0 %lu %lu %lu %lu ", 20 + s->nice, s->nice, s->tasks, s->started / TICK_NS,
        memory->mapped * PAGE_SIZE, memory->resident, s->limits[RLIMIT_RSS].current);
}

#define LOW_SIGNALS 0x7fffffff

/* Fields 26 to 52. */
static void show_rest(struct text *out, const struct snapshot *s, const struct memory *memory, bool may_look)
{
    struct memory shown = {.code_start = memory->mapped > 0, .code_end = memory->mapped > 0};
    if (may_look)
        shown = *memory;
    text_printf(out, "%lu %lu %lu 0 0 ", shown.code_start, shown.code_end, shown.stack_start);
    text_printf(out, "%lu %lu %lu %lu ", s->pending & LOW_SIGNALS, s->blocked & LOW_SIGNALS, s->ignored & LOW_SIGNALS,
        s->caught & LOW_SIGNALS);
    text_printf(out, "%d 0 0 %d %u 0 %d 0 0 0 ", may_look && s->state != 'R' && s->state != 'Z', s->exit_signal, s->cpu,
        s->policy);
    text_printf(out, "%lu %lu %lu %lu %lu %lu %lu %d\n", shown.data_start, shown.data_end, shown.brk_start,
        shown.arguments, shown.arguments_end, shown.arguments_end, shown.environment_end,
        may_look ? s->exit_status : 0);
}

int process_show_stat(struct text *out, const struct pseudo_node *node)
{
    struct snapshot snapshot;
    struct memory memory;
    int error = snapshot_take(node, &snapshot);
    if (error)
        return error;
    read_memory(node, &memory, false);
    show_run(out, &snapshot, &memory, node->parts[SUBJECT_TASK] == 0);
    show_rest(out, &snapshot, &memory, subject_may_look(node) == 0);
    return 0;
}

int process_show_statm(struct text *out, const struct pseudo_node *node)
{
    struct memory memory;
    read_memory(node, &memory, true);
    text_printf(out, "%lu %lu %lu %lu 0 %lu 0\n", memory.mapped, memory.resident,
        memory.usage.file + memory.usage.shared_memory, memory.code, memory.data + memory.stack);
    return 0;
}

int process_show_comm(struct text *out, const struct pseudo_node *node)
{
    struct snapshot snapshot;
    int error = snapshot_take(node, &snapshot);
    if (!error)
        text_printf(out, "%s\n", snapshot.name);
    return error;
}

/* Another thread of one's own process. */
static int rename_sibling(const struct pseudo_node *node, const char *name)
{
    spin_lock(&processes_lock);
    struct task *task = subject_task_locked(node);
    if (task)
        strlcpy(
            task->number == task->process->number ? task->process->name : task->thread->name, name, THREAD_NAME_SIZE);
    spin_unlock(&processes_lock);
    return task ? 0 : -ESRCH;
}

/* Only for oneself, and one's own threads. */
int process_store_comm(const struct pseudo_node *node, const char *text, size_t length)
{
    const struct task *self = task_current();
    if (self == NULL || (uint64_t)self->process->number != node->parts[SUBJECT_PROCESS])
        return -EINVAL;
    uint64_t number = node->parts[SUBJECT_TASK] ? node->parts[SUBJECT_TASK] : node->parts[SUBJECT_PROCESS];
    if (number != (uint64_t)self->number)
        return rename_sibling(node, text);
    task_set_name(text);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * status
 */

static const char *describe_state(char state)
{
    static const char *const descriptions[] = {
        "R (running)", "S (sleeping)", "D (disk sleep)", "T (stopped)", "Z (zombie)"};
    for (unsigned i = 0; i < ARRAY_LENGTH(descriptions); i++)
        if (descriptions[i][0] == state)
            return descriptions[i];
    return "?";
}

/* A name may have anything in it; a line's end must not be there twice. */
static void show_identity(struct text *out, const struct snapshot *s, bool whole)
{
    int32_t number = whole ? s->process : s->task;
    text_puts(out, "Name:\t");
    text_put_escaped(out, s->name, strnlen(s->name, sizeof s->name), "\n");
    if (s->has_umask)
        text_printf(out, "\nUmask:\t%04o", s->umask);
    text_printf(out, "\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
        describe_state(s->state), s->process, number, s->parent);
}

static void show_credentials(struct text *out, const struct credentials *c, unsigned file_room)
{
    text_printf(out, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid);
    text_printf(out, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->fsgid);
    text_printf(out, "FDSize:\t%u\nGroups:\t", file_room);
    for (unsigned i = 0; i < c->group_count; i++)
        text_printf(out, "%u ", c->groups[i]);
    text_puts(out, c->group_count ? "\n" : " \n");
}

static void show_numbers(struct text *out, const struct snapshot *s, bool whole)
{
    text_puts(out, "NStgid:");
    for (unsigned i = s->first_level; i < s->levels; i++)
        text_printf(out, "\t%d", s->numbers[i].process);
    text_puts(out, "\nNSpid:");
    for (unsigned i = s->first_level; i < s->levels; i++)
        text_printf(out, "\t%d", whole ? s->numbers[i].process : s->numbers[i].task);
    text_puts(out, "\nNSpgid:");
    for (unsigned i = s->first_level; i < s->levels; i++)
        text_printf(out, "\t%d", s->numbers[i].group);
    text_puts(out, "\nNSsid:");
    for (unsigned i = s->first_level; i < s->levels; i++)
        text_printf(out, "\t%d", s->numbers[i].session);
    text_puts(out, "\n");
}

static void show_memory(struct text *out, const struct memory *memory)
{
    const struct {
        const char *name;
        uint64_t pages;
    } lines[] = {
        {"VmPeak", memory->mapped_peak},
        {"VmSize", memory->mapped},
        {"VmLck", 0},
        {"VmPin", 0},
        {"VmHWM", max_u64(memory->resident_peak, memory->resident)},
        {"VmRSS", memory->resident},
        {"RssAnon", memory->usage.anonymous},
        {"RssFile", memory->usage.file},
        {"RssShmem", memory->usage.shared_memory},
        {"VmData", memory->data},
        {"VmStk", memory->stack},
        {"VmExe", memory->code},
        {"VmLib", memory->library},
        {"VmPTE", memory->tables},
        {"VmSwap", 0},
        {"HugetlbPages", 0},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(lines); i++)
        text_printf(out, "%s:\t%8lu kB\n", lines[i].name, lines[i].pages * KIB_PER_PAGE);
    text_puts(out, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void show_signals(struct text *out, const struct snapshot *s)
{
    text_printf(
        out, "Threads:\t%u\nSigQ:\t%u/%lu\n", s->tasks, s->signals_queued, s->limits[RLIMIT_SIGPENDING].current);
    text_printf(out, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
        s->pending, s->shared_pending, s->blocked, s->ignored, s->caught);
}

static void show_capabilities(struct text *out, const struct credentials *c)
{
    text_printf(out, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
        c->inheritable, c->permitted, c->effective, c->bounding, c->ambient);
    text_printf(out, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", c->no_new_privileges);
}

static void show_placement(struct text *out, const struct snapshot *s)
{
    text_puts(out, "Cpus_allowed:\t");
    text_put_bits(out, s->allowed.bits, cpu_count);
    text_puts(out, "\nCpus_allowed_list:\t");
    text_put_bit_list(out, s->allowed.bits, cpu_count);
    text_puts(out, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
    text_printf(
        out, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", s->used.waits, s->used.preemptions);
}

static unsigned room_for_files(const struct pseudo_node *node)
{
    struct task_files *files = subject_files(node);
    if (files == NULL)
        return 0;
    unsigned size = files_size(files);
    files_put(files);
    return size;
}

int process_show_status(struct text *out, const struct pseudo_node *node)
{
    struct snapshot snapshot;
    struct memory memory;
    bool whole = node->parts[SUBJECT_TASK] == 0;
    const struct credentials *credentials = subject_credentials(node);
    int error = credentials ? snapshot_take(node, &snapshot) : -ESRCH;
    if (!error) {
        read_memory(node, &memory, true);
        show_identity(out, &snapshot, whole);
        show_credentials(out, credentials, room_for_files(node));
        show_numbers(out, &snapshot, whole);
        if (memory.mapped)
            show_memory(out, &memory);
        show_signals(out, &snapshot);
        show_capabilities(out, credentials);
        show_placement(out, &snapshot);
    }
    if (credentials)
        credentials_put(credentials);
    return error;
}
