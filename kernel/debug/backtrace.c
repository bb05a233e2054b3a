/*
 * Backtraces: see backtrace.h.
 */
#include "debug/backtrace.h"
#include "debug/probe.h"
#include "debug/symbols.h"

#define STEPS_MAX 2048 /* a chain that is longer is a circle through several stacks */
#define STACKS_MAX 8
#define STACK_SIZE_MAX 0x10000 /* bytes; what is further up is another stack */

void backtrace_begin(struct backtrace *trace, uintptr_t frame)
{
    *trace = (struct backtrace){.frame = frame};
}

/* Who calls through a wild pointer gets there without a frame: his return address is the last that was pushed. */
static uintptr_t pushed_last(const struct trap_frame *trap)
{
    uintptr_t address;
    if (symbols_is_code(trap->rip) || probe_read(&address, trap->rsp, sizeof address) != sizeof address)
        return 0;
    return symbols_is_code(address) ? address : 0;
}

void backtrace_begin_at_trap(struct backtrace *trace, const struct trap_frame *trap, struct backtrace_entry *first)
{
    *trace = (struct backtrace){.frame = trap->rbp, .pushed = pushed_last(trap)};
    *first = (struct backtrace_entry){.address = trap->rip, .exact = true};
}

/* The trap's registers, if it was a trap's entry that has made this frame. */
static const struct trap_frame *trap_above(const uintptr_t *frame)
{
    const struct trap_frame *trap = (const struct trap_frame *)(frame + 2);
    if (!probe_is_mapped((vaddr_t)trap, sizeof *trap))
        return NULL;
    bool is_trap = trap->rbp == frame[0] && trap->rip == frame[1] && trap->vector < 256 &&
                   (trap->cs == SELECTOR_KERNEL_CODE || trap->cs == SELECTOR_USER_CODE) && trap->rip != 0;
    return is_trap ? trap : NULL;
}

static bool stop(struct backtrace *trace, const char *why)
{
    trace->broken = why;
    return false;
}

bool backtrace_next(struct backtrace *trace, struct backtrace_entry *entry)
{
    if (trace->pushed != 0) {
        *entry = (struct backtrace_entry){.address = trace->pushed};
        trace->pushed = 0;
        return true;
    }
    if (trace->frame == 0)
        return false; /* where each thread begins */
    if (trace->frame % sizeof(uintptr_t) != 0 || !probe_is_mapped(trace->frame, 2 * sizeof(uintptr_t)))
        return stop(trace, "a frame pointer leads nowhere");

    const uintptr_t *frame = (const uintptr_t *)trace->frame;
    const struct trap_frame *trap = trap_above(frame);
    *entry = (struct backtrace_entry){.address = frame[1], .exact = trap != NULL, .trap = trap};
    if (frame[1] == 0)
        return false;
    if (trap != NULL && trap_from_user(trap)) {
        trace->frame = 0; /* what a program has on its stack is its own affair */
        return true;
    }
    if (!symbols_is_code(frame[1]))
        return stop(trace, "a return address is no code");

    bool up = frame[0] > trace->frame && frame[0] - trace->frame < STACK_SIZE_MAX;
    if (!up && frame[0] != 0 && (trap == NULL || trace->stacks++ >= STACKS_MAX)) {
        trace->frame = 1; /* the entry is good, what it says of the next is not */
        return true;
    }
    trace->frame = frame[0];
    return true;
}

static void write_entry(struct format_sink *sink, const struct backtrace_entry *entry)
{
    char text[SYMBOL_TEXT];
    if (entry->exact)
        symbols_format(text, sizeof text, entry->address);
    else
        symbols_format_return(text, sizeof text, entry->address);
    if (entry->trap != NULL)
        format_sink_printf(sink, "  in trap %lu at %s\n", entry->trap->vector, text);
    else
        format_sink_printf(sink, "  %s %s\n", entry->exact ? "at" : "from", text);
}

static void write_repeats(struct format_sink *sink, unsigned repeats)
{
    if (repeats > 0)
        format_sink_printf(sink, "  ... the same %u more times\n", repeats);
}

void backtrace_write(struct format_sink *sink, const struct trap_frame *trap, uintptr_t frame)
{
    struct backtrace trace;
    struct backtrace_entry entry, last = {0};
    unsigned lines = 0, repeats = 0;

    backtrace_begin(&trace, frame);
    if (trap != NULL) {
        backtrace_begin_at_trap(&trace, trap, &last);
        write_entry(sink, &last);
        lines++;
    }
    for (unsigned steps = 0; steps < STEPS_MAX && lines < BACKTRACE_LINES && backtrace_next(&trace, &entry); steps++) {
        if (entry.address == last.address && entry.trap == NULL) {
            repeats++;
            continue;
        }
        write_repeats(sink, repeats);
        repeats = 0;
        write_entry(sink, &entry);
        last = entry;
        lines++;
    }
    write_repeats(sink, repeats);
    if (trace.broken != NULL)
        format_sink_printf(sink, "  and no further: %s\n", trace.broken);
    else if (lines == BACKTRACE_LINES)
        format_sink_printf(sink, "  ...\n");
}
