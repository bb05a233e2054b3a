/*
 * System calls about open files: kernel/fs does it, this finds the file and checks what the program says.
 *
 * Source: close(2), lseek(2).
 */
#include "syscall/handlers.h"

long sys_close(const uint64_t a[6])
{
    return files_close(task_current()->files, (int)a[0]);
}

long sys_lseek(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = file_seek(file, (int64_t)a[1], (int)a[2]);
    file_put(file);
    return result;
}
