/* From a tree of files to a machine: see rootfs.h. */
#include "rootfs.h"

#include "cleanup.h"
#include "cpio.h"
#include "embedded.h"
#include "file.h"
#include "image.h"
#include "lib/cmdline.h"
#include "lib/types.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tree_node *rootfs_read(const char *path)
{
    struct stat status;
    struct tree_node *root = tree_new();
    root->time = (uint32_t)image_time();
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        tree_read_directory(root, path, root->time);
    else
        tree_read_archive(root, path);
    if (root->count == 0)
        fatal(path, "has nothing in it; put a program there, such as a static /init");
    return root;
}

char *rootfs_pack(struct tree_node *root)
{
    char *path = cleanup_path("rootfs.cpio");
    cpio_write(root, path);
    return path;
}

/* WORD as the kernel takes it apart again (kernel/proc/init.c). */
static void put_quoted(FILE *out, const char *word)
{
    if (*word && !word[strcspn(word, " \t\r\n\"\\")]) {
        fputs(word, out);
        return;
    }
    fputc('"', out);
    for (; *word; word++) {
        if (*word == '\n') {
            fputs("\\n", out);
            continue;
        }
        if (*word == '"' || *word == '\\')
            fputc('\\', out);
        fputc(*word, out);
    }
    fputc('"', out);
}

static void require_init(struct tree_node *root, const char *path)
{
    static const char *const usual[] = {"/init", "/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};
    for (unsigned i = 0; i < ARRAY_LENGTH(usual); i++)
        if (tree_find(root, usual[i]))
            return;
    fatal(path,
        "has none of /init, /sbin/init, /etc/init, /bin/init and /bin/sh in it, so there is nothing to run; name "
        "a program that is there");
}

char *rootfs_cmdline(struct tree_node *root, const char *path, const char *words, const struct strings *command)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        fatal_errno(NULL, "get memory");
    fputs(words ? words : "", out);
    if (command->count == 0) {
        require_init(root, path);
    } else {
        char *program = tree_find_program(root, command->items[0], path);
        if (program[strcspn(program, " \t\r\n\"")])
            fatal(path, "the program's path, %s, has a blank or a quote in it; rename it", program);
        fprintf(out, "%sinit=%s", words ? " " : "", program);
        free(program);
        for (size_t i = 1; i < command->count; i++) {
            fputs(i == 1 ? " -- " : " ", out);
            put_quoted(out, command->items[i]);
        }
    }
    fclose(out);
    if (size >= CMDLINE_MAX)
        fatal(NULL, "the command line has %zu bytes and the kernel takes %u; put the command into a script in %s", size,
            CMDLINE_MAX - 1, path);
    return text;
}

char *rootfs_kernel(void)
{
    char *path = cleanup_path("kernel.elf");
    const struct embedded_file *kernel = embedded_find("kernel.elf");
    if (access(path, F_OK) < 0)
        file_save(path, kernel->data, kernel->size);
    return path;
}

void rootfs_check_initramfs(const char *path)
{
    static const struct {
        unsigned length;
        const char *bytes;
    } magics[] = {{6, "070701"}, {6, "070702"}, {2, "\x1f\x8b"}, {4, "\x02\x21\x4c\x18"}, {4, "\x04\x22\x4d\x18"}};
    char start[6] = "";
    size_t size = file_read_start(path, start, sizeof start);
    for (unsigned i = 0; i < ARRAY_LENGTH(magics); i++)
        if (size >= magics[i].length && memcmp(start, magics[i].bytes, magics[i].length) == 0)
            return;
    fatal(path,
        "is no initramfs: a cpio archive of the kind newc, perhaps compressed by gzip or lz4; make one with `cpio "
        "-o -H newc`, or give a directory or a tar archive with --rootfs");
}
