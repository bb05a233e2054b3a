# Sources of others, pinned in third_party/manifest: fetched when something that is built needs one of their files.
#
#     $(THIRD_PARTY)/NAME/.fetched    make this the prerequisite of NAME's files; they are unpacked beside it

THIRD_PARTY := $(BUILD)/third_party

$(THIRD_PARTY)/%/.fetched: scripts/fetch-source third_party/manifest
	$(call say,FETCH,$*)
	$(Q)BUILD=$(BUILD) scripts/fetch-source $*
