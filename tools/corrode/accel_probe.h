/* Shared by probe.S and accel.c, so only preprocessor constants and, for C, the code itself. */
#ifndef CORRODE_ACCEL_PROBE_H
#define CORRODE_ACCEL_PROBE_H

#define PROBE_ROM_SIZE 0x10000
#define PROBE_SIZE 512
#define PROBE_OFFSET (PROBE_ROM_SIZE - PROBE_SIZE)
#define PROBE_PORT 0xf4
#define PROBE_CODE 0x2a

#ifndef __ASSEMBLER__
extern const unsigned char accel_probe[PROBE_SIZE];
#endif

#endif
