# The vDSO: a shared object for programs, and that as data of the kernel.

VDSO := $(BUILD)/vdso.so
VDSO_SOURCES := kernel/vdso/image.S

$(OBJ)/vdso/%.c.o: %.c targets/vdso.mk $(COMMON) ; $(call compile,CC-VDSO,$(CLANG) $(VDSO_CFLAGS))

$(VDSO): $(call objects,vdso,kernel/vdso/vdso.c) kernel/vdso/vdso.lds targets/vdso.mk
	$(call say,LD,$@)
	$(Q)$(LLD) $(VDSO_LDFLAGS) -T kernel/vdso/vdso.lds -o $@ $(filter %.o,$^)

$(foreach t,kernel kernel-debug,$(call objects,$t,kernel/vdso/image.S)): $(VDSO)
$(call objects,kernel,kernel/vdso/image.S): private KERNEL_CFLAGS += -DVDSO_FILE='"$(VDSO)"'
$(call objects,kernel-debug,kernel/vdso/image.S): private KERNEL_DEBUG_CFLAGS += -DVDSO_FILE='"$(VDSO)"'
