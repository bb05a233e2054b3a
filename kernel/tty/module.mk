# The console library: printf in colour on whatever screen and serial port there are. It stands on KERNEL_LIB_SOURCES
# and on nothing else of the kernel, so that any kernel on the boot protocol can link it.

FONT_SOURCE := $(BUILD)/gen/font.c

CONSOLE_SOURCES := kernel/tty/console.c kernel/tty/screen.c kernel/tty/text_screen.c kernel/tty/framebuffer.c
CONSOLE_SOURCES += $(FONT_SOURCE) kernel/drivers/uart16550.c
