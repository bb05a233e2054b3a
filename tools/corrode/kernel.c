/*
 * Checking and stripping a kernel's ELF file before it goes into an image, so that a mistake shows on the developer's
 * terminal and not on a machine that does not boot. The loader checks everything once more (boot/loader/).
 * Source: System V ABI, chapters 4 and 5; boot/protocol.h for the note.
 */
#include "kernel.h"

#include "boot/protocol.h"
#include "elf_needs.h"
#include "report.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define XEN_ELFNOTE_PHYS32_ENTRY 18 /* Xen, public/elfnote.h */

bool kernel_is_elf(const struct file *file)
{
    return file->size >= SELFMAG && memcmp(file->data, ELFMAG, SELFMAG) == 0;
}

static void check_header(const struct file *file)
{
    const Elf64_Ehdr *header = (const void *)file->data;
    const char *path = file->path;
    if (file->size == 0)
        fatal(path, "is empty; build the kernel again");
    if (!kernel_is_elf(file))
        fatal(path, "is not an ELF file; give the kernel that the linker wrote");
    elf_check_machine(file);
    if (header->e_type == ET_REL)
        fatal(path, "is an object file; link it into a kernel first");
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        fatal(path, "is not an executable (ELF type %u); give the kernel that the linker wrote", header->e_type);
    if (header->e_phnum == 0 || header->e_phentsize != sizeof(Elf64_Phdr))
        fatal(path, "has no usable program headers; link it as an executable");
    if (header->e_phoff > file->size || file->size - header->e_phoff < header->e_phnum * sizeof(Elf64_Phdr))
        fatal(path, "is truncated within its program headers; build it again");
}

static Elf64_Phdr program_header(const struct file *file, unsigned index)
{
    const Elf64_Ehdr *header = (const void *)file->data;
    Elf64_Phdr segment; /* copied, for the table may be misaligned */
    memcpy(&segment, file->data + header->e_phoff + index * sizeof segment, sizeof segment);
    return segment;
}

static unsigned program_header_count(const struct file *file)
{
    return ((const Elf64_Ehdr *)(const void *)file->data)->e_phnum;
}

/* The descriptor of the note NAME (SIZE bytes with its NUL) of TYPE in one segment, and its size; NULL: not there. */
static const uint8_t *find_note(
    const struct file *file, Elf64_Phdr segment, const char *name, size_t size, uint32_t type, uint32_t *found_size)
{
    const uint8_t *notes = file->data + segment.p_offset;
    uint64_t left = segment.p_filesz;
    uint64_t align = segment.p_align == 8 ? 8 : 4;
    while (left >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, notes, sizeof note);
        uint64_t body = (sizeof note + note.n_namesz + align - 1) & ~(align - 1);
        uint64_t next = (body + note.n_descsz + align - 1) & ~(align - 1);
        if (body + note.n_descsz > left)
            return NULL;
        if (note.n_type == type && note.n_namesz == size && memcmp(notes + sizeof note, name, size) == 0) {
            *found_size = note.n_descsz;
            return notes + body;
        }
        if (next >= left)
            return NULL;
        notes += next;
        left -= next;
    }
    return NULL;
}

/* Fatal when the segment holds our note in a version that this tool does not know. */
static bool has_boot_note(const struct file *file, Elf64_Phdr segment)
{
    uint32_t size, version = 0;
    const uint8_t *request = find_note(file, segment, BOOT_NOTE_NAME, sizeof BOOT_NOTE_NAME, BOOT_NOTE_REQUEST, &size);
    if (!request)
        return false;
    if (size >= sizeof version)
        memcpy(&version, request, sizeof version);
    if (version == 0 || version > BOOT_PROTOCOL_VERSION)
        fatal(file->path, "wants version %u of the boot protocol and this corrode knows 1 to %u; use a newer corrode",
            version, BOOT_PROTOCOL_VERSION);
    return true;
}

/* The segment, whose bytes may be read; fatal when they are not there. */
static Elf64_Phdr checked_segment(const struct file *file, unsigned index)
{
    Elf64_Phdr segment = program_header(file, index);
    if (segment.p_offset > file->size || file->size - segment.p_offset < segment.p_filesz)
        fatal(file->path, "is truncated: segment %u ends beyond the file; build it again", index);
    return segment;
}

bool kernel_has_pvh_entry(const struct file *file)
{
    uint32_t size;
    check_header(file);
    for (unsigned i = 0; i < program_header_count(file); i++) {
        Elf64_Phdr segment = checked_segment(file, i);
        if (segment.p_type == PT_NOTE && find_note(file, segment, "Xen", sizeof "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &size))
            return true;
    }
    return false;
}

void kernel_check(const struct file *file)
{
    bool loadable = false, note = false;
    check_header(file);
    for (unsigned i = 0; i < program_header_count(file); i++) {
        Elf64_Phdr segment = checked_segment(file, i);
        loadable |= segment.p_type == PT_LOAD;
        note |= segment.p_type == PT_NOTE && has_boot_note(file, segment);
    }
    if (!loadable)
        fatal(file->path, "has nothing to load (no PT_LOAD segment); check the linker script");
    if (!note)
        fatal(file->path,
            "is not a Corrode kernel: it has no boot note; put BOOT_REQUEST() from boot/protocol.h into one "
            "source file and its section .note.corrode into a PT_NOTE segment");
}

void kernel_strip(struct file *file)
{
    Elf64_Ehdr *header = (void *)file->data;
    uint64_t end = header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr);
    for (unsigned i = 0; i < program_header_count(file); i++) {
        Elf64_Phdr segment = program_header(file, i);
        if (segment.p_filesz && end < segment.p_offset + segment.p_filesz)
            end = segment.p_offset + segment.p_filesz;
    }
    header->e_shoff = 0;
    header->e_shnum = 0;
    header->e_shstrndx = SHN_UNDEF;
    file->size = end;
}
