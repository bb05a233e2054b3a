/*
 * What -fsanitize=undefined calls when checking code finds undefined behaviour: Clang's run-time interface, of which
 * the names, the order of the arguments and the layout of the data are the compiler's. Only debug kernels have these.
 *
 * Every handler gets the place in the source and up to two values: an operand or an address as a 64-bit integer (a
 * narrower one may be sign-extended). None returns: it panics.
 */
#ifndef CORRODE_DEBUG_UBSAN_H
#define CORRODE_DEBUG_UBSAN_H

#include <stdint.h>

struct ubsan_place {
    const char *file;
    uint32_t line, column;
};

struct ubsan_type {
    uint16_t kind, info;
    char name[]; /* as a person would write it, in quotes */
};

/* The data of most handlers begins with these; those without a type are told apart by their row below. */
struct ubsan_data {
    struct ubsan_place place;
    const struct ubsan_type *type;
    uint8_t log_alignment; /* type_mismatch_v1 only */
};

/*
 * One row for each check that is one sentence: X(NAME, FORMAT). The format may use up to two values, as long.
 * Signed overflow of +, - and * is missing, because -fwrapv defines it.
 */
#define UBSAN_HANDLERS(X)                                                                                              \
    X(divrem_overflow_abort, "division of %ld by %ld")                                                                 \
    X(shift_out_of_bounds_abort, "shift of %ld by %ld, which is negative or more than its width")                      \
    X(out_of_bounds_abort, "index %ld is outside the array")                                                           \
    X(pointer_overflow_abort, "a sum with the pointer %#lx wraps to %#lx")                                             \
    X(load_invalid_value_abort, "%ld is no value that its type can have")                                              \
    X(vla_bound_not_positive_abort, "an array of %ld elements")                                                        \
    X(float_cast_overflow_abort, "a number that the type it is cast to cannot hold")                                   \
    X(invalid_builtin_abort, "counting the leading or trailing zeros of 0")                                            \
    X(nonnull_arg_abort, "NULL for an argument that must not be")                                                      \
    X(function_type_mismatch_abort, "the function at %#lx is called as if it were of another type")                    \
    X(alignment_assumption_abort, "the pointer %#lx is not aligned to %#lx as was promised")                           \
    X(builtin_unreachable, "a place that cannot be reached was reached")                                               \
    X(missing_return, "a function ends without the value that it must return")

#define UBSAN_PROTOTYPE(name, format)                                                                                  \
    _Noreturn void __ubsan_handle_##name(const struct ubsan_data *data, uintptr_t first, uintptr_t second);
UBSAN_HANDLERS(UBSAN_PROTOTYPE)

/* An address that is NULL, misaligned, or has no room for an object of the type. */
_Noreturn void __ubsan_handle_type_mismatch_v1_abort(const struct ubsan_data *data, uintptr_t address);

/* NULL returned where it must not be: here the place of the `return` comes apart from the data. */
_Noreturn void __ubsan_handle_nonnull_return_v1_abort(const void *data, const struct ubsan_place *place);

#endif
