# For busybox-*.t, to be read after lib.sh and boot.sh: BusyBox in its root of the default image, driven as a person would
# (tests/drive/drive.c).
#
#     native session                                    # tests/busybox/person/session.drive, on this machine
#     person session "serial, debug" --smp 4 ...        # the same on Corrode; the rest is for `corrode run`
#     typist session "screen" ...                       # and at its keyboard and screen, which is in text mode
#     typist --pixels screen "UEFI" --firmware uefi ... # or is read from its pixels

drive=$build/tests/drive/drive
umask 022
chmod 755 "$tmp"
TERM=xterm
export TERM

# tree: the default image's root, unpacked, in $tmp/tree.
tree() {
    [ -d "$tmp/tree" ] || { mkdir "$tmp/tree" && tar -xpf "$build/busybox/root.tar" -C "$tmp/tree"; }
}

# default_image: a copy of it, $tmp/corrode.img. A disk is one machine's at a time, and other tests run beside this one.
default_image() {
    cp --sparse=always "$build/corrode.img" "$tmp/corrode.img"
}

# inside COMMAND...: runs it in that root, on this machine, as process 1 of namespaces of its own, with the environment that
# our kernel gives.
inside() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare -m -p -u -i -f sh -c '
        root=$1
        shift
        mount --make-rprivate / && mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" &&
            mount --rbind /dev "$root/dev" && mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" && hostname corrode &&
            exec env -i HOME=/ TERM=linux PATH=/sbin:/usr/sbin:/bin:/usr/bin chroot "$root" "$@"' sh "$tmp/tree" "$@"
}
can_go_inside() {
    [ "$(id -u)" -eq 0 ] && unshare -m -p -u -i -f true 2>/dev/null
}

# Driving. SCRIPT is a name in tests/busybox/person/.
native() {
    if can_go_inside; then
        tree
        cat >"$tmp/inside" <<END
. "$root/tests/system/busybox.sh"
inside /bin/sh -l
END
        export tmp build root
        drive_it "this machine" --as native "tests/busybox/person/$1.drive" sh "$tmp/inside"
    else
        skip "$1 on this machine" "a root of one's own takes root"
    fi
}

person() {
    person_script=$1
    person_where=$2
    shift 2
    drive_it "$person_where" "tests/busybox/person/$person_script.drive" timeout 900 corrode run --accel tcg "$@"
}

typist() {
    typist_screen=
    [ "$1" != --pixels ] || { typist_screen=--pixels && shift; }
    typist_script=$1
    typist_where=$2
    shift 2
    # shellcheck disable=SC2086 # one word, or none
    drive_it "$typist_where" --keyboard $typist_screen --monitor "$tmp/monitor" "tests/busybox/person/$typist_script.drive" \
        timeout 900 corrode run --accel tcg --qemu-arg -monitor --qemu-arg "unix:$tmp/monitor,server=on,wait=off" "$@"
}
