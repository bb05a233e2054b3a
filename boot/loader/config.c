/*
 * The configuration file: lines of `key = value`, blank lines, and comments that begin with #.
 *
 *     kernel = /kernel.elf                     the file to boot (required)
 *     cmdline = root=/dev/vda trace=syscall    up to the end of the line, as it is
 *     module = /initramfs.cpio                 loaded beside the kernel; repeat for more
 *     video = auto | text | 1024x768 | 1024x768x32
 *     serial = off | com1 | com2 | com1,9600
 *     kaslr = on | off
 *
 * A mistake must not boot something else than was meant, so an unknown key, a key given twice (but `module`) or a value
 * that does not parse is an error that names the line.
 */
#include "boot/loader/config.h"

#include "boot/loader/error.h"
#include "lib/string.h"

#define CONF "corrode.conf"

struct line {
    unsigned number;
    char *key, *value;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts white space off both ends of [text, end), and ends it with a NUL. */
static char *trim(char *text, char *end)
{
    while (text < end && is_space(*text))
        text++;
    while (end > text && is_space(end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* Reads a decimal number below a million; the rest of the text, or NULL. */
static const char *parse_number(const char *text, uint32_t *number)
{
    const char *start = text;
    for (*number = 0; *text >= '0' && *text <= '9'; text++) {
        *number = *number * 10 + (uint32_t)(*text - '0');
        if (*number >= 1000000)
            return NULL;
    }
    return text > start ? text : NULL;
}

static int parse_video(const struct line *line, struct config *config)
{
    const char *value = line->value;
    config->video.set = true;
    config->video.width = config->video.height = config->video.bpp = 0;
    if (strcmp(value, "auto") == 0) {
        config->video.video = BOOT_VIDEO_FRAMEBUFFER;
        return 0;
    }
    if (strcmp(value, "text") == 0) {
        config->video.video = BOOT_VIDEO_TEXT;
        return 0;
    }
    config->video.video = BOOT_VIDEO_FRAMEBUFFER;
    const char *rest = parse_number(value, &config->video.width);
    rest = rest && *rest == 'x' ? parse_number(rest + 1, &config->video.height) : NULL;
    if (rest && *rest == 'x') {
        rest = parse_number(rest + 1, &config->video.bpp);
        if (config->video.bpp != 16 && config->video.bpp != 24 && config->video.bpp != 32)
            rest = NULL;
    }
    if (!rest || *rest || config->video.width == 0 || config->video.height == 0)
        return loader_error(CONF " line %u: video = %s: write auto, text, or a mode such as 1024x768 or 1024x768x32.",
            line->number, value);
    return 0;
}

static int parse_serial(const struct line *line, struct config *config)
{
    static const struct {
        char name[5];
        uint16_t port;
    } ports[] = {{"com1", 0x3f8}, {"com2", 0x2f8}, {"com3", 0x3e8}, {"com4", 0x2e8}, {"off", 0}};

    char *comma = strchr(line->value, ',');
    uint32_t baud = 115200;
    const char *rest = "";
    if (comma)
        rest = parse_number(comma + 1, &baud);
    for (size_t i = 0; i < ARRAY_LENGTH(ports); i++) {
        size_t length = strlen(ports[i].name);
        if (strncmp(line->value, ports[i].name, length) != 0 || (line->value[length] && line->value[length] != ','))
            continue;
        if (!rest || *rest || baud == 0 || baud > 115200)
            break;
        config->serial.set = true;
        config->serial.port = ports[i].port;
        config->serial.baud = baud;
        return 0;
    }
    return loader_error(CONF " line %u: serial = %s: write off, or com1 to com4, perhaps with a speed: com1,115200.",
        line->number, line->value);
}

static int parse_kaslr(const struct line *line, struct config *config)
{
    config->kaslr = strcmp(line->value, "on") == 0;
    if (!config->kaslr && strcmp(line->value, "off") != 0)
        return loader_error(CONF " line %u: kaslr = %s: write on or off.", line->number, line->value);
    return 0;
}

static int parse_kernel(const struct line *line, struct config *config)
{
    config->kernel = line->value;
    return 0;
}

static int parse_cmdline(const struct line *line, struct config *config)
{
    config->cmdline = line->value;
    return 0;
}

static int parse_module(const struct line *line, struct config *config)
{
    if (config->module_count == CONFIG_MAX_MODULES)
        return loader_error(
            CONF " line %u: more than %d modules; pack several into one file.", line->number, CONFIG_MAX_MODULES);
    config->modules[config->module_count++] = line->value;
    return 0;
}

static const struct {
    const char *name;
    int (*parse)(const struct line *line, struct config *config);
    bool repeatable, may_be_empty;
} keys[] = {
    {"kernel", parse_kernel, false, false},
    {"cmdline", parse_cmdline, false, true},
    {"module", parse_module, true, false},
    {"video", parse_video, false, false},
    {"serial", parse_serial, false, false},
    {"kaslr", parse_kaslr, false, false},
};

/* SEEN holds a bit for each key that has been given. */
static int parse_line(const struct line *line, uint32_t *seen, struct config *config)
{
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        if (strcmp(line->key, keys[i].name) != 0)
            continue;
        if ((*seen & 1u << i) && !keys[i].repeatable)
            return loader_error(
                CONF " line %u: \"%s\" is given a second time; leave one of them out.", line->number, line->key);
        if (line->value[0] == '\0' && !keys[i].may_be_empty)
            return loader_error(CONF " line %u: \"%s\" has no value.", line->number, line->key);
        *seen |= 1u << i;
        return keys[i].parse(line, config);
    }
    return loader_error(CONF
        " line %u: unknown key \"%s\". The keys are kernel, cmdline, module, video, serial, kaslr.",
        line->number, line->key);
}

int config_parse(char *text, size_t length, struct config *config)
{
    memset(config, 0, sizeof *config);
    config->cmdline = "";
    config->kaslr = true;

    uint32_t seen = 0;
    struct line line = {.number = 0};
    char *end = text + length;
    for (char *next = text; next < end;) {
        char *start = next, *stop = start;
        while (stop < end && *stop != '\n')
            stop++;
        next = stop + 1;
        line.number++;
        for (char *c = start; c < stop; c++)
            if (*c == '\0')
                return loader_error(CONF " line %u: holds a NUL byte; it must be plain text.", line.number);
        char *content = trim(start, stop);
        if (*content == '\0' || *content == '#')
            continue;
        char *equals = strchr(content, '=');
        if (!equals)
            return loader_error(CONF " line %u: \"%s\" is not of the form key = value.", line.number, content);
        line.value = trim(equals + 1, equals + 1 + strlen(equals + 1));
        line.key = trim(content, equals);
        if (parse_line(&line, &seen, config) < 0)
            return -1;
    }
    if (!config->kernel)
        return loader_error(CONF ": there is no line \"kernel = FILE\", so there is nothing to boot.");
    return 0;
}
