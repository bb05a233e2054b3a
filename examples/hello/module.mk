# Hello World: the smallest kernel on our boot loader.

HELLO_SOURCES := examples/hello/main.c

$(BUILD)/examples/hello.elf: $(call objects,$(FLAVOUR),$(HELLO_SOURCES)) $(KERNEL_KIT_OBJECTS) $(KERNEL_OPTIONS)
	$(link-kernel)

$(BUILD)/examples/hello.img: $(BUILD)/corrode $(BUILD)/examples/hello.elf
	$(call say,IMAGE,$@)
	$(Q)$(BUILD)/corrode image --kernel $(BUILD)/examples/hello.elf -o $@

ALL += $(BUILD)/examples/hello.elf $(BUILD)/examples/hello.img

# Every file that `corrode new` copies, so that hello builds on its own: sources first, then the headers they include.
SKELETON_FILES := $(HELLO_SOURCES) $(KERNEL_KIT_SOURCES) boot/protocol.h
SKELETON_FILES += kernel/lib/printf.h kernel/lib/string.h kernel/tty/console.h kernel/tty/font.h
SKELETON_FILES += kernel/tty/screen_internal.h kernel/drivers/uart16550.h kernel/drivers/uart16550_registers.h kernel/panic.h
SKELETON_FILES += kernel/lib/lock_rank.h kernel/lib/types.h
SKELETON_FILES += $(addprefix kernel/arch/x86_64/,cpu.h io.h machine.h percpu.h preempt.h spinlock.h)
