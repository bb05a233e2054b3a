/*
 * The hand-off blob as it lies in the loader's own image: see boot/handoff/handoff.h for what begins there.
 */
#ifndef CORRODE_BOOT_BLOB_H
#define CORRODE_BOOT_BLOB_H

#include <stdint.h>

extern const uint8_t handoff_blob_start[];

#endif
