/*
 * Loading programs: see program.h. The steps:
 *
 *     the file is opened, an address space made, and all strings copied to its stack;
 *     while the file is a script, its interpreter takes its place, and its line goes before the arguments;
 *     the ELF headers of the program, and of the interpreter that it names, are read and checked;
 *     both are mapped, and what they need to know of each other goes onto the stack.
 *
 * Up to the last step a failure is an error. What fails then is a program that cannot be (`broken`), and who executes
 * it does not get back: programs know it so from Linux, where the old memory is gone by then.
 *
 * Where things lie is chance, within the ranges below: an attacker who knows one address should learn as little as can
 * be from it. From the top: the stack, a gap for it to grow, maps (mmap) downwards, the interpreter first; the program
 * and above it the heap much lower.
 *
 * Source: System V ABI, edition 4.1, chapter 5; AMD64 supplement, 3.4.1; execve(2), getauxval(3).
 */
#include "proc/program.h"

#include "arch/x86_64/cpu.h"
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/elf.h"
#include "proc/program_stack.h"
#include "proc/rights.h"
#include "proc/script.h"
#include "proc/signal.h"
#include "proc/vdso.h"
#include "random.h"

#define RFLAGS_FIXED 2u

#define STACK_INITIAL KIB(132)
#define STACK_GAP MIB(64)              /* between the stack at its largest and the first map */
#define MAP_GAP_MIN MIB(128)           /* above the first map */
#define MAP_GAP_MAX (USER_END / 6 * 5) /* even for a stack without a limit */
#define IMAGE_BASE 0x555555554000ull   /* about two thirds up, as on Linux: far from heap, maps and stack */
#define INTERPRETERS_MAX 5             /* scripts that are run by scripts */
#define STACK_SHIFT 2048u

/* How many pages by chance. */
#define STACK_CHANCE (1u << 22)
#define MAP_CHANCE (1u << 28)
#define IMAGE_CHANCE (1u << 28)
#define HEAP_CHANCE (1u << 13)

#define AT_NULL 0
#define AT_IGNORE 1
#define AT_PHDR 3
#define AT_PHENT 4
#define AT_PHNUM 5
#define AT_PAGESZ 6
#define AT_BASE 7
#define AT_FLAGS 8
#define AT_ENTRY 9
#define AT_UID 11
#define AT_EUID 12
#define AT_GID 13
#define AT_EGID 14
#define AT_PLATFORM 15
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23
#define AT_RANDOM 25
#define AT_HWCAP2 26
#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33
#define AT_MINSIGSTKSZ 51
#define HWCAP2_FSGSBASE (1u << 1)

/* A program on its way. */
struct loading {
    const struct program_request *request;
    struct program *program;
    struct program_stack stack;
    bool fixed_places;
    struct file *file; /* what is looked at: the program, a script, its interpreter */
    size_t size;       /* of what `head` has of it */
    char head[ELF_HEAD] __attribute__((aligned(8)));
    char name[SCRIPT_HEAD]; /* of the script's interpreter */
    struct elf elf, interpreter;
    struct file *interpreter_file;
    char interpreter_head[ELF_HEAD] __attribute__((aligned(8)));
    struct elf_image image;
    vaddr_t interpreter_base;
    vaddr_t name_address; /* of the path, on the stack */
    vaddr_t vdso;
};

static uint64_t chance(const struct loading *loading, uint64_t pages)
{
    return loading->fixed_places ? 0 : random_u64() % pages * PAGE_SIZE;
}

/* Its first bytes, and zeros where it is shorter. */
static int read_head(struct file *file, char head[ELF_HEAD], size_t *size)
{
    struct iov iov;
    uint64_t offset = 0;
    iov_init_kernel(&iov, head, ELF_HEAD);
    long got = file_read(file, &iov, &offset);
    if (got < 0)
        return (int)got;
    memset(head + got, 0, ELF_HEAD - (size_t)got);
    *size = (size_t)got;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The space and the stack
 */

static const char *name_of(const struct program_request *request)
{
    return request->name ? request->name : request->path;
}

static int space_lay_out(struct loading *loading)
{
    struct vm_space *space = loading->program->space;
    const struct program_limits *limits = &loading->request->limits;
    vm_set_limits(space, limits->stack, limits->data, limits->address_space);
    space->stack_top = USER_END - chance(loading, STACK_CHANCE);
    uint64_t gap = min_u64(max_u64(min_u64(limits->stack, USER_END) + STACK_GAP, MAP_GAP_MIN), MAP_GAP_MAX);
    space->map_top = align_down(space->stack_top - gap, PAGE_SIZE) - chance(loading, MAP_CHANCE);
    long place = vm_map(space, space->stack_top - STACK_INITIAL, STACK_INITIAL,
        VM_READ | VM_WRITE | VM_MAY_WRITE | VM_GROWS_DOWN, VM_MAP_NO_REPLACE, NULL, 0);
    return place < 0 ? (int)place : 0;
}

static int push_strings(struct loading *loading)
{
    unsigned shift = loading->fixed_places ? 0 : (unsigned)(random_u64() % STACK_SHIFT);
    program_stack_begin(&loading->stack, loading->program->space, shift);
    int error = program_stack_limit(&loading->stack, &loading->request->arguments);
    if (!error)
        error = program_stack_push_string(&loading->stack, name_of(loading->request));
    loading->name_address = loading->stack.pointer;
    if (!error)
        error = program_stack_push_arguments(&loading->stack, &loading->request->arguments);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Scripts
 */

/* The script PATH gives way to its interpreter: `path` and its line's words go before the other arguments. */
static int take_interpreter(struct loading *loading, const struct script *script, const char *path)
{
    struct program_stack *stack = &loading->stack;
    if (loading->request->unreachable)
        return -ENOENT;
    int error = program_stack_drop_argument(stack);
    if (!error)
        error = program_stack_push_string(stack, path);
    if (!error && script->argument)
        error = program_stack_push_string(stack, script->argument);
    if (!error)
        error = program_stack_push_string(stack, script->interpreter);
    if (error)
        return error;
    stack->argument_count += 2u + (script->argument != NULL);
    strlcpy(loading->name, script->interpreter, sizeof loading->name);
    struct file *file = file_open_program(&loading->request->walk, loading->name, &error);
    if (file == NULL)
        return error;
    file_put(loading->file);
    loading->file = file;
    return 0;
}

/* Goes from script to interpreter until there is something that is no script, and reads its head. */
static int find_program(struct loading *loading)
{
    const char *path = name_of(loading->request);
    for (unsigned depth = 0;; depth++) {
        struct script script;
        if (depth > INTERPRETERS_MAX)
            return -ELOOP;
        int error = read_head(loading->file, loading->head, &loading->size);
        if (error)
            return error;
        if (memcmp(loading->head, "#!", 2) != 0)
            return 0;
        if (!script_parse(loading->head, &script))
            return -ENOEXEC;
        error = take_interpreter(loading, &script, path);
        if (error)
            return error;
        path = loading->name;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * ELF
 */

/* The rights that the file gives who executes it. */
static int take_rights(struct loading *loading)
{
    struct program *program = loading->program;
    int error =
        rights_of_program(loading->request->walk.credentials, loading->file, &program->credentials, &program->secure);
    if (program->secure)
        loading->fixed_places = false; /* who runs it does not say where it lies */
    return error;
}

/* The interpreter that the program names, if it does: its file and headers. */
static int open_interpreter(struct loading *loading)
{
    int error;
    size_t size;
    char *name = elf_interpreter(&loading->elf, &error);
    if (name == NULL)
        return error;
    loading->interpreter_file = file_open_program(&loading->request->walk, name, &error);
    kfree(name);
    if (loading->interpreter_file == NULL)
        return error;
    error = read_head(loading->interpreter_file, loading->interpreter_head, &size);
    if (!error && size < sizeof(struct elf64_ehdr))
        error = -EIO;
    if (error)
        return error;
    error = elf_open(loading->interpreter_file, loading->interpreter_head, size, &loading->interpreter);
    return error == -ENOEXEC ? -ELIBBAD : error;
}

static int make_stack_executable(struct vm_space *space)
{
    rwlock_read(&space->lock);
    const struct vm_area *area = vm_find_locked(space, space->stack_top - 1);
    vaddr_t start = area ? area->start : space->stack_top;
    rwlock_read_unlock(&space->lock);
    return vm_protect(space, start, space->stack_top - start, VM_READ | VM_WRITE | VM_EXECUTE);
}

static int map_image(struct loading *loading)
{
    struct elf *elf = &loading->elf;
    struct vm_space *space = loading->program->space;
    struct elf_extent extent = {.alignment = PAGE_SIZE};
    if (elf->header.e_type == ET_DYN && elf_measure(elf->segments, elf->header.e_phnum, &extent) < 0)
        return -EINVAL;
    int error = elf_place(elf, align_down(IMAGE_BASE + chance(loading, IMAGE_CHANCE), extent.alignment));
    if (!error)
        error = elf_map(elf, space, &loading->image);
    if (!error && elf_wants_executable_stack(elf))
        error = make_stack_executable(space);
    space->brk_start = space->brk = loading->image.end + chance(loading, HEAP_CHANCE);
    loading->program->entry = loading->image.entry;
    return error;
}

/* Above the stack by chance, where no more page tables are needed for it; or with the other maps. */
static int map_vdso(struct loading *loading)
{
    struct vm_space *space = loading->program->space;
    vaddr_t place = space->stack_top + chance(loading, PAGE_SIZE_2M / PAGE_SIZE);
    if (loading->fixed_places || place > USER_END - vdso_size())
        place = 0;
    return vdso_map(space, place, &loading->vdso);
}

/* The program begins in it, then. */
static int map_interpreter(struct loading *loading)
{
    struct elf *elf = &loading->interpreter;
    struct elf_extent extent;
    struct elf_image image;
    int error = elf_measure(elf->segments, elf->header.e_phnum, &extent);
    if (!error)
        error = elf_place(elf, vm_find_place(loading->program->space, extent.size, extent.alignment));
    if (!error)
        error = elf_map(elf, loading->program->space, &image);
    loading->interpreter_base = image.base;
    loading->program->entry = image.entry;
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The auxiliary vector
 */

static int push_auxiliary(struct loading *loading)
{
    const struct credentials *credentials = loading->program->credentials;
    if (credentials == NULL)
        credentials = loading->request->walk.credentials;
    struct program_stack *stack = &loading->stack;
    vaddr_t arguments = stack->pointer;
    uint8_t random[16];
    random_bytes(random, sizeof random);
    stack->lowest = 0;
    stack->pointer = align_down(stack->pointer, 16);
    int error = program_stack_push_string(stack, "x86_64");
    vaddr_t platform = stack->pointer;
    if (!error)
        error = program_stack_push_bytes(stack, random, sizeof random);
    if (error)
        return error;
    const uint64_t auxiliary[] = {
        loading->vdso ? AT_SYSINFO_EHDR : AT_IGNORE,
        loading->vdso,
        AT_MINSIGSTKSZ,
        signal_frame_size(),
        AT_HWCAP,
        cpu_id(1, 0).edx,
        AT_PAGESZ,
        PAGE_SIZE,
        AT_CLKTCK,
        100,
        AT_PHDR,
        loading->image.headers,
        AT_PHENT,
        sizeof(struct elf64_phdr),
        AT_PHNUM,
        loading->elf.header.e_phnum,
        AT_BASE,
        loading->interpreter_base,
        AT_FLAGS,
        0,
        AT_ENTRY,
        loading->image.entry,
        AT_UID,
        credentials->uid,
        AT_EUID,
        credentials->euid,
        AT_GID,
        credentials->gid,
        AT_EGID,
        credentials->egid,
        AT_SECURE,
        loading->program->secure,
        AT_RANDOM,
        stack->pointer,
        AT_HWCAP2,
        cpu_has(CPU_FSGSBASE) ? HWCAP2_FSGSBASE : 0,
        AT_EXECFN,
        loading->name_address,
        AT_PLATFORM,
        platform,
        AT_NULL,
        0,
    };
    return program_stack_finish(stack, arguments, auxiliary, ARRAY_LENGTH(auxiliary));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The whole
 */

/* Everything that is there is checked, and no program's memory but the new one's has changed. */
static int map_all(struct loading *loading)
{
    int error = map_image(loading);
    if (!error)
        error = map_vdso(loading);
    if (!error && loading->interpreter_file)
        error = map_interpreter(loading);
    if (!error)
        error = push_auxiliary(loading);
    loading->program->stack_pointer = loading->stack.pointer;
    loading->program->broken = error && error != -ENOMEM;
    return error;
}

static int load(struct loading *loading)
{
    int error = space_lay_out(loading);
    if (!error)
        error = push_strings(loading);
    if (!error)
        error = find_program(loading);
    if (!error)
        error = elf_open(loading->file, loading->head, loading->size, &loading->elf);
    if (!error && loading->elf.header.e_type != ET_EXEC && loading->elf.header.e_type != ET_DYN)
        error = -ENOEXEC;
    if (!error)
        error = open_interpreter(loading);
    if (!error)
        error = take_rights(loading);
    return error ? error : map_all(loading);
}

int program_load(const struct program_request *request, struct program *program)
{
    int error;
    *program = (struct program){.space = NULL};
    struct walk walk = request->walk;
    if (request->directory.mount)
        walk.start = request->directory;
    walk.flags = request->walk_flags;
    struct file *file = file_open_program(&walk, request->path, &error);
    if (file == NULL)
        return error;
    struct loading *loading = kmalloc(sizeof *loading, ALLOC_ZERO);
    program->space = vm_space_create();
    if (loading && program->space) {
        loading->request = request;
        loading->fixed_places = request->fixed_places || cmdline_flag("norandmaps");
        loading->program = program;
        loading->file = file;
        error = load(loading);
        file = loading->file;
        program_stack_end(&loading->stack);
        elf_close(&loading->elf);
        elf_close(&loading->interpreter);
        if (loading->interpreter_file)
            file_put(loading->interpreter_file);
    } else {
        error = -ENOMEM;
    }
    kfree(loading);
    program->file = file;
    if (error)
        program_put(program);
    return error;
}

void program_put(struct program *program)
{
    vm_space_put(program->space);
    file_put(program->file);
    if (program->credentials)
        credentials_put(program->credentials);
    program->space = NULL;
    program->file = NULL;
    program->credentials = NULL;
}

void program_registers(const struct program *program, struct trap_frame *frame)
{
    *frame = (struct trap_frame){.rip = program->entry,
        .cs = SELECTOR_USER_CODE,
        .rflags = RFLAGS_IF | RFLAGS_FIXED,
        .rsp = program->stack_pointer,
        .ss = SELECTOR_USER_DATA};
}
