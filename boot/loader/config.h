/*
 * corrode.conf: what to boot. See config.c for the language and docs/boot-protocol.md for the user's view.
 */
#ifndef CORRODE_BOOT_CONFIG_H
#define CORRODE_BOOT_CONFIG_H

#include "boot/protocol.h"
#include "lib/types.h"

#define CONFIG_MAX_MODULES 32
#define CONFIG_MAX_SIZE 16384 /* bytes of corrode.conf */

struct config {
    const char *kernel;
    const char *cmdline; /* "" by default */
    const char *modules[CONFIG_MAX_MODULES];
    uint32_t module_count;
    struct {
        bool set;       /* was there a `video` line? Then it overrides what the kernel asks for. */
        uint32_t video; /* enum boot_video */
        uint32_t width, height, bpp;
    } video;
    struct {
        bool set;
        uint16_t port; /* 0: off */
        uint32_t baud;
    } serial;
    bool kaslr; /* false forbids what the kernel's request allows */
};

/*
 * Reads TEXT, which must have room for one more byte after LENGTH; it is taken apart in place and the strings in
 * *config point into it. 0, or -1 after loader_error with the number of the line.
 */
int config_parse(char *text, size_t length, struct config *config);

#endif
