#!/bin/sh
# What is wrong ends in a sentence, on BIOS: see faults.sh.
firmware=bios
. "$(dirname "$0")/faults.sh"
