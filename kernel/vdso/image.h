/*
 * The vDSO's file, in the kernel's read-only data (image.S).
 */
#ifndef CORRODE_VDSO_IMAGE_H
#define CORRODE_VDSO_IMAGE_H

extern const char vdso_image[], vdso_image_end[];

#endif
