#!/bin/sh
# The kernel's self-tests, tests/kernel/, on BIOS. TEST='lib_*' in the environment runs some.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

all_selftests bios "BIOS"
