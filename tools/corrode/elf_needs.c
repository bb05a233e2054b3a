/* The dynamic section of ELF files: see elf_needs.h. Every offset in them is somebody's claim. */
#include "elf_needs.h"

#include "file.h"
#include "report.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>

struct elf {
    const char *path;
    const uint8_t *data;
    size_t size;
};

static _Noreturn void damaged(const struct elf *elf, const char *what)
{
    fatal(elf->path, "its %s lies outside of the file; install it again", what);
}

/* SIZE bytes at OFFSET, which must be there. */
static const void *at(const struct elf *elf, uint64_t offset, uint64_t size, const char *what)
{
    if (offset > elf->size || size > elf->size - offset)
        damaged(elf, what);
    return elf->data + offset;
}

static char *string_at(const struct elf *elf, uint64_t offset, const char *what)
{
    if (offset >= elf->size || !memchr(elf->data + offset, '\0', elf->size - offset))
        damaged(elf, what);
    return text_copy((const char *)elf->data + offset);
}

static Elf64_Phdr header(const struct elf *elf, const Elf64_Ehdr *file, unsigned i)
{
    Elf64_Phdr program;
    memcpy(&program, at(elf, file->e_phoff + (uint64_t)i * sizeof program, sizeof program, "program header"),
        sizeof program);
    return program;
}

/* Where in the file the address is. */
static uint64_t offset_of(const struct elf *elf, const Elf64_Ehdr *file, uint64_t address)
{
    for (unsigned i = 0; i < file->e_phnum; i++) {
        Elf64_Phdr program = header(elf, file, i);
        if (program.p_type == PT_LOAD && address - program.p_vaddr < program.p_filesz)
            return program.p_offset + (address - program.p_vaddr);
    }
    damaged(elf, "string table");
}

static void read_dynamic(
    const struct elf *elf, const Elf64_Ehdr *file, const Elf64_Phdr *program, struct elf_needs *needs)
{
    uint64_t strings = 0, count = program->p_filesz / sizeof(Elf64_Dyn);
    const uint8_t *section = at(elf, program->p_offset, program->p_filesz, "dynamic section");
    Elf64_Dyn entry;
    for (uint64_t i = 0; i < count; i++) {
        memcpy(&entry, section + i * sizeof entry, sizeof entry);
        if (entry.d_tag == DT_STRTAB)
            strings = offset_of(elf, file, entry.d_un.d_ptr);
    }
    for (uint64_t i = 0; i < count; i++) {
        memcpy(&entry, section + i * sizeof entry, sizeof entry);
        if (entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH && entry.d_tag != DT_RUNPATH)
            continue;
        if (strings == 0 || entry.d_un.d_val > elf->size)
            damaged(elf, "string table");
        char *string = string_at(elf, strings + entry.d_un.d_val, "string table");
        if (entry.d_tag == DT_NEEDED)
            strings_add(&needs->libraries, "%s", string);
        else
            *(entry.d_tag == DT_RPATH ? &needs->rpath : &needs->runpath) = string;
    }
}

/* A note's name, with its NUL, comes after three words: lengths of name and description, and type. */
static bool is_kernel_note(const struct elf *elf, const Elf64_Phdr *program)
{
    static const char *const names[] = {"Corrode", "Xen"};
    const uint8_t *notes = at(elf, program->p_offset, program->p_filesz, "note");
    for (uint64_t offset = 0; offset + sizeof(Elf64_Nhdr) < program->p_filesz;) {
        Elf64_Nhdr note;
        memcpy(&note, notes + offset, sizeof note);
        uint64_t left = program->p_filesz - offset - sizeof note;
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
            size_t length = strlen(names[i]) + 1;
            if (note.n_namesz == length && length <= left &&
                memcmp(notes + offset + sizeof note, names[i], length) == 0)
                return true;
        }
        offset += sizeof note + (((uint64_t)note.n_namesz + 3) & ~3ull) + (((uint64_t)note.n_descsz + 3) & ~3ull);
    }
    return false;
}

static bool is_ours(const struct elf *elf, Elf64_Ehdr *file)
{
    if (elf->size < sizeof *file)
        return false;
    memcpy(file, elf->data, sizeof *file);
    return memcmp(file->e_ident, ELFMAG, SELFMAG) == 0 && file->e_ident[EI_CLASS] == ELFCLASS64 &&
           file->e_machine == EM_X86_64 && (file->e_type == ET_EXEC || file->e_type == ET_DYN) &&
           file->e_phentsize == sizeof(Elf64_Phdr);
}

bool elf_needs_read(const char *path, struct elf_needs *needs)
{
    struct file contents = file_load(path);
    struct elf elf = {.path = path, .data = contents.data, .size = contents.size};
    Elf64_Ehdr file;
    *needs = (struct elf_needs){0};
    bool ours = is_ours(&elf, &file);
    for (unsigned i = 0; ours && i < file.e_phnum; i++) {
        Elf64_Phdr program = header(&elf, &file, i);
        if (program.p_type == PT_INTERP)
            needs->interpreter = string_at(&elf, program.p_offset, "interpreter's name");
        else if (program.p_type == PT_NOTE)
            needs->is_kernel |= is_kernel_note(&elf, &program);
        else if (program.p_type == PT_DYNAMIC)
            read_dynamic(&elf, &file, &program, needs);
    }
    if (contents.size > 0)
        munmap(contents.data, contents.size);
    return ours;
}
