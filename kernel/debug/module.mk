# Seeing inside: what stands just above lib and arch, and every other part of the kernel uses.

DEBUG_SOURCES := kernel/debug/log.c kernel/lib/cmdline.c kernel/debug/fault_injection.c kernel/debug/symbols.c
DEBUG_SOURCES += kernel/debug/symbols_table.c kernel/debug/probe.c kernel/debug/backtrace.c kernel/debug/trap_report.c \
    kernel/debug/counter.c kernel/debug/stack_depth.c

# What code of the debug flavour calls in addition, the kit of examples and test kernels too.
CHECK_SOURCES := kernel/debug/ubsan.c kernel/debug/lock_order.c
