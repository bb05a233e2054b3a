/*
 * corrode.conf: the person's own lines, then what the options say. It is read once by the boot loader's own parser
 * (boot/loader/config.c, the same source), so that a mistake in it shows here and not on a machine that does not boot.
 */
#include "image_internal.h"

#include "boot/layout.h"
#include "boot/loader/config.h"
#include "boot/loader/error.h"
#include "file.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void check_line(const char *what, const char *text)
{
    if (text[strcspn(text, "\r\n")])
        fatal(NULL, "%s contains the end of a line, which corrode.conf cannot hold; write it in one line", what);
}

/* The first LENGTH bytes of TEXT, as the boot loader reads them; false after its error. CONFIG points into a copy. */
static bool parse(const char *text, size_t length, struct config *config)
{
    char *copy = memory_get(length + 1);
    memcpy(copy, text, length);
    return config_parse(copy, length, config) == 0;
}

static bool is_in_image(const struct image_spec *spec, const char *path)
{
    static const char *const always[] = {LAYOUT_CONFIG_PATH, IMAGE_KERNEL_PATH, IMAGE_UEFI_PATH};
    path += strspn(path, "/");
    for (size_t i = 0; i < ARRAY_LENGTH(always); i++) {
        if (strcasecmp(path, always[i] + 1) == 0)
            return true;
    }
    for (size_t i = 0; i < spec->modules.count; i++) {
        if (strcasecmp(path, text_basename(spec->modules.items[i])) == 0)
            return true;
    }
    return false;
}

/* Of the LENGTH bytes of TEXT, OWN are the person's lines, and BASE those and the kernel's. */
static void check(const struct image_spec *spec, const char *text, size_t own, size_t base, size_t length)
{
    struct config config;
    if (parse(text, own, &config))
        fatal(spec->config, "has a line `kernel = %s`, and --kernel makes one; leave it out", config.kernel);
    if (!parse(text, base, &config))
        fatal(spec->config, "%s", loader_error_text());
    if (length > CONFIG_MAX_SIZE)
        fatal(spec->config, "corrode.conf would have %zu bytes and the boot loader takes %d; shorten %s", length,
            CONFIG_MAX_SIZE, own > length / 2 ? "this file" : "the command line");
    for (uint32_t i = 0; i < config.module_count; i++) {
        if (!is_in_image(spec, config.modules[i]))
            fatal(spec->config, "names the module %s, which is not in the image; use --module instead of this line",
                config.modules[i]);
    }
    if (!parse(text, length, &config))
        fatal(spec->config, "with what the options add, %s Drop the line of this file, or the option or argument.",
            loader_error_text());
}

char *boot_config_make(const struct image_spec *spec, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (!out)
        fatal_errno(NULL, "get memory");
    if (spec->config) {
        struct file config = file_load(spec->config);
        fwrite(config.data, 1, config.size, out);
        if (config.size && config.data[config.size - 1] != '\n')
            fputc('\n', out);
    }
    long own = ftell(out);
    fputs("# What the boot loader starts. Written by corrode " VERSION ".\nkernel = " IMAGE_KERNEL_PATH "\n", out);
    long base = ftell(out);
    if (spec->cmdline && *spec->cmdline) {
        check_line("the command line", spec->cmdline);
        fprintf(out, "cmdline = %s\n", spec->cmdline);
    }
    for (size_t i = 0; i < spec->modules.count; i++) {
        check_line("a module's name", spec->modules.items[i]);
        fprintf(out, "module = /%s\n", text_basename(spec->modules.items[i]));
    }
    fclose(out);
    check(spec, text, (size_t)own, (size_t)base, *length);
    return text;
}
