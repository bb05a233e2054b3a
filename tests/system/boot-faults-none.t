#!/bin/sh
# What is wrong ends in a sentence, on a machine without firmware (PVH): see faults.sh.
firmware=none
. "$(dirname "$0")/faults.sh"
