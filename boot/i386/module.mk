# What the BIOS and PVH front ends share.

I386_SOURCES := $(addprefix boot/i386/,i386.S fault.c shift.c tables.c)
