/*
 * The parser of what programs write to a terminal: bytes in, text and control functions out.
 *
 *     parser_init(&parser, &operations, context);
 *     parser_feed(&parser, bytes, length);        // any pieces; sequences and characters may be cut anywhere
 */
#ifndef CORRODE_TTY_PARSER_H
#define CORRODE_TTY_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARSER_ARGUMENTS_MAX 16
#define PARSER_ARGUMENT_LIMIT 9999 /* larger numbers become this */
#define PARSER_STRING_MAX 64       /* longer control strings are dropped */
#define PARSER_TEXT_MAX 64

/* A control sequence: ESC [ LEADER ARGUMENTS INTERMEDIATE FINAL (ECMA-48, 5.4). */
struct parser_sequence {
    char leader;       /* one of < = > ?, or 0 */
    char intermediate; /* 20h to 2fh, or 0 */
    char final;        /* 40h to 7eh */
    unsigned count;    /* of arguments, at least 1 */
    struct {
        int16_t value; /* -1: left out */
        bool more;     /* a colon follows: the next one belongs to this one */
    } arguments[PARSER_ARGUMENTS_MAX];
};

struct parser_operations {
    /* 1 to PARSER_TEXT_MAX bytes of text: printable ASCII, or one valid UTF-8 sequence of a printable character. */
    void (*text)(void *context, const char *bytes, size_t length);

    /* A C0 control (but ESC, CAN, SUB, DEL, NUL), or a C1 control that came as ESC and a letter. */
    void (*control)(void *context, uint8_t code);

    /* ESC, INTERMEDIATE (0: none) and FINAL, 30h to 7eh. */
    void (*escape)(void *context, char intermediate, char final);

    void (*sequence)(void *context, const struct parser_sequence *sequence);

    /* A device control string (DCS), whole, without its terminator. Not NUL-terminated. */
    void (*device_string)(void *context, const char *bytes, size_t length);
};

struct parser {
    const struct parser_operations *operations;
    void *context;
    enum {
        PARSER_TEXT,
        PARSER_ESCAPE,       /* after ESC */
        PARSER_SEQUENCE,     /* after ESC [ */
        PARSER_STRING,       /* in a control string */
        PARSER_STRING_ESCAPE /* after an ESC in it */
    } state;

    /* A character of which some bytes are to come: its first bytes, the number of all. 0: none. */
    uint8_t pending[4];
    unsigned pending_count, pending_length;

    char intermediate; /* of an escape sequence */
    bool ignore;       /* what is wrong in the present sequence or string makes it nothing, when its end comes */
    bool started;      /* an argument or an intermediate of the control sequence has come */
    struct parser_sequence sequence;

    enum { STRING_DEVICE, STRING_OTHER } string_kind; /* others are skipped: titles, palettes, messages */
    size_t string_length;
    char string[PARSER_STRING_MAX];
};

void parser_init(struct parser *parser, const struct parser_operations *operations, void *context);

void parser_feed(struct parser *parser, const char *bytes, size_t length);

/* Forgets a sequence that has begun: what comes next is text. */
void parser_abort(struct parser *parser);

#endif
