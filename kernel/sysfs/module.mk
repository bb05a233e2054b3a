# /sys. Above the drivers, about whose devices it tells, and proc, for who may read what.

SYSFS_SOURCES := $(addprefix kernel/sysfs/,root.c cpu.c pci.c device.c)
