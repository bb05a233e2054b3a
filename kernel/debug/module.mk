# Seeing inside: what stands just above lib and arch, and every other part of the kernel uses.

DEBUG_SOURCES := kernel/log.c kernel/lib/cmdline.c
