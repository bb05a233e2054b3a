# Drivers. DRIVER_SOURCES are the kernel's; the console library takes its serial port from here too (kernel/tty).

# Portable: the unit tests and fuzzers build it too.
PCI_SOURCES := $(addprefix kernel/drivers/pci/,scan.c bar.c interrupt.c driver.c)

DRIVER_SOURCES := kernel/drivers/serial.c kernel/drivers/speaker.c kernel/drivers/ps2.c kernel/drivers/ps2_keys.c
DRIVER_SOURCES += $(PCI_SOURCES) kernel/drivers/pci/config.c kernel/drivers/drivers.c

VIRTIO_SOURCES := $(addprefix kernel/drivers/virtio/,virtio.c queue.c)
VIRTIO_PCI_SOURCES := $(VIRTIO_SOURCES) kernel/drivers/virtio/virtio_pci.c
DRIVER_SOURCES += $(VIRTIO_PCI_SOURCES) $(addprefix kernel/drivers/virtio/,memory.c virtio_rng.c virtio_console.c virtio_port_file.c)
