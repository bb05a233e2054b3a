# The bottom layer: memory, strings, printf. It needs nothing but a compiler, so the loader and a user's own kernel link
# it too: $(call objects,kernel,$(KERNEL_LIB_SOURCES)), or bios, or uefi in place of kernel.

KERNEL_LIB_SOURCES := kernel/lib/string.c kernel/lib/printf.c kernel/arch/x86_64/memory.c

# What only the kernel itself needs of this folder.
LIB_SOURCES := kernel/lib/rbtree.c kernel/lib/bitmap.c kernel/lib/radix.c kernel/lib/chacha20.c kernel/lib/blake2s.c
