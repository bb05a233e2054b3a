/*
 * What /proc tells of the kernel itself.
 */
#include "procfs/procfs_internal.h"

#include "debug/symbols.h"
#include "lib/cmdline.h"
#include "proc/uts.h"

int procfs_show_text(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, (const char *)node->entry->argument);
    return 0;
}

int procfs_show_cmdline(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%s\n", cmdline_text());
    return 0;
}

int procfs_show_version(struct text *out, const struct pseudo_node *node)
{
    struct uts uts;
    uts_get(&uts);
    text_printf(out, "%s version %s (corrode@corrode) (%s) %s\n", uts.system, uts.release, __VERSION__, uts.version);
    return 0;
}

int procfs_show_filesystems(struct text *out, const struct pseudo_node *node)
{
    for (const struct filesystem *type = NULL; (type = filesystem_next(type)) != NULL;)
        text_printf(out, "%s\t%s\n", type->needs_device ? "" : "nodev", type->name);
    return 0;
}

struct symbol_sink {
    struct symbol_visitor visitor;
    struct text *out;
    uintptr_t base; /* 0: the reader may not know where the kernel is */
};

static void put_symbol(struct symbol_visitor *visitor, const char *name, uint64_t offset)
{
    struct symbol_sink *sink = container_of(visitor, struct symbol_sink, visitor);
    text_printf(sink->out, "%016lx t %s\n", sink->base ? sink->base + offset : 0, name);
}

int procfs_show_kallsyms(struct text *out, const struct pseudo_node *node)
{
    struct symbol_sink sink = {.visitor = {.visit = put_symbol}, .out = out};
    if (procfs_reader_can(CAP_SYSLOG))
        sink.base = symbols_text_start();
    symbols_visit(&sink.visitor);
    return 0;
}
