/*
 * Loading programs: see program.h.
 *
 * Where things lie is chance, within the ranges below: an attacker who knows one address should learn as little as can
 * be from it. From the top: the stack, a gap for it to grow, maps (mmap) downwards; the program and above it the heap
 * much lower.
 *
 * The stack is made in a buffer of the kernel and copied at once. From its top, where the program's first instruction
 * finds RSP at argc:
 *
 *     argc, argv[], NULL, environment[], NULL, auxiliary vector (pairs, AT_NULL last)
 *     16 random bytes, the strings
 *
 * Source: System V ABI, AMD64 supplement, 3.4.1 (initial stack and registers); getauxval(3).
 */
#include "proc/program.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/elf.h"
#include "random.h"

#define RFLAGS_FIXED 2u

#define STACK_INITIAL KIB(132)
#define STACK_LIMIT MIB(8)
#define STACK_GAP MIB(64) /* between the stack at its largest and the first map */
#define STRINGS_MAX KIB(96)
#define IMAGE_BASE 0x555555554000ull /* about two thirds up, as on Linux: far from heap maps and stack */

/* How many pages by chance. */
#define STACK_CHANCE (1u << 22)
#define MAP_CHANCE (1u << 28)
#define IMAGE_CHANCE (1u << 28)
#define HEAP_CHANCE (1u << 13)

#define AT_NULL 0
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
#define AUXV_PAIRS 20 /* at least as many as there are */
#define HWCAP2_FSGSBASE (1u << 1)

#define ELF_PHENTSIZE 56

static uint64_t chance(uint64_t pages)
{
    return random_u64() % pages * PAGE_SIZE;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The stack
 */

/* A stack in the making: words from the bottom, strings from `text` on. `top` is where the buffer's end will lie. */
struct stack {
    char *buffer;
    size_t size, text; /* bytes; offset of the next string */
    uint64_t *next;    /* the next word */
    vaddr_t address;   /* of the buffer's first byte, in the program */
};

static vaddr_t push_bytes(struct stack *stack, const void *bytes, size_t size)
{
    vaddr_t address = stack->address + stack->text;
    memcpy(stack->buffer + stack->text, bytes, size);
    stack->text += size;
    return address;
}

static vaddr_t push_string(struct stack *stack, const char *string)
{
    return push_bytes(stack, string, strlen(string) + 1);
}

static void push_list(struct stack *stack, const char *const *strings)
{
    for (; *strings; strings++)
        *stack->next++ = push_string(stack, *strings);
    *stack->next++ = 0;
}

static void push_pair(struct stack *stack, uint64_t type, uint64_t value)
{
    *stack->next++ = type;
    *stack->next++ = value;
}

static void push_auxv(
    struct stack *stack, const struct elf_image *image, const char *path, const struct credentials *credentials)
{
    uint8_t random[16];
    random_bytes(random, sizeof random);
    push_pair(stack, AT_PHDR, image->headers);
    push_pair(stack, AT_PHENT, ELF_PHENTSIZE);
    push_pair(stack, AT_PHNUM, image->header_count);
    push_pair(stack, AT_PAGESZ, PAGE_SIZE);
    push_pair(stack, AT_BASE, 0);
    push_pair(stack, AT_FLAGS, 0);
    push_pair(stack, AT_ENTRY, image->entry);
    push_pair(stack, AT_UID, credentials->uid);
    push_pair(stack, AT_EUID, credentials->euid);
    push_pair(stack, AT_GID, credentials->gid);
    push_pair(stack, AT_EGID, credentials->egid);
    push_pair(stack, AT_SECURE, credentials->uid != credentials->euid || credentials->gid != credentials->egid);
    push_pair(stack, AT_HWCAP, cpu_id(1, 0).edx);
    push_pair(stack, AT_HWCAP2, cpu_has(CPU_FSGSBASE) ? HWCAP2_FSGSBASE : 0);
    push_pair(stack, AT_CLKTCK, 100);
    push_pair(stack, AT_RANDOM, push_bytes(stack, random, sizeof random));
    push_pair(stack, AT_PLATFORM, push_string(stack, "x86_64"));
    push_pair(stack, AT_EXECFN, push_string(stack, path));
    push_pair(stack, AT_NULL, 0);
}

static size_t list_measure(const char *const *strings, size_t *bytes)
{
    size_t count = 0;
    for (; strings[count]; count++)
        *bytes += strlen(strings[count]) + 1;
    return count;
}

/* Builds the stack below space->stack_top, and writes it. The current thread is in the space. */
static int stack_build(struct vm_space *space, const struct elf_image *image, const char *path,
    const struct program_arguments *arguments, const struct credentials *credentials, vaddr_t *stack_pointer)
{
    size_t strings = strlen(path) + 1 + sizeof "x86_64" + 16;
    size_t argc = list_measure(arguments->argv, &strings), envc = list_measure(arguments->environment, &strings);
    size_t words = 1 + argc + 1 + envc + 1 + 2 * (size_t)AUXV_PAIRS;
    if (strings + words * sizeof(uint64_t) > STRINGS_MAX)
        return -E2BIG;
    struct stack stack = {.size = align_up(words * sizeof(uint64_t) + strings, 16), .text = words * sizeof(uint64_t)};
    stack.buffer = kmalloc(stack.size, ALLOC_ZERO);
    if (stack.buffer == NULL)
        return -ENOMEM;
    stack.address = space->stack_top - stack.size;
    stack.next = (uint64_t *)stack.buffer;

    *stack.next++ = argc;
    space->arguments = stack.address + stack.text;
    push_list(&stack, arguments->argv);
    space->arguments_end = stack.address + stack.text;
    push_list(&stack, arguments->environment);
    space->environment_end = stack.address + stack.text;
    push_auxv(&stack, image, path, credentials);
    *stack_pointer = stack.address;
    int error = user_write(stack.address, stack.buffer, stack.size) == 0 ? 0 : -ENOMEM;
    kfree(stack.buffer);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The whole
 */

static int space_lay_out(struct vm_space *space)
{
    space->stack_top = USER_END - chance(STACK_CHANCE);
    space->stack_limit = STACK_LIMIT;
    space->map_top = space->stack_top - STACK_LIMIT - STACK_GAP - chance(MAP_CHANCE);
    long place = vm_map(space, space->stack_top - STACK_INITIAL, STACK_INITIAL,
        VM_READ | VM_WRITE | VM_MAY_WRITE | VM_GROWS_DOWN, VM_MAP_NO_REPLACE, NULL, 0);
    return place < 0 ? (int)place : 0;
}

static struct file *open_program(const struct walk *walk, const char *path, int *error)
{
    struct file *file = file_open(walk, path, O_RDONLY, 0, error);
    if (file == NULL)
        return NULL;
    bool regular = (file->inode->mode & S_IFMT) == S_IFREG;
    *error = regular ? inode_permission(file->inode, INODE_EXECUTE, walk->credentials) : -EACCES;
    if (*error == 0)
        return file;
    file_put(file);
    return NULL;
}

/* In the space already. */
static int load_here(struct file *file, const char *path, const struct program_arguments *arguments,
    const struct credentials *credentials, struct program *program)
{
    struct elf_image image;
    struct vm_space *space = program->space;
    int error = space_lay_out(space);
    if (error)
        return error;
    error = elf_load(file, space, IMAGE_BASE + chance(IMAGE_CHANCE), &image);
    if (error)
        return error;
    space->brk_start = space->brk = image.end + chance(HEAP_CHANCE);
    program->entry = image.entry;
    return stack_build(space, &image, path, arguments, credentials, &program->stack_pointer);
}

int program_load(
    const struct walk *walk, const char *path, const struct program_arguments *arguments, struct program *program)
{
    int error;
    struct user_tables *before = thread_current()->tables;
    struct file *file = open_program(walk, path, &error);
    if (file == NULL)
        return error;
    program->space = vm_space_create();
    if (program->space == NULL) {
        error = -ENOMEM;
        goto out_file;
    }
    vm_space_enter(program->space);
    error = load_here(file, path, arguments, walk->credentials, program);
    vm_space_enter(before ? vm_space_of(before) : NULL);
    if (error)
        vm_space_put(program->space);
out_file:
    file_put(file);
    return error;
}

void program_registers(const struct program *program, struct trap_frame *frame)
{
    *frame = (struct trap_frame){.rip = program->entry,
        .cs = SELECTOR_USER_CODE,
        .rflags = RFLAGS_IF | RFLAGS_FIXED,
        .rsp = program->stack_pointer,
        .ss = SELECTOR_USER_DATA};
}
