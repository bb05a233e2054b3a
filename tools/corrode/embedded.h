/* Files inside the tool: the boot stages ("boot/stage1.bin") and the skeleton of `corrode new` ("new/Makefile"). */
#ifndef CORRODE_EMBEDDED_H
#define CORRODE_EMBEDDED_H

#include <stdint.h>

struct embedded_file {
    const char *name;
    const uint8_t *data;
    uint64_t size;
};

/* Every one of them; the last has no name. The object is generated: see module.mk. */
extern const struct embedded_file embedded_files[];

/* Must exist: asking for another is a mistake in the tool. */
const struct embedded_file *embedded_find(const char *name);

#endif
