#!/bin/sh
# What is wrong ends in a sentence, on UEFI: see faults.sh.
firmware=uefi
. "$(dirname "$0")/faults.sh"
