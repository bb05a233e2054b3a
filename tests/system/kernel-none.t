#!/bin/sh
# The kernel's self-tests, tests/kernel/, without firmware: the loader started by PVH. TEST='lib_*' in the environment runs some.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

all_selftests none "no firmware"
