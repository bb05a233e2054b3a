#!/bin/sh
# One image on every medium, on UEFI: see media.sh.
firmware=uefi
. "$(dirname "$0")/media.sh"
