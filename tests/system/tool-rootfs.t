#!/bin/sh
# Trees of files as initramfs: what `corrode image --rootfs` and --initramfs put into an image, of directories and of
# archives, well-meant and not; and `corrode run DIR|TAR COMMAND`. What is in an initramfs cpio(1) says.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

guests=$build/tests/guest

# packed THING [OPTIONS...]: the initramfs of an image with it, as $tmp/packed; its listing in $list.
packed() {
    packed_thing=$1
    shift
    rm -f "$tmp/packed" "$tmp/image"
    list=
    run corrode image --rootfs "$packed_thing" "$@" -s 64M -o "$tmp/image" init
    [ "$status" -eq 0 ] || return 0
    mcopy -i "$tmp/image@@1M" ::rootfs.cpio "$tmp/packed"
    list=$(cpio -itvn --quiet <"$tmp/packed" 2>"$tmp/cpio.err")
    [ ! -s "$tmp/cpio.err" ] || diag "cpio: $(cat "$tmp/cpio.err")"
}

# A directory with one of each kind.
tree=$tmp/tree
mkdir -p "$tree/sbin" "$tree/etc/deep/er" "$tree/empty"
cp "$guests/end.musl" "$tree/sbin/init"
printf 'hello\n' >"$tree/etc/text"
: >"$tree/etc/nothing"
chmod 640 "$tree/etc/text"
chmod 1777 "$tree/empty"
chmod 4755 "$tree/sbin/init"
ln -s ../etc/text "$tree/empty/link"
ln "$tree/etc/text" "$tree/etc/deep/second"
ln "$tree/etc/text" "$tree/zz"
mkfifo -m 600 "$tree/etc/fifo"
printf x >"$tree/etc/deep/er/a name with blanks"
packed "$tree"
is "a directory becomes an image" "$status $err" "0 "
is "with our kernel and its files" "$(mdir -b -/ -i "$tmp/image@@1M" :: | grep -v '/$' | sort | tr '\n' ' ')" \
    "::/EFI/BOOT/BOOTX64.EFI ::/corrode.conf ::/kernel.elf ::/rootfs.cpio "
like "the command is process 1" "$(mtype -i "$tmp/image@@1M" ::corrode.conf)" '^cmdline = init=/sbin/init$'
is "everything is there, in the order of names" "$(printf '%s\n' "$list" | sed 's/.* 00:00 20[0-9]* //; s/.* 2026 //')" \
    ".
empty
empty/link -> ../etc/text
etc
etc/deep
etc/deep/er
etc/deep/er/a name with blanks
etc/deep/second
etc/fifo
etc/nothing
etc/text
sbin
sbin/init
zz"
like "with modes" "$list" '^drwxrwxrwt .* empty$'
like "and special ones" "$list" '^-rwsr-xr-x .* sbin/init$'
like "a FIFO" "$list" '^prw------- .* etc/fifo$'
like "hard links count their names" "$list" '^-rw-r-----  *3 .* etc/text$'
is "and are one file" "$(mkdir "$tmp/out" && cd "$tmp/out" && cpio -idm --quiet <"$tmp/packed" &&
    stat -c %h etc/text && cat etc/text etc/deep/second zz)" "3
hello
hello
hello"
ok "contents are whole" cmp "$tmp/out/sbin/init" "$tree/sbin/init"
unlike "times are those of all images" "$list" '^([^ ]+ +){5}[^J]'
cp "$tmp/packed" "$tmp/first"
touch -d 2001-01-01 "$tree/etc/text" "$tree/etc"
packed "$tree"
ok "the same tree gives the same bytes" cmp "$tmp/first" "$tmp/packed"
if [ "$(id -u)" -eq 0 ]; then
    chown 1000:1001 "$tree/etc/text"
    packed "$tree"
    like "root keeps owners" "$list" '^-rw-r----- +3 +1000 +1001 .* etc/text$'
    mknod "$tree/null" c 1 3
    packed "$tree"
    like "and devices" "$list" '^crw-r--r-- .* 1, +3 .* null$'
    chmod 755 "$tmp"
    chmod 644 "$tree/etc/text"
    chmod -R a+rX "$tree"
    chmod 777 "$tmp"
    run setpriv --reuid 1000 --regid 1000 --clear-groups "$build/corrode" image --rootfs "$tree" -s 64M -o "$tmp/user.img" init
    mcopy -n -i "$tmp/user.img@@1M" ::rootfs.cpio "$tmp/packed"
    like "an ordinary user's files become root's" "$(cpio -itvn --quiet <"$tmp/packed")" '^-rw-r--r-- +3 +0 +0 .* etc/text$'
    rm "$tree/null"
else
    skip "owners and devices" "they take root"
fi

# Archives, of several kinds and forms.
tar --numeric-owner --owner=12 --group=34 --mtime=@1234567890 -C "$tree" -cf "$tmp/root.tar" .
packed "$tmp/root.tar"
is "an archive becomes an image" "$status" 0
like "with its owners" "$list" '^-rw-r----- +3 +12 +34 .* etc/text$|^-rw-r--r-- +3 +12 +34 .* etc/text$'
like "and its times" "$list" 'Feb 1[34] +2009 etc/nothing$'
cp "$tmp/packed" "$tmp/first"
for form in gzip:gz xz:xz bzip2:bz2 zstd:zst lz4:lz4; do
    command -v "${form%:*}" >/dev/null || continue
    "${form%:*}" -c "$tmp/root.tar" >"$tmp/root.tar.${form#*:}"
    packed "$tmp/root.tar.${form#*:}"
    ok "the same by ${form%:*}" cmp "$tmp/first" "$tmp/packed"
done
for format in v7 ustar pax gnu; do
    tar --format=$format --numeric-owner --owner=12 --group=34 --mtime=@1234567890 -C "$tree" \
        --exclude fifo -cf "$tmp/root.tar" sbin etc zz
    packed "$tmp/root.tar"
    is "a tar archive of format $format" "$status $(printf '%s\n' "$list" | wc -l)" "0 11"
done
printf '\303\266' >"$tree/etc/$(printf 'n\303\266m')"
tar --format=pax -C "$tree" -cf "$tmp/root.tar" .
packed "$tmp/root.tar"
is "names are bytes" "$(cpio -it --quiet <"$tmp/packed" | grep -c "etc/n$(printf '\303\266')m")" 1
(cd "$tree" && find . | cpio -o -H newc --quiet) >"$tmp/root.cpio"
packed "$tmp/root.cpio"
is "a cpio archive, too" "$(mkdir "$tmp/out2" && cd "$tmp/out2" && cpio -idm --quiet <"$tmp/packed" &&
    stat -c %h etc/text && cat etc/text zz)" "3
hello
hello"
dd if=/dev/zero of="$tree/sparse" bs=1 count=1 seek=5M status=none
tar -S -C "$tree" -cf "$tmp/root.tar" .
packed "$tmp/root.tar"
is "holes are zeros" "$(rm -rf "$tmp/out2"; mkdir "$tmp/out2"; cd "$tmp/out2" && cpio -id --quiet sparse <"$tmp/packed"
    cmp sparse "$tree/sparse" && echo same)" same
rm "$tree/sparse"

# Archives that mean no good: everything stays inside.
mkdir "$tmp/bad" "$tmp/bad/sbin"
cp "$guests/end.musl" "$tmp/bad/sbin/init"
echo evil >"$tmp/bad/evil"
bad() {
    rm -f "$tmp/bad.tar"
    tar -P -C "$tmp/bad" -cf "$tmp/bad.tar" "$@" sbin
}
names() {
    cpio -it --quiet <"$tmp/packed" | tr '\n' ' '
}
bad --transform 's,^evil,/etc/evil,' evil
packed "$tmp/bad.tar"
is "an absolute name is one inside" "$(names)" ". etc etc/evil sbin sbin/init "
bad --transform 's,^evil,../../../../tmp/./evil,' evil
packed "$tmp/bad.tar"
is "what goes up stays inside" "$(names)" ". sbin sbin/init tmp tmp/evil "
ln -s /etc "$tmp/bad/out"
bad --transform 's,^evil,out/evil,' out evil
packed "$tmp/bad.tar"
is "a link that leads out leads to where it does inside" "$(names)" ". etc etc/evil out sbin sbin/init "
ln -sfn ../../../.. "$tmp/bad/out"
bad --transform 's,^evil,out/evil,' out evil
packed "$tmp/bad.tar"
is "and one that goes up, too" "$(names)" ". evil out sbin sbin/init "
ln -sfn out "$tmp/bad/out"
bad --transform 's,^evil,out/evil,' out evil
packed "$tmp/bad.tar"
like "a loop is refused" "$status $err" '^1 corrode: .*bad.tar: has the entry out/evil in a loop'
bad --transform 's,^evil,sbin/init/evil,' sbin evil
packed "$tmp/bad.tar"
like "a file in a file is refused" "$status $err" '^1 .*in what is no directory'
bad --transform 's,^evil,sbin,' sbin evil
tar -P -C "$tmp/bad" -cf "$tmp/bad.tar" --transform 's,^evil,sbin,' sbin evil
packed "$tmp/bad.tar"
like "a file over a directory that is not empty is refused" "$status $err" '^1 .*has sbin twice'
perl -e '
    sub header { # a hard link to a file of the host
        my $h = pack "a100a8a8a8a12a12a8a1a100a6a2a32a32a8a8", $_[0], "0000644\0", "0000000\0", "0000000\0",
            "00000000000\0", "00000000000\0", " " x 8, "1", $_[1], "ustar", "00", "root", "root", "", "";
        $h .= "\0" x (512 - length $h);
        substr($h, 148, 8) = sprintf "%06o\0 ", unpack "%32C*", $h;
        return $h;
    }
    print header("passwd", "/etc/passwd"), "\0" x 1024' >"$tmp/bad.tar"
packed "$tmp/bad.tar"
like "a hard link leads nowhere but inside" "$status $err" '^1 .*has passwd as a link to /etc/passwd, which is not in it'
head -c 3000 "$tmp/root.tar" >"$tmp/bad.tar"
packed "$tmp/bad.tar"
like "a truncated archive is refused" "$status $err" '^1 .*bad.tar: cannot be read .*whole'
head -c 20000 /dev/urandom >"$tmp/noise.tar"
packed "$tmp/noise.tar"
like "noise is refused" "$status $err" '^1 .*noise.tar: cannot be read'
seed=1
while [ $seed -le 40 ]; do
    perl -e '
        my ($seed, $path) = @ARGV; srand $seed; local $/; open my $in, "<", $path; my $data = <$in>;
        substr($data, int rand length $data, 1) = chr int rand 256 for 1 .. 20; print $data' $seed "$tmp/root.tar" >"$tmp/bad.tar"
    run timeout 20 corrode image --rootfs "$tmp/bad.tar" -s 64M -o "$tmp/bad.img"
    [ "$status" -le 1 ] || diag "seed $seed: status $status: $err"
    [ "$status" -le 1 ] || break
    seed=$((seed + 1))
done
is "damaged archives are read, or refused" $seed 41

# An initramfs as it is.
ok "an initramfs is a module" corrode image --initramfs "$tmp/root.cpio" -o "$tmp/disk.img"
like "of our kernel" "$(mtype -i "$tmp/disk.img@@1M" ::corrode.conf)" '^module = /root.cpio$'
gzip -c "$tmp/root.cpio" >"$tmp/root.cpio.gz"
ok "so is a compressed one, over another" corrode image --rootfs "$tree" --initramfs "$tmp/root.cpio.gz" -o "$tmp/disk.img"
is "and they have their order" "$(mtype -i "$tmp/disk.img@@1M" ::corrode.conf | grep module | tr '\n' ' ')" \
    "module = /rootfs.cpio module = /root.cpio.gz "
refuses "a tar archive is none" 1 'is no initramfs.*--rootfs' corrode image --initramfs "$tmp/root.tar" -o "$tmp/disk.img"

# Machines.
boot "$tree" init exit 0
is "run boots a directory, and a command" "$status" 0
like "and it runs" "$out" '^about to end: exit$'
boot "$tmp/root.tar.gz" /sbin/init exit 3
is "run boots an archive" "$status" 1
boot --firmware bios --smp 2 "$tree"
is "through firmware, too, and finds /sbin/init" "$status" 0
boot --kernel "$build/kernel-debug.elf" --cmdline loglevel=debug "$tree" init exit 0
is "with another kernel" "$status" 0
like "and other words for it" "$out" '^\[ .*\] sched:'
mkdir "$tmp/words"
cat >"$tmp/words.c" <<'END'
#include <stdio.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("[%s]", argv[i]);
    printf("\n");
    return 0;
}
END
ok "a program that shows its words" musl-gcc -static -o "$tmp/words/init" "$tmp/words.c"
boot "$tmp/words" /init 'a b' '"' '\' "it's" '' '--' 'x=1' '$HOME' 'a\nb'
is "a command's words arrive as they are" "$(printf '%s\n' "$out" | grep '^\[a')" \
    "[a b][\"][\\][it's][][--][x=1][\$HOME][a\\nb]"
boot "$tmp/words" /init 'two
lines'
is "also with ends of lines" "$(printf '%s\n' "$out" | tail -n 2)" "[two
lines]"
refuses "a program that is not there" 125 'has no program nosuch in /sbin' corrode run "$tree" nosuch
refuses "a path that is not there" 125 'has no /bin/nosuch in it' corrode run "$tree" /bin/nosuch
refuses "no program at all" 125 'has none of /init, /sbin/init' corrode run "$tmp/out/etc"
refuses "what is no program" 125 'is not a program that may be run' corrode run "$tree" /etc/text
mkdir "$tmp/hollow"
refuses "an empty directory" 125 'has nothing in it' corrode run "$tmp/hollow"
refuses "too many words" 125 'the kernel takes 2047' corrode run "$tree" init "$(printf '%3000s' x)"
refuses "--kernel with a kernel" 2 'are for directories' corrode run --kernel "$hello" "$hello"
is "nothing is left in TMPDIR" "$(find "$tmp" -name 'corrode-*')" ""
