/*
 * A state machine over bytes. libvterm, which knows what the sequences mean, has a parser of its own; this one takes
 * its place because what programs write is the least trusted input that a kernel has, and in the version that Debian 12
 * brings that parser writes arguments beyond their array, and looks before the start of its input. Here
 *
 *   - numbers and counts of arguments are bounded before anyone computes with them;
 *   - text comes out as whole, valid characters: nothing later on has to decode half a character, or a wrong one;
 *   - everything that has no meaning ends where ECMA-48 says that it ends, and is dropped.
 *
 * ESC begins a new sequence wherever it comes, CAN and SUB end one; the other control characters act even in the middle
 * of a sequence, but are skipped in a string. C1 controls are known in their 7-bit form alone, for their 8-bit form
 * would be a continuation byte of UTF-8. Wrong UTF-8 becomes U+FFFD, one for each maximal part, as Unicode advises.
 *
 * Sources: ECMA-48, 5.2 to 5.6; DEC VT220 Programmer Reference Manual, 2.5 and 4.3; The Unicode Standard, 3.9 (table
 * 3-7, well-formed UTF-8) and 5.22.
 */
#include "tty/parser.h"
#include "tty/unicode.h"

#define NUL 0x00
#define BEL 0x07
#define CAN 0x18
#define SUB 0x1a
#define ESC 0x1b
#define DEL 0x7f

static void reset_character(struct parser *parser)
{
    parser->pending_count = parser->pending_length = 0;
}

static void put_replacement(struct parser *parser)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    reset_character(parser);
    parser->operations->text(parser->context, replacement, sizeof replacement - 1);
}

static void put_character(struct parser *parser)
{
    const uint8_t *bytes = parser->pending;
    uint32_t character = bytes[0] & (0xffu >> (parser->pending_length + 1));
    for (unsigned i = 1; i < parser->pending_length; i++)
        character = character << 6 | (bytes[i] & 0x3f);
    if (unicode_width(character) > 0)
        parser->operations->text(parser->context, (const char *)bytes, parser->pending_length);
    reset_character(parser);
}

/* May BYTE be the second of a sequence that begins with FIRST? No overlong forms, no surrogates, none above U+10FFFF.
 */
static bool fits_second(uint8_t first, uint8_t byte)
{
    switch (first) {
    case 0xe0: return byte >= 0xa0 && byte <= 0xbf;
    case 0xed: return byte >= 0x80 && byte <= 0x9f;
    case 0xf0: return byte >= 0x90 && byte <= 0xbf;
    case 0xf4: return byte >= 0x80 && byte <= 0x8f;
    default: return byte >= 0x80 && byte <= 0xbf;
    }
}

static unsigned sequence_length(uint8_t first)
{
    return first >= 0xc2 && first <= 0xdf   ? 2
           : first >= 0xe0 && first <= 0xef ? 3
           : first >= 0xf0 && first <= 0xf4 ? 4
                                            : 0;
}

/* A byte from 80h on, in text. */
static void feed_utf8(struct parser *parser, uint8_t byte)
{
    if (parser->pending_count == 1 && !fits_second(parser->pending[0], byte))
        put_replacement(parser);
    else if (parser->pending_count > 1 && (byte & 0xc0) != 0x80)
        put_replacement(parser);

    if (parser->pending_count == 0) {
        parser->pending_length = sequence_length(byte);
        if (parser->pending_length == 0) {
            put_replacement(parser);
            return;
        }
    }
    parser->pending[parser->pending_count++] = byte;
    if (parser->pending_count == parser->pending_length)
        put_character(parser);
}

static void begin_sequence(struct parser *parser)
{
    parser->state = PARSER_SEQUENCE;
    parser->ignore = parser->started = false;
    parser->sequence = (struct parser_sequence){.count = 1};
    parser->sequence.arguments[0].value = -1;
}

static void begin_string(struct parser *parser, bool device)
{
    parser->state = PARSER_STRING;
    parser->ignore = false;
    parser->string_kind = device ? STRING_DEVICE : STRING_OTHER;
    parser->string_length = 0;
}

static void end_escape(struct parser *parser, uint8_t byte)
{
    parser->state = PARSER_TEXT;
    if (parser->ignore)
        return;
    if (parser->intermediate != 0 || byte < 0x40 || byte > 0x5f) {
        parser->operations->escape(parser->context, parser->intermediate, (char)byte);
        return;
    }
    switch (byte) {
    case '[': begin_sequence(parser); break;
    case 'P': begin_string(parser, true); break;
    case ']': /* operating system command */
    case 'X': /* start of string */
    case '^': /* privacy message */
    case '_': begin_string(parser, false); break;
    default: parser->operations->control(parser->context, byte + 0x40); break;
    }
}

static void feed_escape(struct parser *parser, uint8_t byte)
{
    if (byte >= 0x20 && byte <= 0x2f) {
        parser->ignore = parser->ignore || parser->intermediate != 0; /* no sequence that we know has two */
        parser->intermediate = (char)byte;
    } else if (byte >= 0x30 && byte <= 0x7e) {
        end_escape(parser, byte);
    } else {
        parser->state = PARSER_TEXT;
    }
}

static void feed_argument(struct parser *parser, uint8_t byte)
{
    struct parser_sequence *sequence = &parser->sequence;

    if (sequence->intermediate != 0) { /* arguments come before it */
        parser->ignore = true;
    } else if (byte <= '9') {
        int16_t *value = &sequence->arguments[sequence->count - 1].value;
        int number = (*value < 0 ? 0 : *value) * 10 + (byte - '0');
        *value = (int16_t)(number > PARSER_ARGUMENT_LIMIT ? PARSER_ARGUMENT_LIMIT : number);
    } else if (sequence->count == PARSER_ARGUMENTS_MAX) {
        parser->ignore = true;
    } else {
        sequence->arguments[sequence->count - 1].more = byte == ':';
        sequence->arguments[sequence->count++].value = -1;
    }
}

static void feed_sequence(struct parser *parser, uint8_t byte)
{
    struct parser_sequence *sequence = &parser->sequence;

    if (byte >= 0x40 && byte <= 0x7e) {
        parser->state = PARSER_TEXT;
        sequence->final = (char)byte;
        if (!parser->ignore)
            parser->operations->sequence(parser->context, sequence);
    } else if (byte >= '0' && byte <= ';') {
        feed_argument(parser, byte);
    } else if (byte >= '<' && byte <= '?') {
        parser->ignore = parser->ignore || parser->started;
        sequence->leader = (char)byte;
    } else if (byte >= 0x20 && byte <= 0x2f) {
        parser->ignore = parser->ignore || sequence->intermediate != 0;
        sequence->intermediate = (char)byte;
    } else {
        parser->state = PARSER_TEXT; /* beyond ASCII */
    }
    parser->started = true;
}

static void end_string(struct parser *parser)
{
    parser->state = PARSER_TEXT;
    if (parser->string_kind == STRING_DEVICE && !parser->ignore)
        parser->operations->device_string(parser->context, parser->string, parser->string_length);
}

static void feed_string(struct parser *parser, uint8_t byte)
{
    if (parser->string_length == PARSER_STRING_MAX)
        parser->ignore = true;
    else
        parser->string[parser->string_length++] = (char)byte;
}

static void begin_escape(struct parser *parser)
{
    parser->state = parser->state == PARSER_STRING ? PARSER_STRING_ESCAPE : PARSER_ESCAPE;
    if (parser->state == PARSER_ESCAPE) {
        parser->intermediate = 0;
        parser->ignore = false;
    }
}

static void feed_control(struct parser *parser, uint8_t byte)
{
    bool in_string = parser->state == PARSER_STRING || parser->state == PARSER_STRING_ESCAPE;

    if (parser->pending_count > 0)
        put_replacement(parser);
    if (byte == ESC)
        begin_escape(parser);
    else if (byte == CAN || byte == SUB)
        parser->state = PARSER_TEXT;
    else if (in_string && byte == BEL) /* what xterm takes for a terminator, and so do programs */
        end_string(parser);
    else if (!in_string && byte != NUL && byte != DEL)
        parser->operations->control(parser->context, byte);
}

static void feed_byte(struct parser *parser, uint8_t byte)
{
    if (byte < 0x20 || byte == DEL) {
        feed_control(parser, byte);
        return;
    }
    switch (parser->state) {
    case PARSER_TEXT: feed_utf8(parser, byte); break;
    case PARSER_ESCAPE: feed_escape(parser, byte); break;
    case PARSER_SEQUENCE: feed_sequence(parser, byte); break;
    case PARSER_STRING: feed_string(parser, byte); break;
    case PARSER_STRING_ESCAPE:
        if (byte == '\\') { /* string terminator */
            end_string(parser);
            break;
        }
        parser->state = PARSER_TEXT; /* the string was never ended */
        begin_escape(parser);
        feed_escape(parser, byte);
        break;
    }
}

static bool is_printable_ascii(char c)
{
    return c >= 0x20 && c < DEL;
}

void parser_feed(struct parser *parser, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t end = i;
        if (parser->state == PARSER_TEXT) {
            while (end < length && end - i < PARSER_TEXT_MAX && is_printable_ascii(bytes[end]))
                end++;
        }
        if (end == i) {
            feed_byte(parser, (uint8_t)bytes[i++]);
            continue;
        }
        if (parser->pending_count > 0)
            put_replacement(parser);
        parser->operations->text(parser->context, &bytes[i], end - i);
        i = end;
    }
}

void parser_abort(struct parser *parser)
{
    parser->state = PARSER_TEXT;
    reset_character(parser);
}

void parser_init(struct parser *parser, const struct parser_operations *operations, void *context)
{
    *parser = (struct parser){.operations = operations, .context = context};
}
