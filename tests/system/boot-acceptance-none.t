#!/bin/sh
# Every test kernel of tests/boot without firmware, by way of PVH: see acceptance.sh.
firmware=none
. "$(dirname "$0")/acceptance.sh"
