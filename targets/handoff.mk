# The hand-off target: a flat blob of 64-bit code that every front end of the loader copies to a page that is mapped
# before and after the switch of page tables (boot/handoff/). It runs at whatever address it is copied to.

HANDOFF_CFLAGS := --target=x86_64-unknown-none-elf $(FREESTANDING) -Oz
HANDOFF_CFLAGS += -mno-red-zone           # its fault handler runs on the stack that faulted
HANDOFF_CFLAGS += -mno-mmx -mno-sse -mno-80387 -msoft-float
HANDOFF_CFLAGS += -fpie -mcmodel=small -fvisibility=hidden # RIP-relative throughout ...
HANDOFF_CFLAGS += -fdirect-access-external-data # ... without a GOT, which holds addresses ...
HANDOFF_CFLAGS += -fno-jump-tables        # ... and no table of addresses that someone would have to relocate
HANDOFF_CFLAGS += -fno-stack-protector -fomit-frame-pointer

HANDOFF_LDFLAGS := -m elf_x86_64 --gc-sections --build-id=none -z norelro -z noexecstack
