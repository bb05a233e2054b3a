# The kernel target: 64-bit code in the top 2 GiB, no operating system beneath it.
# Reasons for the ABI flags: System V ABI, AMD64 supplement, 3.2.2 (red zone) and 3.5.1 (code models).

KERNEL_CFLAGS := --target=x86_64-unknown-none-elf $(FREESTANDING) -O2
KERNEL_CFLAGS += -mno-red-zone            # an interrupt writes just below RSP, where the red zone would be
KERNEL_CFLAGS += -mno-mmx -mno-sse -mno-sse2 -mno-avx -mno-80387 # vector and x87 registers belong to programs
KERNEL_CFLAGS += -msoft-float             # so no floating point can slip in; a use fails to link
KERNEL_CFLAGS += -mcmodel=kernel          # every symbol lies in the top 2 GiB: 32-bit sign-extended addresses
KERNEL_CFLAGS += -fpie                    # position independent, so that the loader can slide it (KASLR) ...
KERNEL_CFLAGS += -fvisibility=hidden      # ... without a GOT: nothing is preempted
KERNEL_CFLAGS += -fno-omit-frame-pointer  # backtraces walk the frame pointers
KERNEL_CFLAGS += -fno-optimize-sibling-calls # and show every caller
KERNEL_CFLAGS += -fstack-protector-strong -mstack-protector-guard=global # an overrun buffer panics; no TLS for the canary yet

# The debug flavour, target kernel-debug: the same with checks.
KERNEL_DEBUG_CFLAGS := $(KERNEL_CFLAGS) -DDEBUG=1
KERNEL_DEBUG_CFLAGS += -fsanitize=undefined -fno-sanitize-recover=undefined # kernel/debug/ubsan.c says where, and panics

KERNEL_LDFLAGS := -m elf_x86_64 --gc-sections
KERNEL_LDFLAGS += -pie --no-dynamic-linker # ET_DYN with relative relocations, which the boot loader applies
KERNEL_LDFLAGS += -z text                 # a relocation in read-only text is an error
KERNEL_LDFLAGS += -z max-page-size=4096 -z separate-code # W^X: no page holds both code and data
KERNEL_LDFLAGS += -z noexecstack -z norelro -z nognustack
KERNEL_LDFLAGS += --build-id=none         # same sources, same bytes
KERNEL_LDFLAGS += --image-base=0xffffffff80000000 # -2 GiB, where -mcmodel=kernel wants it
KERNEL_LDFLAGS += --entry=kernel_main     # what the boot loader calls

# For a virtual machine monitor that starts the kernel without a boot loader (kernel/arch/x86_64/pvh_entry.S): the image
# is right as it is in the file, 2 MiB is the physical address of its first byte, and a note names the entry's. Relocations
# as bit maps, which need their addends in place for the same reason, are a hundredth of a table of them.
KERNEL_PVH_LDFLAGS := --apply-dynamic-relocs --pack-dyn-relocs=relr --defsym=pvh_entry_physical=pvh_entry-__executable_start+0x200000
# By how much p_vaddr is more than p_paddr, in two halves: the tool takes signed numbers.
KERNEL_PVH_SHIFT := --change-section-lma '*-0x7fffffffbff00000'

# $(call link-kernel): the recipe that links a rule's objects to a kernel.
define link-kernel
$(call say,LD,$@)
@mkdir -p $(@D)
$(Q)$(LLD) $(KERNEL_LDFLAGS) -o $@ $(filter %.o,$^)
endef

# $(call link-whole-kernel): our own kernel, which also has the PVH entry and names its own addresses. It is linked twice:
# first to learn where every function and line is, then with a table that tells (kernel/debug/symbols.h). The table is
# read-only data and counts from the start of the code, so adding it must leave the code as it is, which is checked. The
# rule depends on $(BUILD)/mksymbols.
define link-whole-kernel
$(call say,LD,$@)
@mkdir -p $(@D)
$(Q)$(LLD) $(KERNEL_LDFLAGS) $(KERNEL_PVH_LDFLAGS) -o $@.bare $(filter %.o,$^)
$(Q)$(BUILD)/mksymbols $@.bare >$@.symbols
$(Q)$(CLANG) --target=x86_64-unknown-none-elf -DSYMBOLS_FILE='"$@.symbols"' -c -o $@.symbols.o kernel/debug/symbols.S
$(Q)$(LLD) $(KERNEL_LDFLAGS) $(KERNEL_PVH_LDFLAGS) -o $@ $(filter %.o,$^) $@.symbols.o
$(Q)$(BUILD)/mksymbols $@ | cmp -s - $@.symbols || { echo "$@: its table of symbols has moved its code" >&2; exit 1; }
$(Q)$(LLVM_OBJCOPY) $(KERNEL_PVH_SHIFT) $@ && $(LLVM_OBJCOPY) $(KERNEL_PVH_SHIFT) $@
@rm -f $@.bare $@.symbols.o
endef
