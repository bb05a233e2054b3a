#!/bin/sh
# gcc and make, git, and node: what they build, keep and compute on this machine, they do on Corrode
# (tests/real/develop).
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/real.sh

real_root develop bash dash coreutils util-linux mount bsdutils procps hostname sed grep mawk tar gzip diffutils perl-base \
    gcc gcc-12 cpp cpp-12 binutils binutils-common binutils-x86-64-linux-gnu libbinutils libgcc-12-dev libc6-dev \
    libcrypt-dev linux-libc-dev make git nodejs
real_compare develop --smp 2 -M 2G
