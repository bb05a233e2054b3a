/* Reading and writing files: see file.h. */
#include "file.h"

#include "cleanup.h"
#include "progress.h"
#include "report.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64u << 10)

static int open_for_reading(const char *path, struct stat *status)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, status) < 0)
        fatal_errno(path, "open");
    if (S_ISDIR(status->st_mode))
        fatal(path, "is a directory; give a file");
    return fd;
}

/* What is left of a file whose size is not known before. */
static void read_to_end(struct file *file, int fd)
{
    size_t room = 0;
    for (;;) {
        if (file->size == room) {
            room = room ? room * 2 : CHUNK;
            file->data = realloc(file->data, room);
            if (!file->data)
                fatal(file->path, "too large for this machine's memory; give a smaller file");
        }
        ssize_t count = read(fd, file->data + file->size, room - file->size);
        if (count == 0)
            return;
        if (count < 0 && errno != EINTR)
            fatal_errno(file->path, "read");
        file->size += count > 0 ? (size_t)count : 0;
    }
}

struct file file_load(const char *path)
{
    struct stat status;
    struct file file = {.path = path};
    int fd = open_for_reading(path, &status);
    if (S_ISFIFO(status.st_mode)) {
        read_to_end(&file, fd);
    } else if (!S_ISREG(status.st_mode)) {
        fatal(path, "is not a regular file; copy what it holds into one");
    } else if (status.st_size == 0) { /* also what /proc says of files that are not empty */
        read_to_end(&file, fd);
    } else {
        file.size = (size_t)status.st_size;
        file.data = mmap(NULL, file.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        if (file.data == MAP_FAILED)
            fatal_errno(path, "map into memory");
    }
    close(fd);
    return file;
}

size_t file_read_start(const char *path, void *buffer, size_t size)
{
    struct stat status;
    int fd = open_for_reading(path, &status);
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(fd, (char *)buffer + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            fatal_errno(path, "read");
        if (count == 0)
            break;
        done += (size_t)count;
    }
    close(fd);
    return done;
}

struct output output_create(const char *path, uint64_t size)
{
    struct output output = {.path = path, .size = size};
    output.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (output.fd < 0 || (size && ftruncate(output.fd, (off_t)size) < 0))
        fatal_errno(path, "create");
    return output;
}

static bool all_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

static void write_all(struct output *output, uint64_t offset, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t count = pwrite(output->fd, data, size, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            fatal_errno(output->path, "write");
        offset += (uint64_t)count;
        data += count;
        size -= (size_t)count;
    }
}

void output_write(struct output *output, uint64_t offset, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    while (size) {
        size_t part = CHUNK - offset % CHUNK;
        if (part > size)
            part = size;
        if (!output->size || !all_zero(bytes, part))
            write_all(output, offset, bytes, part);
        offset += part;
        bytes += part;
        size -= part;
        output->written += part;
        progress_show(output->written);
    }
}

void output_close(struct output *output)
{
    if (close(output->fd) < 0)
        fatal_errno(output->path, "write");
}

void file_save(const char *path, const void *data, size_t size)
{
    struct output output = output_create(path, 0);
    output_write(&output, 0, data, size);
    output_close(&output);
}

/* The file that PATH stands for, absolute: where a symbolic link leads to, not the link. */
static char *real_path(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        char *target = realpath(path, NULL);
        if (!target)
            fatal_errno(path, "follow the symbolic link");
        return target;
    }
    char *parent = text_copy(path), *directory = realpath(dirname(parent), NULL);
    if (!directory)
        fatal_errno(path, "create a file beside it");
    char *real = text_format("%s/%s", directory, text_basename(path));
    free(parent);
    free(directory);
    return real;
}

char *output_prepare(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        if (S_ISDIR(status.st_mode))
            fatal(path, "is a directory; name a file in it");
        if (S_ISBLK(status.st_mode))
            fatal(path, "is a device; write a file, then copy it there with `corrode write`");
        fatal(path, "exists and is not a regular file; choose another name");
    }
    if (!*path || path[strlen(path) - 1] == '/')
        fatal(path, "is not the name of a file; name one");
    char *real = real_path(path), *parent = text_copy(real);
    char *directory = text_format("%s/.corrode-XXXXXX", dirname(parent));
    if (!mkdtemp(directory))
        fatal_errno(path, "create a file beside it");
    cleanup_add(directory);
    char *prepared = text_format("%s/%s", directory, text_basename(real));
    cleanup_add(prepared);
    free(real);
    free(parent);
    free(directory);
    return prepared;
}

void output_publish(char *prepared, const char *path)
{
    char *final =
        text_format("%.*s../%s", (int)(text_basename(prepared) - prepared), prepared, text_basename(prepared));
    if (rename(prepared, final) < 0)
        fatal_errno(path, "replace");
    cleanup_forget(prepared);
    free(final);
    char *directory = dirname(prepared);
    rmdir(directory);
    cleanup_forget(directory);
    free(prepared);
}
