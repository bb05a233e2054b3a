/*
 * A QEMU plugin that tells where instructions are executed:
 *
 *     qemu-system-x86_64 -plugin build/bench/profile.so,out=FILE,begin=ADDRESS,end=ADDRESS ...
 *
 * counts, from when the instruction at `begin` is reached until that at `end` is, how often each block of instructions
 * is executed, and writes a line "ADDRESS INSTRUCTIONS TIMES" for each; without begin, from the start. bench/profile
 * gives them names. A block that an exception leaves early counts as whole.
 */
#include "bench/qemu_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

struct block {
    struct block *next;
    uint64_t address, instructions, times;
};

static struct block *blocks;
static uint64_t begin, end;
static const char *output;
static int running = 1;

static void executed(unsigned vcpu, void *data)
{
    struct block *block = data;
    (void)vcpu;
    if (running)
        block->times++;
}

static void reached(unsigned vcpu, void *data)
{
    (void)vcpu;
    running = data != NULL;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct block *block = calloc(1, sizeof *block);
    (void)id;
    if (!block)
        return;
    block->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    block->instructions = qemu_plugin_tb_n_insns(tb);
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, block);
    for (size_t i = 0; i < block->instructions; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address == begin || address == end)
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, reached, QEMU_PLUGIN_CB_NO_REGS, address == begin ? &running : NULL);
    }
}

static void finish(qemu_plugin_id_t id, void *data)
{
    FILE *file = fopen(output, "w");
    (void)id;
    (void)data;
    if (!file) {
        perror(output);
        return;
    }
    for (struct block *block = blocks; block; block = block->next)
        if (block->times)
            fprintf(file, "%016llx %llu %llu\n", (unsigned long long)block->address,
                (unsigned long long)block->instructions, (unsigned long long)block->times);
    fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            output = strdup(argv[i] + 4);
        else if (strncmp(argv[i], "begin=", 6) == 0)
            begin = strtoull(argv[i] + 6, NULL, 0);
        else if (strncmp(argv[i], "end=", 4) == 0)
            end = strtoull(argv[i] + 4, NULL, 0);
        else
            return -1;
    }
    if (!output)
        return -1;
    running = begin == 0;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
