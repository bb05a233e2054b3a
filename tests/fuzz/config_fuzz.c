/*
 * Fuzzes the parser of corrode.conf (boot/loader/config.c): any bytes as the file. A text that is refused must be
 * refused with a line that it has; one that is accepted is written anew from what was understood, and must mean the
 * same then.
 */
#include "tests/unit/corrode_lib.h"

#include "boot/loader/config.h"
#include "boot/loader/error.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void check_error(const uint8_t *data, size_t size)
{
    const char *sentence = loader_error_text();
    unsigned line, lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    require(strncmp(sentence, "corrode.conf", 12) == 0);
    if (sscanf(sentence, "corrode.conf line %u: ", &line) == 1)
        require(line >= 1 && line <= lines);
    else
        require(strstr(sentence, "there is no line \"kernel = FILE\"") != NULL);
}

/* The configuration as a text; its length. */
static size_t write_config(const struct config *c, char *text, size_t room)
{
    static const char *const ports[][2] = {
        {"com1", "\xf8\x03"}, {"com2", "\xf8\x02"}, {"com3", "\xe8\x03"}, {"com4", "\xe8\x02"}};
    size_t n = (size_t)snprintf(text, room, "kernel=%s\ncmdline=%s\n", c->kernel, c->cmdline);
    for (uint32_t i = 0; i < c->module_count; i++)
        n += (size_t)snprintf(text + n, room - n, "module=%s\n", c->modules[i]);
    if (c->video.set && c->video.width) {
        n += (size_t)snprintf(text + n, room - n, "video=%ux%u", c->video.width, c->video.height);
        if (c->video.bpp)
            n += (size_t)snprintf(text + n, room - n, "x%u", c->video.bpp);
        n += (size_t)snprintf(text + n, room - n, "\n");
    } else if (c->video.set) {
        n += (size_t)snprintf(text + n, room - n, "video=%s\n", c->video.video == BOOT_VIDEO_TEXT ? "text" : "auto");
    }
    if (c->serial.set) {
        const char *name = "off";
        for (size_t i = 0; i < 4; i++) {
            if (memcmp(ports[i][1], &c->serial.port, 2) == 0)
                name = ports[i][0];
        }
        n += (size_t)snprintf(text + n, room - n, "serial=%s,%u\n", name, c->serial.baud);
    }
    return n + (size_t)snprintf(text + n, room - n, "kaslr=%s\n", c->kaslr ? "on" : "off");
}

static void require_same(const struct config *a, const struct config *b)
{
    require(strcmp(a->kernel, b->kernel) == 0 && strcmp(a->cmdline, b->cmdline) == 0);
    require(a->module_count == b->module_count && a->module_count <= CONFIG_MAX_MODULES);
    for (uint32_t i = 0; i < a->module_count; i++)
        require(strcmp(a->modules[i], b->modules[i]) == 0);
    require(memcmp(&a->video, &b->video, sizeof a->video) == 0);
    require(memcmp(&a->serial, &b->serial, sizeof a->serial) == 0);
    require(a->kaslr == b->kaslr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config, again;
    if (size > CONFIG_MAX_SIZE)
        return 0;
    char *text = malloc(size + 1), *rewritten = malloc(2 * size + 256);
    memcpy(text, data, size);
    text[size] = 'Z';
    if (config_parse(text, size, &config) < 0) {
        check_error(data, size);
    } else {
        size_t length = write_config(&config, rewritten, 2 * size + 256);
        require(length < 2 * size + 256);
        require(config_parse(rewritten, length, &again) == 0);
        require_same(&config, &again);
    }
    free(rewritten);
    free(text);
    return 0;
}
