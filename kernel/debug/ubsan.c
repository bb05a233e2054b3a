/*
 * Undefined behaviour, reported where it happens: see ubsan.h. A debug kernel is compiled with checks before every
 * shift, array access, pointer addition and so on; a check that fails calls one of these, which panics with the place
 * in the source, so that the console shows file, line and column besides the callers.
 *
 * Source: Clang 19 documentation, "UndefinedBehaviorSanitizer" (what is checked).
 */
#include "debug/ubsan.h"

#include "lib/printf.h"
#include "lib/types.h"
#include "panic.h"

static _Noreturn void report(const struct ubsan_place *place, const char *what)
{
    panic("undefined behaviour at %s:%u:%u: %s", place->file ? place->file : "(unknown)", place->line, place->column,
        what);
}

/* A format that has no use for the values ignores them, which is allowed of surplus arguments. */
#define DEFINE_HANDLER(name, format)                                                                                   \
    void __ubsan_handle_##name(const struct ubsan_data *data, uintptr_t first, uintptr_t second)                       \
    {                                                                                                                  \
        static char text[128];                                                                                         \
        _Pragma("clang diagnostic push");                                                                              \
        _Pragma("clang diagnostic ignored \"-Wformat-extra-args\"");                                                   \
        snprintf(text, sizeof text, format, (long)first, (long)second);                                                \
        _Pragma("clang diagnostic pop");                                                                               \
        report(&data->place, text);                                                                                    \
    }
UBSAN_HANDLERS(DEFINE_HANDLER)

void __ubsan_handle_type_mismatch_v1_abort(const struct ubsan_data *data, uintptr_t address)
{
    static char text[192];
    const char *fault = "with too little room behind it";
    if (address == 0)
        fault = "NULL";
    else if (!is_aligned(address, 1ull << data->log_alignment))
        fault = "misaligned";
    snprintf(text, sizeof text, "an access to type %s at %#lx: %s", data->type->name, (unsigned long)address, fault);
    report(&data->place, text);
}

void __ubsan_handle_nonnull_return_v1_abort(const void *data, const struct ubsan_place *place)
{
    report(place, "NULL is returned by a function that must not");
}
