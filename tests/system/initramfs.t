#!/bin/sh
# Archives of first files, as cpio and the compressors of this machine make them: unpacked whole, one over the other, and with
# what is wrong told in the log. tests/guest/tree.c tells what is there, here and inside.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

kernel=$build/kernel-debug.elf
tree=$build/tests/guest/tree.musl

# pack DIRECTORY FILE
pack() {
    (cd "$1" && find . | sort | cpio -o -H newc 2>/dev/null) >"$2"
}

# A tree of everything that an archive can hold.
made=$tmp/made
mkdir -p "$made/tree/directory/below" "$made/tree/empty"
cp "$tree" "$made/init"
seq 1 100000 >"$made/tree/numbers"
head -c 300000 /dev/urandom >"$made/tree/random"
: >"$made/tree/nothing"
echo 'said once' >"$made/tree/first"
ln "$made/tree/first" "$made/tree/directory/second"
ln "$made/tree/first" "$made/tree/third"
ln -s ../numbers "$made/tree/directory/link"
ln -s /no/where "$made/tree/dangling"
mkfifo "$made/tree/fifo"
chmod 4751 "$made/tree/random"
chmod 1777 "$made/tree/empty"
chmod 700 "$made/tree/directory/below"
[ "$(id -u)" -ne 0 ] || { mknod "$made/tree/node" c 300 77; chown 12:34 "$made/tree/first"; chown -h 5:6 "$made/tree/dangling"; }
find "$made/tree" -exec touch -h -d '2001-02-03 04:05:06' {} +
"$tree" "$made" | sort >"$tmp/expected"
pack "$made" "$tmp/plain"

# unpacks NAME FILE...: the machine finds the same tree in the modules.
unpacks() {
    unpacks_name=$1
    shift
    modules=
    for file in "$@"; do
        modules="$modules --module $file"
    done
    firmware=direct
    [ $# -eq 1 ] || firmware=bios # there is no loader to bring several
    # shellcheck disable=SC2086 # words
    boot --firmware $firmware --smp 2 $modules "$kernel"
    printf '%s\n' "$out" | grep '^tree: ' | sort >"$tmp/found"
    ok "$unpacks_name" diff "$tmp/expected" "$tmp/found"
    [ "$status" -eq 0 ] || explain "wanted 0" "$unpacks_name"
}

unpacks "an archive is unpacked" "$tmp/plain"
gzip -n -9 <"$tmp/plain" >"$tmp/best.gz"
gzip -1 -c "$tmp/plain" >"$tmp/fast.gz" # with its name and time in the header
unpacks "gzip -9 is undone" "$tmp/best.gz"
unpacks "gzip -1 is undone" "$tmp/fast.gz"
lz4 -q -l "$tmp/plain" "$tmp/legacy"
lz4 -q "$tmp/plain" "$tmp/frame"
lz4 -q -9 -B4 -BD -BX --content-size "$tmp/plain" "$tmp/linked"
lz4 -q -B7 --no-frame-crc "$tmp/plain" "$tmp/large"
unpacks "lz4 -l is undone" "$tmp/legacy"
unpacks "lz4 is undone" "$tmp/frame"
unpacks "lz4 with linked blocks and all checksums is undone" "$tmp/linked"
unpacks "lz4 with large blocks and no checksum is undone" "$tmp/large"

# Several archives: in one file, in whatever form, and in several.
mkdir -p "$tmp/one/tree" "$tmp/two/tree"
cp -a "$made/init" "$tmp/one/"
cp -a "$made/tree/directory" "$made/tree/numbers" "$made/tree/empty" "$tmp/one/tree/"
mkdir "$tmp/one/tree/fifo"            # becomes a FIFO
ln -s nothing "$tmp/one/tree/random"  # becomes a file
echo old >"$tmp/one/tree/dangling"    # becomes a link
echo longer than what comes >"$tmp/one/tree/nothing"
pack "$tmp/one" "$tmp/one.cpio"
{ cat "$tmp/one.cpio"; head -c 512 /dev/zero; cat "$tmp/best.gz"; } >"$tmp/both"
unpacks "an archive and a compressed one over it" "$tmp/both"
{ lz4 -q -l -c "$tmp/one.cpio"; cat "$tmp/plain"; } >"$tmp/both"
unpacks "a compressed archive and a plain one over it" "$tmp/both"
{ gzip -c "$tmp/one.cpio"; head -c 4 /dev/zero; cat "$tmp/frame"; } >"$tmp/both"
unpacks "gzip, and LZ4 over it" "$tmp/both"
unpacks "two modules" "$tmp/one.cpio" "$tmp/legacy"

# What is wrong is told; what came before stays.
# damaged NAME FILE REGEX: behind a sound archive.
damaged() {
    cat "$tmp/plain" "$2" >"$tmp/module"
    boot --firmware direct --module "$tmp/module" "$kernel"
    like "$1 is told" "$out" "initramfs: the archive $3, at byte [0-9]+ of [0-9]+, after [0-9]+ files"
    printf '%s\n' "$out" | grep '^tree: ' | sort >"$tmp/found"
    ok "$1 loses nothing" diff "$tmp/expected" "$tmp/found"
}
mkdir "$tmp/other"
cp -a "$made/tree" "$tmp/other/other"
pack "$tmp/other" "$tmp/other.cpio"
gzip -n -9 <"$tmp/other.cpio" >"$tmp/best.gz"
lz4 -q -f "$tmp/other.cpio" "$tmp/frame"
head -c 100000 "$tmp/other.cpio" >"$tmp/cut"
damaged "an archive that is cut off" "$tmp/cut" 'ends in the middle of a member'
head -c 100000 "$tmp/best.gz" >"$tmp/cut"
damaged "gzip that is cut off" "$tmp/cut" 'is damaged'
{ head -c 50000 "$tmp/best.gz"; head -c 300000 /dev/urandom; } >"$tmp/cut"
damaged "gzip with something else in it" "$tmp/cut" 'is damaged'
{ head -c 50000 "$tmp/frame"; head -c 300000 /dev/urandom; } >"$tmp/cut"
damaged "LZ4 with something else in it" "$tmp/cut" 'is damaged'
{ cat "$tmp/other.cpio"; echo junk; } >"$tmp/cut"
damaged "junk behind an archive" "$tmp/cut" 'is damaged'
printf '\375\067\172\130\132\000 and so on, and so on, and so on' >"$tmp/cut"
damaged "xz" "$tmp/cut" 'is compressed with xz, which cannot be undone here'
