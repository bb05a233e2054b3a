# The BIOS target: stage 1 and 2 of the loader, and the PVH front end: 32-bit code on any processor since the 386, so
# that an old machine gets as far as a clear refusal. The 16-bit parts are assembler (.code16).

BIOS_CFLAGS := --target=i386-unknown-none-elf $(FREESTANDING) -Oz # stage 2 has 32 KiB
BIOS_CFLAGS += -march=i386                # no CMOV, CPUID or SSE before the processor has been asked
BIOS_CFLAGS += -mno-mmx -mno-sse -mno-80387 -msoft-float # nor an FPU
BIOS_CFLAGS += -mregparm=3                # arguments in registers: a tenth smaller
BIOS_CFLAGS += -fno-pic -fno-pie          # stage 2 is linked where it runs
BIOS_CFLAGS += -fno-stack-protector       # no one to report to that would not be simpler as a bound check
BIOS_CFLAGS += -fomit-frame-pointer       # smaller; the fault handler prints addresses, not backtraces
BIOS_CFLAGS += -DBOOT_LOADER=1            # boot/protocol.h: pointers of the hand-off are 64-bit integers

BIOS_LDFLAGS := -m elf_i386 --gc-sections --build-id=none -z noexecstack -z norelro
