/*
 * ELF files made by hand, for tests of execve: a header, program headers and some code, each of which may be changed
 * before it is written.
 */
#ifndef CORRODE_TESTS_GUEST_ELF_H
#define CORRODE_TESTS_GUEST_ELF_H

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGE_BASE 0x400000ul
#define IMAGE_SEGMENTS 6

struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segments[IMAGE_SEGMENTS]; /* the first is the whole file; the others are PT_NULL */
    char interpreter[64];
    uint8_t code[128];
    uint8_t data[4096];
};

/* exit_group(42) */
static const uint8_t code_exit[] = {0xb8, 0xe7, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 5};

/* Writes RSP and all that is above it to descriptor 1, page by page, and ends with 42. */
static const uint8_t code_dump[] = {
    0x54, /*    push %rsp */
    0x48,
    0x89,
    0xe6, /*    mov %rsp, %rsi */
    0xba,
    0,
    0x10,
    0,
    0, /* 1: mov $4096, %edx */
    0x89,
    0xf0, /*    mov %esi, %eax */
    0x25,
    0xff,
    0x0f,
    0,
    0, /*    and $0xfff, %eax */
    0x29,
    0xc2, /*    sub %eax, %edx */
    0xbf,
    1,
    0,
    0,
    0, /*    mov $1, %edi */
    0xb8,
    1,
    0,
    0,
    0,
    0x0f,
    5, /*    mov $1, %eax; syscall */
    0x48,
    0x01,
    0xc6, /*    add %rax, %rsi */
    0x48,
    0x85,
    0xc0,
    0x7f,
    0xde, /*    test %rax, %rax; jg 1b */
    0xb8,
    0xe7,
    0,
    0,
    0,
    0xbf,
    42,
    0,
    0,
    0,
    0x0f,
    5,
};

static inline void image_make(struct image *image, unsigned type, const void *code, size_t size)
{
    uint64_t base = type == ET_EXEC ? IMAGE_BASE : 0;
    *image = (struct image){
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
            .e_type = (Elf64_Half)type,
            .e_machine = EM_X86_64,
            .e_version = EV_CURRENT,
            .e_entry = base + offsetof(struct image, code),
            .e_phoff = offsetof(struct image, segments),
            .e_ehsize = sizeof(Elf64_Ehdr),
            .e_phentsize = sizeof(Elf64_Phdr),
            .e_phnum = IMAGE_SEGMENTS},
        .segments[0] = {.p_type = PT_LOAD,
            .p_flags = PF_R | PF_X,
            .p_vaddr = base,
            .p_filesz = sizeof *image,
            .p_memsz = sizeof *image,
            .p_align = 4096},
    };
    memcpy(image->code, code, size);
}

static inline void image_set_interpreter(struct image *image, const char *path)
{
    strcpy(image->interpreter, path);
    image->segments[1] = (Elf64_Phdr){.p_type = PT_INTERP,
        .p_flags = PF_R,
        .p_offset = offsetof(struct image, interpreter),
        .p_filesz = strlen(path) + 1,
        .p_memsz = strlen(path) + 1};
}

static inline bool file_write(const char *path, const void *data, size_t size, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    bool written = fd >= 0 && write(fd, data, size) == (ssize_t)size;
    close(fd);
    return written;
}

static inline bool image_write(const char *path, const struct image *image)
{
    return file_write(path, image, sizeof *image, 0755);
}

/* Its wait status; an error of execve as a negative number. */
static inline int run(const char *path, char *const argv[], char *const environment[])
{
    int fds[2], status = -1, error = 0;
    if (pipe(fds) < 0)
        return -1000;
    pid_t child = fork();
    if (child == 0) {
        fcntl(fds[1], F_SETFD, FD_CLOEXEC);
        execve(path, argv, environment);
        error = errno;
        _exit(write(fds[1], &error, sizeof error) != sizeof error);
    }
    close(fds[1]);
    ssize_t got = read(fds[0], &error, sizeof error);
    close(fds[0]);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1001;
    return got > 0 ? -error : status;
}

static inline int run_alone(const char *path)
{
    char *const argv[] = {(char *)path, NULL}, *const none[] = {NULL};
    return run(path, argv, none);
}

#define ENDED(code) ((code) << 8)

#endif
