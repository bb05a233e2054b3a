#!/bin/sh
# `corrode write`: into files that stand for devices, into loop devices where there are any, and never where it must not.
. "$(dirname "$0")/lib.sh"

disk=$tmp/disk.img
corrode image --kernel "$hello" -o "$disk"
size=$(stat -c %s "$disk")
stick=$tmp/stick
fresh_stick() {
    head -c $((size + 3 * 1048576)) /dev/urandom >"$stick"
    cp "$stick" "$tmp/before"
}

fresh_stick
ok "--dry-run works" corrode write --dry-run --file "$disk" "$stick"
like "says what it would do" "$out" "would write $disk \\(34 MiB\\) to $stick"
ok "and does nothing" cmp "$stick" "$tmp/before"

ok "writes" corrode write --yes --file "$disk" "$stick"
like "says that it is done" "$err" "written and verified"
like "and what to do next" "$err" "boot menu"
ok "what it wrote is the image, holes too" cmp -n "$size" "$disk" "$stick"
ok "and no more" cmp "$stick" "$tmp/before" "$size" "$size"
ok "--quiet works" corrode write --quiet --yes --file "$disk" "$stick"
is "and is quiet" "$out$err" ""
ok "options may stand behind" corrode write "$disk" "$stick" --yes --file

# Asking.
fresh_stick
refuses "no terminal to ask on" 1 'say --yes if you are sure' corrode write --file "$disk" "$stick"
ok "nothing was written" cmp "$stick" "$tmp/before"
if command -v script >/dev/null 2>&1; then
    printf 'n\n' | script -qec "corrode write --file '$disk' '$stick'" /dev/null >"$tmp/talk"
    like "asks on a terminal" "$(cat "$tmp/talk")" 'will be lost. Continue\? \[y/N\]'
    ok "n is no" cmp "$stick" "$tmp/before"
    printf 'y\n' | script -qec "corrode write --file '$disk' '$stick'" /dev/null >"$tmp/talk"
    ok "y is yes" cmp -n "$size" "$disk" "$stick"
else
    skip "asking on a terminal" "no script(1)"
fi

# What is refused.
fresh_stick
refuses "a file without --file" 1 'is not a device.*--file' corrode write --yes "$disk" "$stick"
truncate -s $((size - 1)) "$tmp/small"
refuses "a device that is too small" 1 'too small: it holds 34.0 MiB and the image is 34 MiB' \
    corrode write --yes --file "$disk" "$tmp/small"
refuses "a device that is not there" 1 'cannot find it: No such file' corrode write --yes "$disk" "$tmp/missing"
refuses "a directory" 1 'is not a disk' corrode write --yes "$disk" "$tmp"
refuses "a character device" 1 'is not a disk' corrode write --yes --file "$disk" /dev/null
refuses "an image that is not there" 1 'missing: cannot open' corrode write --yes --file "$tmp/missing" "$stick"
mkfifo "$tmp/fifo"
refuses "an image that is a pipe, or a device" 1 'is not a file' corrode write --yes --file "$tmp/fifo" "$stick"
refuses "a kernel" 1 'is not a disk image; make one' corrode write --yes --file "$hello" "$stick"
corrode image --kernel "$hello" -o "$tmp/disk.qcow2"
refuses "an image that is not raw" 1 'qemu-img convert -O raw' corrode write --yes --file "$tmp/disk.qcow2" "$stick"
{ head -c 510 /dev/zero; printf '\125\252'; head -c 2000000 /dev/zero; } >"$tmp/foreign"
refuses "someone else's image" 1 'is not an image that .corrode image. made' \
    corrode write --yes --file "$tmp/foreign" "$stick"
refuses "one operand" 2 'give an image and the device' corrode write "$disk"
refuses "three operands" 2 'give an image and the device' corrode write "$disk" "$stick" "$stick"
ok "nothing was written meanwhile" cmp "$stick" "$tmp/before"

# The disk that this system runs from. Only ever as a dry run.
system=$(findmnt -no SOURCE / 2>/dev/null || :)
if [ -b "$system" ]; then
    refuses "the system's disk" 1 'holds the running system' corrode write --dry-run --force "$disk" "$system"
else
    skip "the system's disk" "/ is on no block device"
fi

# Loop devices.
loop=
mounted=
test_cleanup() {
    [ -z "$mounted" ] || umount "$mounted"
    [ -z "$loop" ] || losetup -d "$loop"
}
if loop=$(losetup --find --show "$stick" 2>/dev/null); then
    # The size, in whole sectors, is enough.
    refuses "a disk that is not removable" 1 'not a removable disk.*--force' corrode write --yes "$disk" "$loop"
    ok "--force writes to it" corrode write --yes --force "$disk" "$loop"
    sync
    ok "the image is on the device" cmp -n "$size" "$disk" "$loop"
    mkdir "$tmp/place"
    if mkfs.ext2 -q "$loop" 2>/dev/null && mount "$loop" "$tmp/place" 2>/dev/null; then
        mounted=$tmp/place
        refuses "a mounted device" 1 "is mounted at $tmp/place; unmount" corrode write --yes --force "$disk" "$loop"
        refuses "even for a dry run" 1 "is mounted at" corrode write --dry-run --force "$disk" "$loop"
        umount "$tmp/place"
        mounted=
        ok "unmounted, it may be written" corrode write --yes --force "$disk" "$loop"
    else
        skip "a mounted device" "no mounting here"
    fi
    if mkswap "$loop" >/dev/null 2>&1 && swapon "$loop" 2>/dev/null; then
        refuses "swap space" 1 'is swap space.*swapoff' corrode write --yes --force "$disk" "$loop"
        swapoff "$loop"
    else
        skip "swap space" "no swap here"
    fi
    losetup -d "$loop"
    loop=$(losetup --find --show --partscan "$stick")
    corrode write -q --yes --force "$disk" "$loop"
    [ -b "${loop}p1" ] || addpart "$loop" 1 2048 67584 2>/dev/null # a kernel that reads no partition tables
    if [ -b "${loop}p1" ]; then
        refuses "a partition" 1 'is a partition; give the whole disk' corrode write --yes --force "$disk" "${loop}p1"
        if mkfs.ext2 -q "${loop}p1" 2>/dev/null && mount "${loop}p1" "$tmp/place" 2>/dev/null; then
            mounted=$tmp/place
            refuses "a disk with a mounted partition" 1 "p1 is mounted at" corrode write --yes --force "$disk" "$loop"
        else
            skip "a disk with a mounted partition" "no mounting here"
        fi
    else
        skip "partitions" "none on loop devices here"
    fi
    [ -z "$mounted" ] || umount "$mounted"
    mounted=
    losetup -d "$loop"
    loop=$(losetup --find --show --read-only "$stick")
    refuses "a read-only device" 1 'is read-only' corrode write --yes --force "$disk" "$loop"
else
    loop=
    skip "loop devices" "none here"
fi

# A device that runs full: a sparse file on a file system that does.
if mkdir "$tmp/tiny" && mount -t tmpfs -o size=8M none "$tmp/tiny" 2>/dev/null; then
    truncate -s 40M "$tmp/tiny/stick"
    head -c 20000000 /dev/urandom >"$tmp/data"
    corrode image --kernel "$hello" --module "$tmp/data" -o "$tmp/full.img"
    refuses "a device that takes no more" 1 'cannot write: No space left' \
        corrode write --yes --file "$tmp/full.img" "$tmp/tiny/stick"
    umount "$tmp/tiny"
else
    skip "a device that takes no more" "no mounting here"
fi
ok "--help works" corrode write --help
