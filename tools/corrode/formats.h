/* Disk image formats other than raw, by way of qemu-img, with the random parts taken out again. */
#ifndef CORRODE_FORMATS_H
#define CORRODE_FORMATS_H

#include "image.h"

/*
 * Turns the raw image at PATH into FORMAT. What the format wants to be unique is made from HASH. Messages speak of
 * NAME. Raw and iso are left as they are: a hybrid image is a disc already.
 */
void format_convert(const char *path, enum image_format format, uint64_t hash, const char *name);

/* Converts an image of any format into a raw one. */
void format_to_raw(const char *path, enum image_format format, const char *raw);

/* Replaces the random identifiers of a VHDX file (vhdx.c). */
void vhdx_normalise(uint8_t *data, size_t size, uint64_t hash);

/* 16 bytes of an RFC 4122 version 4 UUID, the NUMBERth of those that HASH stands for. */
void format_uuid(uint8_t *at, uint64_t hash, unsigned number);

#endif
