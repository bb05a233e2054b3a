# What every bare-metal target shares. Included by the files beside this one.

# The one place that names the toolchain. `make CLANG=...` overrides it.
LLVM_VERSION ?= 19
CLANG        ?= clang-$(LLVM_VERSION)
LLD          ?= ld.lld-$(LLVM_VERSION)
LLD_LINK     ?= lld-link-$(LLVM_VERSION)
LLVM_OBJCOPY ?= llvm-objcopy-$(LLVM_VERSION)
LLVM_AR      ?= llvm-ar-$(LLVM_VERSION)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wno-unused-parameter
# Warnings are errors in CI, not for someone with a newer compiler.
ifdef CI
WARNINGS += -Werror
endif

FREESTANDING := -std=gnu11 $(WARNINGS)
FREESTANDING += -ffreestanding            # no C library: only the headers that the compiler itself ships
FREESTANDING += -fno-common               # a variable that two files define is an error, not a merge
FREESTANDING += -fno-strict-aliasing      # page tables, device registers and firmware tables are read as several types
FREESTANDING += -fno-delete-null-pointer-checks # address 0 is memory like any other to a loader
FREESTANDING += -fwrapv                   # signed overflow wraps: a bound check must never be optimised away
FREESTANDING += -fno-asynchronous-unwind-tables # nothing unwinds: a panic stops, it never throws
FREESTANDING += -fno-exceptions           # the same, for the compiler's own run-time calls
FREESTANDING += -ffunction-sections -fdata-sections # the linker drops what no one calls
FREESTANDING += -g                        # for gdb; the image tool strips it
FREESTANDING += -I. -Ikernel              # "boot/protocol.h", "lib/string.h"
