# The console library: printf in colour on whatever screen and serial port there are. It stands on KERNEL_LIB_SOURCES
# and on nothing else of the kernel, so that any kernel on the boot protocol can link it.

FONT_SOURCE := $(BUILD)/gen/font.c

CONSOLE_SOURCES := kernel/tty/console.c kernel/tty/screen.c kernel/tty/text_screen.c kernel/tty/framebuffer.c
CONSOLE_SOURCES += $(FONT_SOURCE) kernel/drivers/uart16550.c

# Terminals, which the kernel itself has on top of that. EMULATOR_SOURCES are the part that libvterm is in.
LIBVTERM := $(THIRD_PARTY)/libvterm
LIBVTERM_SOURCES := $(addprefix $(LIBVTERM)/src/,vterm.c state.c pen.c encoding.c keyboard.c)
$(LIBVTERM_SOURCES): $(LIBVTERM)/.fetched ;

EMULATOR_SOURCES := kernel/tty/emulator.c kernel/tty/grid.c kernel/tty/parser.c kernel/tty/unicode.c $(LIBVTERM_SOURCES)
TERMINAL_SOURCES := $(addprefix kernel/tty/,terminal.c display.c text_font.c unicode_font.c) \
    $(BUILD)/gen/unicode_font_data.c $(EMULATOR_SOURCES)

# Terminals as files of programs: the line discipline, of which the first part is portable, and the machine's terminals.
DISCIPLINE_SOURCES := $(addprefix kernel/tty/,tty_input.c tty_erase.c tty_output.c tty_read.c tty_file.c tty_settings.c \
    tty_ioctl.c tty_session.c tty.c)
TTY_SOURCES := $(DISCIPLINE_SOURCES) $(addprefix kernel/tty/,pty.c pty_master.c devpts.c serial_tty.c port_tty.c virtual_console.c virtual_console_ioctl.c console_tty.c)

# Who includes libvterm's headers; -isystem, because they are not ours to warn about. In the kernel its C library is
# kernel/tty/libvterm/include. With DEBUG it would print.
LIBVTERM_CFLAGS := -isystem $(LIBVTERM)/include -isystem $(LIBVTERM)/src
libvterm-users = $(call objects,$(1),kernel/tty/emulator.c $(LIBVTERM_SOURCES))
$(foreach t,kernel kernel-debug,$(call libvterm-users,$t)): | $(LIBVTERM)/.fetched
$(call libvterm-users,kernel): private KERNEL_CFLAGS += -isystem kernel/tty/libvterm/include $(LIBVTERM_CFLAGS)
$(call libvterm-users,kernel-debug): private KERNEL_DEBUG_CFLAGS += -isystem kernel/tty/libvterm/include $(LIBVTERM_CFLAGS)
$(call objects,kernel,$(LIBVTERM_SOURCES)): private KERNEL_CFLAGS += -w
$(call objects,kernel-debug,$(LIBVTERM_SOURCES)): private KERNEL_DEBUG_CFLAGS += -w -UDEBUG
