# The UEFI target: BOOTX64.EFI, a PE/COFF application. Calling convention and machine state: UEFI 2.10, 2.3.4.

UEFI_CFLAGS := --target=x86_64-unknown-windows $(FREESTANDING) -Os
UEFI_CFLAGS += -mno-red-zone              # firmware handles interrupts on our stack
UEFI_CFLAGS += -mno-mmx -mno-sse -mno-80387 -msoft-float # what runs after boot services must not need an FPU state
UEFI_CFLAGS += -fno-stack-protector       # as for BIOS
UEFI_CFLAGS += -fshort-wchar              # L"..." is UCS-2, as UEFI wants it
UEFI_CFLAGS += -mno-stack-arg-probe       # no __chkstk: there is no Windows to grow the stack
UEFI_CFLAGS += -DBOOT_LOADER=1            # boot/protocol.h: pointers of the hand-off are 64-bit integers

UEFI_LDFLAGS := /subsystem:efi_application /entry:efi_main /nodefaultlib /machine:x64
UEFI_LDFLAGS += /Brepro                   # no time stamp: same sources, same bytes
UEFI_LDFLAGS += /debug:none /opt:ref /opt:icf
