#!/bin/sh
# Every test kernel of tests/boot on BIOS: see acceptance.sh.
firmware=bios
. "$(dirname "$0")/acceptance.sh"
