/* The dynamic section of ELF files: see elf_needs.h. Every offset in them is somebody's claim. */
#include "elf_needs.h"

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

/* "NAME, ", or nothing. */
static const char *processor_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {{EM_MIPS, "MIPS, "}, {EM_PPC64, "PowerPC, "}, {EM_S390, "S/390, "}, {EM_ARM, "ARM, "},
        {EM_AARCH64, "AArch64, "}, {EM_RISCV, "RISC-V, "}};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].machine == machine)
            return names[i].name;
    }
    return "";
}

void elf_check_machine(const struct file *file)
{
    Elf64_Ehdr header = {0};
    memcpy(&header, file->data, file->size < sizeof header ? file->size : sizeof header);
    if (file->size >= EI_NIDENT && header.e_ident[EI_CLASS] == ELFCLASS32)
        fatal(file->path, "is a 32-bit ELF file; compile it for x86-64 (a kernel with "
                          "--target=x86_64-unknown-none-elf)");
    if (file->size < sizeof header)
        fatal(file->path, "is truncated within its ELF header; copy, install or build it again");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        fatal(file->path, "is not a little-endian ELF64 file; compile it for x86-64");
    if (header.e_machine != EM_X86_64)
        fatal(file->path, "is for %sanother processor (ELF machine %u); compile it for x86-64",
            processor_name(header.e_machine), header.e_machine);
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
