/*
 * Fuzzes the kernel loader (boot/loader/elf.c): a file that is accepted must give a plan without fault, and loading and
 * relocating it must stay inside its image.
 *
 * Input: if the first byte is even, the rest is the file. Else the rest are changes to a good kernel
 * (tests/unit/boot/elf_file.h), 5 bytes each: offset (2), what is done with the field of 1, 2, 4 or 8 bytes there, and
 * a number (2).
 */
#include "boot/loader/error.h"
#include "tests/unit/boot/elf_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IMAGE_HERE MIB(1) /* larger ones are planned, but not loaded */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Numbers from which something is likely to go wrong. */
static uint64_t number_of(uint8_t what, uint16_t n)
{
    switch (what >> 2 & 7) {
    case 0: return n;
    case 1: return -(uint64_t)n;
    case 2: return (uint64_t)n << 12;
    case 3: return ELF_FILE_BASE + n;
    case 4: return 1ull << n % 64;
    case 5: return (1ull << 47) - n;
    case 6: return ELF_FILE_END - n;
    default: return (uint64_t)n << 48 | n;
    }
}

static void change(struct elf_file *file, const uint8_t *record)
{
    /* Headers, note, tables and dynamic section: that is where the meaning is. */
    static const struct {
        uint16_t offset, size;
    } parts[] = {{0, 64}, {64, 56 * ELF_FILE_SEGMENTS}, {offsetof(struct elf_file, note), 68},
        {offsetof(struct elf_file, rela), 24 * ELF_FILE_RELA_COUNT + 8 * ELF_FILE_RELR_COUNT},
        {offsetof(struct elf_file, dynamic), 256}};
    size_t part = record[0] % ARRAY_LENGTH(parts), width = 1u << (record[2] & 3);
    size_t offset = (record[0] >> 3 | (size_t)record[1] << 5) * width % parts[part].size;
    uint64_t value = number_of(record[2], (uint16_t)(record[3] | record[4] << 8));
    memcpy((uint8_t *)file + parts[part].offset + offset / width * width, &value, width);
}

/* A good kernel with relocations of both kinds. */
static void make(struct elf_file *file)
{
    elf_file_make(file);
    const struct elf64_dyn dynamic[] = {{DT_RELA, ELF_FILE_TABLES}, {DT_RELASZ, 24 * ELF_FILE_RELA_COUNT},
        {DT_RELR, ELF_FILE_TABLES + sizeof file->rela}, {DT_RELRSZ, 8 * 3}, {DT_NULL, 0}};
    memcpy(file->dynamic, dynamic, sizeof dynamic);
    for (uint64_t i = 0; i < ELF_FILE_RELA_COUNT; i++)
        file->rela[i] = (struct elf64_rela){ELF_FILE_DATA + 0x200 + 8 * i, R_X86_64_RELATIVE, (int64_t)ELF_FILE_TEXT};
    file->relr[0] = ELF_FILE_DATA + 0x800;
    file->relr[1] = 0x5555555555555555;
    file->relr[2] = ELF_FILE_END - 8;
}

static void run(const void *bytes, uint64_t size)
{
    struct elf_memory memory;
    struct elf_plan plan;
    elf_memory_open(&memory, bytes, size);
    if (elf_plan(&memory.source, &plan) < 0)
        return;
    const char *problem = elf_plan_problem(&plan, size);
    if (problem) {
        fprintf(stderr, "%s\n", problem);
        abort();
    }
    if (plan.end - plan.base > MAX_IMAGE_HERE)
        return;
    uint8_t *image = malloc(plan.end - plan.base);
    if (elf_load(&memory.source, &plan, image) < 0)
        abort();
    elf_relocate(&memory.source, &plan, image, 0x12345000);
    free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_file file;
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        uint8_t *copy = malloc(size); /* aligned, and its end known to AddressSanitizer */
        memcpy(copy, data + 1, size - 1);
        run(copy, size - 1);
        free(copy);
        return 0;
    }
    make(&file);
    for (size_t at = 1; at + 5 <= size; at += 5)
        change(&file, data + at);
    run(&file, sizeof file);
    return 0;
}
