#!/bin/sh
# Every test kernel of tests/boot on UEFI: see acceptance.sh.
firmware=uefi
. "$(dirname "$0")/acceptance.sh"
