# The vDSO target: a shared object of the kernel's that is mapped into every program (kernel/vdso/). Its code runs in
# programs, wherever it is mapped, and nobody relocates it.

VDSO_CFLAGS := --target=x86_64-unknown-none-elf $(FREESTANDING) -O2
VDSO_CFLAGS += -fpic -fvisibility=default # a shared object; what is exported is for its version script to say
VDSO_CFLAGS += -mno-mmx -mno-sse -mno-80387 -msoft-float # nothing here is worth the program's vector registers
VDSO_CFLAGS += -fno-jump-tables           # tables of addresses would need relocations
VDSO_CFLAGS += -fno-stack-protector       # its canary would be data of its own
VDSO_CFLAGS += -fomit-frame-pointer
VDSO_CFLAGS += -fasynchronous-unwind-tables # debuggers and profilers of programs walk through it

VDSO_LDFLAGS := -m elf_x86_64 -shared -Bsymbolic -soname linux-vdso.so.1 -z rodynamic -z noexecstack --build-id=none
VDSO_LDFLAGS += --hash-style=both         # musl reads one kind of hash table, glibc the other
VDSO_LDFLAGS += --eh-frame-hdr -s -z max-page-size=4096
