# The default image, which `make run` boots: Corrode and Debian's BusyBox, unmodified, as init and shell.

BUSYBOX := $(BUILD)/busybox/busybox
BUSYBOX_TREE := $(wildcard examples/busybox/etc/*)

$(BUSYBOX): scripts/fetch-busybox
	$(call say,FETCH,busybox)
	$(Q)scripts/fetch-busybox $@

# Its root: a tar archive, so that everything is root's whoever builds.
$(BUILD)/busybox/root.tar: examples/busybox/mkroot $(BUSYBOX_TREE) $(BUSYBOX)
	$(call say,TAR,$@)
	$(Q)examples/busybox/mkroot $(BUSYBOX) $@

$(BUILD)/corrode.img: $(BUILD)/corrode $(BUILD)/busybox/root.tar
	$(call say,IMAGE,$@)
	$(Q)$(BUILD)/corrode image --rootfs $(BUILD)/busybox/root.tar -o $@

ALL += $(BUILD)/corrode.img
