/*
 * Files in and out. Input files are mapped privately, so that the caller may change its copy. Output files are sparse
 * and appear under their name only when they are complete.
 */
#ifndef CORRODE_FILE_H
#define CORRODE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file {
    const char *path;
    uint8_t *data; /* may be written to: the file does not change */
    size_t size;
};

/* Reads a whole file, or a pipe to its end. Anything else (a directory, a device) is a fatal error. */
struct file file_load(const char *path);

/* Fills BUFFER from the start of the file; returns how many bytes there were. Fatal when it cannot be opened. */
size_t file_read_start(const char *path, void *buffer, size_t size);

struct output {
    const char *path; /* for messages */
    int fd;
    uint64_t size;    /* of the finished file; 0: as far as was written */
    uint64_t written; /* for the progress bar */
};

/* Opens PATH, which must not exist. */
struct output output_create(const char *path, uint64_t size);

/* Writes at an offset; blocks of zeros become holes. Fatal on errors. */
void output_write(struct output *output, uint64_t offset, const void *data, size_t size);
void output_close(struct output *output);

/* Writes a small file at once. */
void file_save(const char *path, const void *data, size_t size);

/*
 * A private directory beside PATH for building it, and the path with the same base name inside. output_publish() moves
 * the finished file over PATH, or over what PATH links to. Fatal when PATH is something that no file may replace: a
 * directory, a device.
 */
char *output_prepare(const char *path);
void output_publish(char *prepared, const char *path);

#endif
