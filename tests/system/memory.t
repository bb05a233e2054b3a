#!/bin/sh
# What becomes of machines whose memory programs use up (tests/guest/hogs.c, as process 1): those end that have most of
# it, or get an error; nobody else does, and afterwards as much is in use as before. And what a shell sees of that.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

guests=$build/tests/guest
limit=300 # seconds for a machine: five on a quiet host, but four busy processors on one of the host take their time

# archive PROGRAM [NAME [SCRIPT]]: an initramfs with it as process 1, or under NAME, and SCRIPT as process 1.
archive() {
    rm -rf "$tmp/root"
    mkdir -p "$tmp/root/bin" "$tmp/root/proc" "$tmp/root/tmp" "$tmp/root/dev"
    cp "$1" "$tmp/root/${2:-init}"
    [ $# -lt 3 ] || cp "$3" "$tmp/root/init"
    (cd "$tmp/root" && find . | cpio -o -H newc 2>/dev/null) >"$tmp/archive"
}

# hogs MEMORY PROCESSORS KERNEL: every kind of hog.
hogs() {
    boot --memory "$1" --firmware direct --smp "$2" --module "$tmp/archive" "$build/$3.elf"
    where=" ($1, $2 processors, $3)"
    printf '%s\n' "$out" | sed -n 's/^\(not \)\{0,1\}ok [0-9]* - /\1ok /p; /^# /p' | sed 's/^not ok /&/' >"$tmp/results"
    tell "$where" "$tmp/results"
    is "it comes to its end$where" "$status" 0
    like "it says who was killed, and why$where" "$out" \
        '(^|\] )memory: Out of memory: killed process [0-9]+ \(init\), [0-9]+ KiB resident, oom_score_adj 1000$'
    [ "$status" -eq 0 ] || explain "wanted 0" hogs
}
archive "$guests/hogs.musl"
hogs 32M 1 kernel
hogs 32M 4 kernel
hogs 32M 1 kernel-debug
hogs 32M 4 kernel-debug

# A person at a shell: the hog goes, the shell stays.
busybox=/bin/busybox
if [ -x $busybox ]; then
    cat >"$tmp/script" <<'END'
#!/bin/busybox sh
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox tail /dev/zero
echo tail ended with $?
$busybox dd if=/dev/zero of=/tmp/full bs=64k
$busybox rm /tmp/full
(x=x; while :; do x=$x$x$x$x; done)
echo loop ended with $?
echo the shell goes on: $(echo yes | $busybox tr a-z A-Z)
exit 0
END
    chmod +x "$tmp/script"
    archive $busybox bin/busybox "$tmp/script"
    boot --memory 32M --firmware direct --smp 2 --module "$tmp/archive" "$build/kernel.elf"
    is "a shell ends by itself" "$status" 0
    like "tail was killed" "$out" '^tail ended with 137$'
    like "a file system has an end" "$out" 'No space left on device'
    like "a loop of the shell gives up, or is killed" "$out" '^loop ended with (1|2|137)$'
    like "the shell goes on" "$out" '^the shell goes on: YES$'
else
    skip "a shell goes on" "there is no $busybox"
fi
