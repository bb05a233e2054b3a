#!/bin/sh
# Debian's BusyBox, unmodified, does what it does on Linux: the scripts of tests/busybox/ run on this machine, in a root of
# their own, and then on Corrode, from the same root, and say the same.
#
#     SCRIPTS='jobs files' MACHINES='direct,4,-debug' tests/system/busybox-batch.t        some of them
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
limit=300

[ "$(id -u)" -eq 0 ] || skip_all "a root of one's own takes root"
unshare -m -p -f true 2>/dev/null || skip_all "this machine lets nobody have namespaces"

umask 022
chmod 755 "$tmp"
tree=$tmp/tree
mkdir "$tree"
tar -xpf "$build/busybox/root.tar" -C "$tree"
cp -r tests/busybox "$tree/t"
scripts=$(for script in ${SCRIPTS:-$(cd tests/busybox && ls -- *.sh)}; do echo "/t/${script%.sh}.sh"; done | tr '\n' ' ')

# On this machine, with the environment that our kernel gives to process 1.
native() {
    # shellcheck disable=SC2016,SC2086 # the inner shell's; words
    unshare -m -p -u -i -f sh -c '
        root=$1
        shift
        mount --make-rprivate / && mount --bind "$root" "$root" && mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" &&
            mount --bind /dev "$root/dev" && mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" && hostname corrode &&
            exec env -i HOME=/ TERM=linux PATH=/sbin:/usr/sbin:/bin:/usr/bin chroot "$root" /bin/sh "$@"' \
        sh "$tree" /t/all $scripts >"$tmp/native" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

# part FILE SCRIPT: what it has said, and its status.
part() {
    sed -n "/^# begin $2\$/,/^# end $2 /p" "$1"
}

# compare WHERE: each script's part of $tmp/inside with that of $tmp/native.
compare() {
    for script in $scripts; do
        script=${script#/t/}
        part "$tmp/native" "$script" >"$tmp/wanted"
        part "$tmp/inside" "$script" >"$tmp/got"
        failed=0
        diff -u "$tmp/wanted" "$tmp/got" >"$tmp/difference" || failed=1
        point "$script ($1)" $failed
        [ $failed -eq 0 ] || tail -n +3 "$tmp/difference" | head -n 60 | sed 's/^/# /'
    done
}

native
is "every script ends on this machine" "$(tail -n 1 "$tmp/native")" "# end of list"
like "and all of it is there" "$(cat "$tmp/native")" '^# end words.sh 0$'
for machine in ${MACHINES:-direct,1 direct,4,-debug bios,2}; do
    IFS=, read -r firmware processors flavour <<END
$machine
END
    where="$firmware, $processors processors${flavour:+, debug}"
    # shellcheck disable=SC2086 # words
    boot --firmware "$firmware" --smp "$processors" --kernel "$build/kernel$flavour.elf" "$tree" sh /t/start $scripts
    printf '%s\n' "$out" | grep -v '^\[ *[0-9]*\.[0-9]*\] ' >"$tmp/inside"
    is "every script ends ($where)" "$status $(tail -n 1 "$tmp/inside")" "0 # end of list"
    [ "$status" -eq 0 ] || explain "wanted 0" "$machine"
    compare "$where"
done
