/*
 * A QEMU plugin that counts executed instructions and notes the count when marked addresses are first reached:
 *
 *     qemu-system-x86_64 -plugin build/bench/count.so,out=FILE,stage1=0x7c00,kernel=0xffffffff80001000 ...
 *
 * writes a line "NAME COUNT" for each mark that was reached, and "end COUNT". Each iteration of a rep instruction
 * counts as one. The counts are those of the machine's processors together.
 */
#include "bench/qemu_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MARKS 32

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct mark {
    const char *name;
    uint64_t address, count; /* count 0: not reached */
} marks[MAX_MARKS];
static int mark_count;
static const char *output;
static uint64_t executed;

static void reached(unsigned vcpu, void *data)
{
    struct mark *mark = data;
    (void)vcpu;
    if (mark->count == 0)
        mark->count = executed;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
        for (int m = 0; m < mark_count; m++)
            if (qemu_plugin_insn_vaddr(insn) == marks[m].address)
                qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, QEMU_PLUGIN_CB_NO_REGS, &marks[m]);
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
    for (int i = 0; i < mark_count; i++)
        if (marks[i].count)
            fprintf(file, "%s %llu\n", marks[i].name, (unsigned long long)marks[i].count);
    fprintf(file, "end %llu\n", (unsigned long long)executed);
    fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals || mark_count == MAX_MARKS)
            return -1;
        char *name = strndup(argv[i], (size_t)(equals - argv[i]));
        if (strcmp(name, "out") == 0)
            output = strdup(equals + 1);
        else
            marks[mark_count++] = (struct mark){.name = name, .address = strtoull(equals + 1, NULL, 0)};
    }
    if (!output)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
