/*
 * Strings and words for new programs: see program_stack.h. From the top:
 *
 *     8 bytes of zeros, the path, the environment's strings, the arguments' strings
 *     what else the auxiliary vector points to
 *     the auxiliary vector, NULL, environment[], NULL, argv[], argc      <- stack pointer, 16-byte aligned
 *
 * A string of the old program is measured first, then copied right into the new program's page. If it changes between
 * the two, the program gets what it deserves, but never more or less than was measured.
 */
#include "proc/program_stack.h"

#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "lib/string.h"

#define STRING_MAX KIB(128) /* with its NUL */
#define STRINGS_MAX MIB(6)  /* however large the stack may be */
#define STRINGS_MIN KIB(128)
#define COUNT_MAX (STRINGS_MAX / sizeof(uint64_t))

/* The byte at ADDRESS; those after it up to the end of the page are there, too. */
static int look(struct vm_space *space, struct stack_window *window, vaddr_t address, char **memory)
{
    vaddr_t start = align_down(address, PAGE_SIZE);
    if (window->page == NULL || window->address != start) {
        if (window->page)
            page_put(window->page);
        int error = vm_get_page(space, start, true, &window->page);
        if (error) {
            window->page = NULL;
            return error == -ENOMEM ? -ENOMEM : -E2BIG;
        }
        window->address = start;
    }
    *memory = (char *)page_memory(window->page) + address % PAGE_SIZE;
    return 0;
}

static size_t rest_of_page(vaddr_t address)
{
    return PAGE_SIZE - address % PAGE_SIZE;
}

void program_stack_begin(struct program_stack *stack, struct vm_space *space, unsigned shift)
{
    *stack = (struct program_stack){.space = space};
    stack->pointer = space->stack_top - sizeof(uint64_t) - shift;
}

void program_stack_end(struct program_stack *stack)
{
    if (stack->window.page)
        page_put(stack->window.page);
    stack->window.page = NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Strings
 */

/* Makes room for SIZE bytes. */
static int lower(struct program_stack *stack, size_t size)
{
    if (stack->pointer - stack->lowest < size)
        return -E2BIG;
    stack->pointer -= size;
    return 0;
}

int program_stack_push_bytes(struct program_stack *stack, const void *bytes, size_t size)
{
    int error = lower(stack, size);
    for (size_t done = 0; done < size && !error;) {
        size_t piece = min_u64(size - done, rest_of_page(stack->pointer + done));
        char *memory;
        error = look(stack->space, &stack->window, stack->pointer + done, &memory);
        if (!error)
            memcpy(memory, (const char *)bytes + done, piece);
        done += piece;
    }
    return error;
}

int program_stack_push_string(struct program_stack *stack, const char *string)
{
    return program_stack_push_bytes(stack, string, strlen(string) + 1);
}

/* A string of the current program. */
static int push_user(struct program_stack *stack, uaddr_t from)
{
    long length = user_string_length(from, STRING_MAX);
    if (length < 0 || length == STRING_MAX)
        return length < 0 ? -EFAULT : -E2BIG;
    size_t size = (size_t)length + 1;
    int error = lower(stack, size);
    for (size_t done = 0; done < size && !error;) {
        size_t piece = min_u64(size - done, rest_of_page(stack->pointer + done));
        char *memory;
        error = look(stack->space, &stack->window, stack->pointer + done, &memory);
        if (!error && user_read(memory, from + done, piece) != 0)
            error = -EFAULT;
        done += piece;
        if (!error && done == size)
            memory[piece - 1] = '\0';
    }
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Lists of strings: the kernel's own, or the current program's
 */

struct string_list {
    const char *const *ours; /* NULL: the program's */
    uaddr_t theirs;          /* 0: an empty list */
};

static struct string_list argument_list(const struct program_arguments *arguments)
{
    return (struct string_list){arguments->argv, arguments->user_argv};
}

static struct string_list environment_list(const struct program_arguments *arguments)
{
    return (struct string_list){arguments->environment, arguments->user_environment};
}

static int count_strings(struct string_list list, unsigned *count)
{
    unsigned n = 0;
    if (list.ours)
        while (list.ours[n])
            n++;
    for (uaddr_t at = list.ours ? 0 : list.theirs; at; at += sizeof(uaddr_t)) {
        uaddr_t string;
        if (copy_from_user(&string, at) < 0)
            return -EFAULT;
        if (string == 0)
            break;
        if (++n > COUNT_MAX)
            return -E2BIG;
    }
    *count = n;
    return 0;
}

/* The last first. */
static int push_strings(struct program_stack *stack, struct string_list list, unsigned count)
{
    int error = 0;
    while (count-- > 0 && !error) {
        uaddr_t string;
        if (list.ours)
            error = program_stack_push_string(stack, list.ours[count]);
        else if (copy_from_user(&string, list.theirs + count * sizeof string) < 0)
            error = -EFAULT;
        else
            error = push_user(stack, string);
    }
    return error;
}

int program_stack_limit(struct program_stack *stack, const struct program_arguments *arguments)
{
    int error = count_strings(argument_list(arguments), &stack->argument_count);
    if (!error)
        error = count_strings(environment_list(arguments), &stack->environment_count);
    if (error)
        return error;
    uint64_t most = max_u64(min_u64(STRINGS_MAX, stack->space->stack_limit / 4), STRINGS_MIN);
    uint64_t words = max_u64(stack->argument_count, 1) + stack->environment_count;
    if (words * sizeof(uint64_t) >= most)
        return -E2BIG;
    stack->lowest = stack->pointer - (most - words * sizeof(uint64_t));
    return 0;
}

/* Nobody has to expect that there is no argument at all: then there is an empty one. */
int program_stack_push_arguments(struct program_stack *stack, const struct program_arguments *arguments)
{
    int error = push_strings(stack, environment_list(arguments), stack->environment_count);
    if (error)
        return error;
    if (stack->argument_count > 0)
        return push_strings(stack, argument_list(arguments), stack->argument_count);
    stack->argument_count = 1;
    return program_stack_push_string(stack, "");
}

/* ADDRESS becomes that of the string after the one that is there. */
static int skip_string(struct vm_space *space, struct stack_window *window, vaddr_t *address)
{
    for (;;) {
        char *memory;
        size_t most = rest_of_page(*address);
        int error = look(space, window, *address, &memory);
        if (error)
            return error;
        size_t length = strnlen(memory, most);
        *address += length < most ? length + 1 : most;
        if (length < most)
            return 0;
    }
}

int program_stack_drop_argument(struct program_stack *stack)
{
    stack->argument_count--;
    return skip_string(stack->space, &stack->window, &stack->pointer);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Words
 */

struct writer {
    struct program_stack *stack;
    struct stack_window strings;
    vaddr_t string; /* the next */
    vaddr_t word;
    int error;
};

static void write_word(struct writer *writer, uint64_t value)
{
    char *memory;
    if (!writer->error)
        writer->error = look(writer->stack->space, &writer->stack->window, writer->word, &memory);
    if (!writer->error)
        memcpy(memory, &value, sizeof value);
    writer->word += sizeof value;
}

/* The addresses of COUNT strings, and a NULL. */
static void write_list(struct writer *writer, unsigned count)
{
    while (count-- > 0 && !writer->error) {
        write_word(writer, writer->string);
        if (!writer->error)
            writer->error = skip_string(writer->stack->space, &writer->strings, &writer->string);
    }
    write_word(writer, 0);
}

int program_stack_finish(
    struct program_stack *stack, vaddr_t arguments, const uint64_t *auxiliary, unsigned auxiliary_count)
{
    struct vm_space *space = stack->space;
    uint64_t words = 1ull + stack->argument_count + 1 + stack->environment_count + 1 + auxiliary_count;
    program_stack_end(stack); /* whatever has been mapped there since */
    stack->pointer = align_down(stack->pointer - words * sizeof(uint64_t), 16);
    struct writer writer = {.stack = stack, .string = arguments, .word = stack->pointer};
    write_word(&writer, stack->argument_count);
    space->stack_start = stack->pointer;
    space->arguments = writer.string;
    write_list(&writer, stack->argument_count);
    space->arguments_end = writer.string;
    write_list(&writer, stack->environment_count);
    space->environment_end = writer.string;
    space->auxiliary = writer.word;
    for (unsigned i = 0; i < auxiliary_count; i++)
        write_word(&writer, auxiliary[i]);
    space->auxiliary_end = writer.word;
    if (writer.strings.page)
        page_put(writer.strings.page);
    return writer.error;
}
