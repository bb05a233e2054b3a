# The processor: traps, page tables, interrupts, the other CPUs. What the kit needs of it is in kernel/module.mk.

ARCH_SOURCES := $(addprefix kernel/arch/x86_64/,cpu.c descriptors.c trap.c trap_entry.S nmi.c machine_check.c \
    interrupt.c apic.c ioapic.c pic.c smp.c smp_entry.S smp_call.c fpu.c switch.c switch.S paging.c paging_init.c tlb.c \
    user_paging.c topology.c user_tlb.c user.c fpu_frame.c syscall_entry.S)

# The entry without a boot loader, and what it shares with the loader, whose view of boot/protocol.h it has.
PVH_ENTRY_SOURCES := kernel/arch/x86_64/pvh.c boot/loader/memory_map.c boot/loader/entropy.c boot/i386/tables.c \
    boot/pvh/text.c
ARCH_SOURCES += kernel/arch/x86_64/pvh_entry.S $(PVH_ENTRY_SOURCES)

PVH_ENTRY_OBJECTS := $(foreach t,kernel kernel-debug,$(call objects,$t,$(PVH_ENTRY_SOURCES)))
$(PVH_ENTRY_OBJECTS): private KERNEL_CFLAGS += -DBOOT_LOADER=1
$(PVH_ENTRY_OBJECTS): private KERNEL_DEBUG_CFLAGS += -DBOOT_LOADER=1
$(PVH_ENTRY_OBJECTS): | $(BUILD)/gen/version.h
