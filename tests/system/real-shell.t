#!/bin/sh
# Shells and the tools that scripts use, of Debian's packages: on this machine and on Corrode they say the same
# (tests/real/shell).
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/real.sh

real_root shell bash dash coreutils util-linux util-linux-extra bsdutils bsdextrautils mount procps findutils diffutils \
    debianutils sysvinit-utils tar grep sed mawk gzip bzip2 xz-utils zstd file libmagic-mgc bc lua5.4 sqlite3 hostname
real_compare shell --smp 2 -M 1G
