/*
 * What happens when memory is short just now: every allocation of vector registers, address spaces and files fails
 * once, and nothing but an error comes of it. (Those of other parts are failed in the tests of these parts.)
 */
#include "arch/x86_64/fpu.h"
#include "fs/fs.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/kernel/ktest.h"
#include "vm/vm.h"

static int use_registers(void *unused)
{
    struct thread_fpu first = {0}, second = {0}; /* of threads that do not run */
    int error = fpu_enable(&first);
    if (!error)
        error = fpu_copy(&second, &first);
    fpu_release(&second);
    fpu_release(&first);
    return error;
}

KTEST(shortage_of_vector_registers)
{
    KTEST_EVERY_ALLOCATION(use_registers, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Address spaces
 */

#define PROGRAM 0x400000ull
#define ELSEWHERE 0x7000000000ull
#define PAGES 4ull
#define RW (VM_READ | VM_WRITE | VM_MAY_WRITE)

static int write_pages(struct vm_space *space, vaddr_t address)
{
    int error = 0;
    for (uint64_t i = 0; i < PAGES && !error; i++)
        error = vm_fault(space, address + i * PAGE_SIZE, VM_FAULT_WRITE, NULL);
    return error;
}

/* Splits it twice, moves its end, and takes its beginning away. */
static int change(struct vm_space *space)
{
    int error = vm_protect(space, PROGRAM + PAGE_SIZE, PAGE_SIZE, VM_READ);
    if (!error)
        error = vm_advise(space, PROGRAM, PAGE_SIZE, 10 /* MADV_DONTFORK */);
    long place = error ? error
                       : vm_remap(space, PROGRAM + 2 * PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, 3 /* MAYMOVE, FIXED */,
                             ELSEWHERE);
    if (place < 0)
        return (int)place;
    return vm_unmap(space, PROGRAM, PAGE_SIZE);
}

static int fork(struct vm_space *space)
{
    struct vm_space *child = vm_space_fork(space);
    if (child == NULL)
        return -ENOMEM;
    int error = write_pages(child, PROGRAM);
    vm_space_put(child);
    return error;
}

static int use_space(void *unused)
{
    struct vm_space *space = vm_space_create();
    if (space == NULL)
        return -ENOMEM;
    long place = vm_map(space, PROGRAM, PAGES * PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
    int error = place < 0 ? (int)place : write_pages(space, PROGRAM);
    if (!error)
        error = fork(space);
    if (!error)
        error = change(space);
    vm_space_put(space);
    return error;
}

KTEST(shortage_in_address_spaces)
{
    KTEST_EVERY_ALLOCATION(use_space, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

#define LONG_NAME "/shortage/a-name-that-is-so-long-that-it-does-not-fit-into-a-dentry-and-is-allocated-beside-it"

static int write_file(const struct walk *walk, const char *name)
{
    static char data[2 * PAGE_SIZE];
    struct iov iov;
    int error;
    struct file *file = file_open(walk, name, O_RDWR | O_CREAT | O_TRUNC, 0644, &error);
    if (file == NULL)
        return error;
    iov_init_kernel(&iov, data, sizeof data);
    long done = file_write(file, &iov, NULL);
    file_put(file);
    return done == (long)sizeof data ? 0 : done < 0 ? (int)done : -ENOMEM;
}

static int make_names(const struct walk *walk)
{
    int error = name_create(walk, "/shortage", S_IFDIR | 0755, 0);
    if (!error)
        error = write_file(walk, LONG_NAME);
    if (!error)
        error = name_symlink(walk, "/shortage/link", LONG_NAME);
    if (!error)
        error = write_file(walk, "/shortage/link");
    return error ? error : name_rename(walk, LONG_NAME, walk, LONG_NAME "-and-longer", 0);
}

/* A second time when memory was short at the first. A name that is not there is no error. */
static int remove_name(const struct walk *walk, const char *name, bool directory)
{
    int first = name_remove(walk, name, directory);
    int last = first == -ENOMEM ? name_remove(walk, name, directory) : first;
    return last && last != -ENOENT ? last : first == -ENOMEM ? first : 0;
}

static int use_files(void *unused)
{
    static const char *const names[] = {"/shortage/link", LONG_NAME, LONG_NAME "-and-longer", "/shortage"};
    struct walk walk;
    fs_root_walk(&walk);
    int error = make_names(&walk);
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
        int removing = remove_name(&walk, names[i], i == ARRAY_LENGTH(names) - 1);
        error = error ? error : removing;
    }
    return error == -ENOSPC ? -ENOMEM : error; /* without memory, a file system in it is full */
}

KTEST(shortage_in_file_systems)
{
    KTEST_EVERY_ALLOCATION(use_files, NULL);
}
