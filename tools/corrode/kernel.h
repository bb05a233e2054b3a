/* What the tool needs to know of a kernel: that the loader will accept it, and how much of its file a loader reads. */
#ifndef CORRODE_KERNEL_H
#define CORRODE_KERNEL_H

#include "file.h"

/* Does the file begin like an ELF file? */
bool kernel_is_elf(const struct file *file);

/* Fatal, with advice, unless FILE is an ELF64 x86-64 executable with a Corrode boot note. */
void kernel_check(const struct file *file);

/* Has FILE a note that names an entry for PVH? Fatal, with advice, unless it is an ELF64 x86-64 executable. */
bool kernel_has_pvh_entry(const struct file *file);

/* Cuts off what no program header refers to: symbols, debugging information, section headers. Call after the check. */
void kernel_strip(struct file *file);

#endif
