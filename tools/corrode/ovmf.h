/* UEFI firmware for QEMU: OVMF, wherever the host's packages put it. */
#ifndef CORRODE_OVMF_H
#define CORRODE_OVMF_H

#include "text.h"

/* Adds it to a QEMU command. Its variables are a private copy, gone after the boot. Fatal when none is installed. */
void ovmf_add(struct strings *command);

#endif
