#!/bin/sh
# Python and Perl of Debian's packages: what their scripts say on this machine, they say on Corrode (tests/real/language).
# Python's pty plays the person at shells, less, vi, nano and top there, too.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/real.sh

real_root language bash dash coreutils util-linux mount bsdutils procps hostname sed grep mawk less vim-tiny vim-common nano tmux \
    python3 python3-minimal python3.11 python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libpython3-stdlib \
    media-types perl perl-base perl-modules-5.36 libperl5.36
real_compare language --smp 2 -M 1G
