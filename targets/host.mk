# The host target: the corrode tool, build helpers and unit tests, by the machine's own compiler.

CC          ?= cc
HOST_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -Ikernel -Ibuild/gen

# Unit tests and fuzzers: portable kernel and loader code, untouched, under the sanitizers. Clang, for libFuzzer.
SANITIZE    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_CFLAGS := -std=gnu11 -O1 -g $(WARNINGS) -D_GNU_SOURCE -DBOOT_LOADER=1 -DUNIT_TEST=1 -fno-strict-aliasing
UNIT_CFLAGS += -Itests/unit/fake -I. -Ikernel $(SANITIZE) # fake: I/O ports and privileged instructions
FUZZ_CFLAGS := $(UNIT_CFLAGS) -fsanitize=fuzzer
