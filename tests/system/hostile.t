#!/bin/sh
# What programs must not be able to do to the kernel: hostile arguments to every system call, with the answers that
# Linux gives (tests/guest/hostile.c, here and inside), and calls at random for a while, as root and as an ordinary
# user (tests/guest/fuzz.c). FUZZ_SECONDS=600 fuzzes for longer, FUZZ_SEED does again what failed.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

guests=$build/tests/guest
seconds=${FUZZ_SECONDS:-30}
seed=${FUZZ_SEED:-0}

# Where Corrode answers otherwise than Linux, on purpose: the call, and why.
deviations='rseq: refused with ENOSYS, which the C libraries take
pkey_alloc: processors differ in whether they have keys
pkey_mprotect: processors differ in whether they have keys
epoll_wait: versions of Linux differ in what they look at first
epoll_pwait: versions of Linux differ in what they look at first
epoll_pwait2: versions of Linux differ in what they look at first
'

# archive PROGRAM: an initramfs with it as process 1.
archive() {
    rm -rf "$tmp/root"
    mkdir -p "$tmp/root/tmp"
    cp "$guests/$1" "$tmp/root/init"
    (cd "$tmp/root" && find . | cpio -o -H newc 2>/dev/null) >"$tmp/archive"
}

# answers FILE CALL: what came of its cases.
answers() {
    sed -n "s/^# $2: //p" "$1"
}

archive hostile.musl
# What a file may be depends on the file system: a tmpfs, here as there.
here=$(mktemp -d /dev/shm/hostile.XXXXXX) || here=$(mktemp -d)
chmod 755 "$here"
test_cleanup() {
    rm -rf "$here"
}
ok "the sweep passes on this machine" env TMPDIR="$here" "$guests/hostile.musl"
printf '%s\n' "$out" >"$tmp/linux"
for kernel in kernel kernel-debug; do
    boot --firmware direct --smp 2 --module "$tmp/archive" "$build/$kernel.elf"
    is "the sweep passes inside ($kernel)" "$status" 0
    [ "$status" -eq 0 ] || explain "wanted 0" hostile
done
printf '%s\n' "$out" >"$tmp/corrode"
for call in $(sed -n 's/^# \([a-z0-9_]*\): .*/\1/p' "$tmp/corrode"); do
    if printf '%s\n' "$deviations" | grep -q "^$call:"; then
        skip "$call answers as Linux does" "$(printf '%s\n' "$deviations" | sed -n "s/^$call: *//p")"
    else
        is "$call answers as Linux does" "$(answers "$tmp/corrode" "$call")" "$(answers "$tmp/linux" "$call")"
    fi
done

archive fuzz.musl
limit=$((seconds + 60))
for user in 0 1000; do
    boot --firmware direct --smp 4 --module "$tmp/archive" "$build/kernel-debug.elf" loglevel=error -- "$seconds" "$seed" $user
    is "calls at random for $seconds seconds do no harm (user $user)" "$status" 0
    [ "$status" -eq 0 ] || explain "wanted 0; $(printf '%s\n' "$out" | grep '^# seed')" fuzz
done
