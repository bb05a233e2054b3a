/*
 * /sys: what is read there of processors, devices and clocks. Everything in it is made when it is read (fs/pseudo.h).
 *
 * Only what programs look for is there, in the places where they look for it; not the tree of all devices that Linux
 * has below /sys/devices.
 *
 * Source: sysfs(5); Linux Documentation/ABI/, the files sysfs-devices-system-cpu, sysfs-bus-pci and others.
 */
#ifndef CORRODE_SYSFS_SYSFS_H
#define CORRODE_SYSFS_SYSFS_H

/* Registers the file system "sysfs". After the devices. */
void sysfs_init(void);

#endif
