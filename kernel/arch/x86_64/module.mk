# The processor: traps, page tables, interrupts, the other CPUs. What the kit needs of it is in kernel/module.mk.

ARCH_SOURCES :=
