#!/bin/sh
# Bad input and bad luck: files that are missing, damaged, of another kind; disks that are full; places that cannot be
# written to. Each is one sentence that names the file and what to do, and never half an image.
. "$(dirname "$0")/lib.sh"

out_image=$tmp/never.img
image() {
    name=$1
    regex=$2
    shift 2
    refuses "$name" 1 "^corrode: $regex" corrode image -o "$out_image" "$@"
}

image "a missing kernel" "$tmp/missing: cannot open: No such file or directory; check the path" --kernel "$tmp/missing"
image "a directory for a kernel" "$tmp: is a directory; give a file" --kernel "$tmp"
image "a missing module" ".*cannot open" --kernel "$hello" --module "$tmp/missing"
image "a directory for a module" ".*is a directory" --kernel "$hello" --module "$tmp"
image "a device for a module" ".*not a regular file" --kernel "$hello" --module /dev/zero
image "a missing configuration" ".*cannot open" --kernel "$hello" --config "$tmp/missing"

# Kernels. damage OFFSET BYTES: a copy of hello with bytes, written for printf, at an offset.
damage() {
    cp "$hello" "$tmp/bad.elf"
    # shellcheck disable=SC2059 # the bytes are a format
    printf "$2" | dd of="$tmp/bad.elf" bs=1 seek="$1" conv=notrunc status=none
}
: >"$tmp/bad.elf"
image "an empty kernel" ".*is empty; build" --kernel "$tmp/bad.elf"
echo '#!/bin/sh' >"$tmp/bad.elf"
image "a script for a kernel" ".*not an ELF file" --kernel "$tmp/bad.elf"
for length in 5 20 63 64 100 400; do
    head -c $length "$hello" >"$tmp/bad.elf"
    image "a kernel cut off after $length bytes" ".*(truncated|not an ELF|is a 32-bit|not a little)" --kernel "$tmp/bad.elf"
done
head -c $(($(readelf -lW "$hello" | awk '$1 == "LOAD" {print $2}' | tail -n 1) + 1)) "$hello" >"$tmp/bad.elf"
image "a kernel cut off in its last segment" ".*truncated: segment [0-9]* ends beyond" --kernel "$tmp/bad.elf"
damage 4 '\001'
image "a 32-bit kernel" ".*is a 32-bit ELF file; compile" --kernel "$tmp/bad.elf"
damage 5 '\002'
image "a big-endian kernel" ".*not a little-endian" --kernel "$tmp/bad.elf"
damage 18 '\267\000'
image "an ARM kernel" ".*another processor \\(ELF machine 183\\)" --kernel "$tmp/bad.elf"
damage 16 '\001\000'
image "an object file" ".*is an object file; link" --kernel "$tmp/bad.elf"
damage 16 '\004\000'
image "a core dump" ".*is not an executable" --kernel "$tmp/bad.elf"
damage 56 '\000\000'
image "no program headers" ".*no usable program headers" --kernel "$tmp/bad.elf"
damage 56 '\377\377'
image "too many program headers" ".*truncated within its program headers" --kernel "$tmp/bad.elf"
damage 32 '\377\377\377\377\377\377\377\377'
image "program headers beyond the file" ".*truncated within its program headers" --kernel "$tmp/bad.elf"
damage 72 '\377\377\377\377\377\377\377\177'
image "a segment beyond the file" ".*truncated: segment 0" --kernel "$tmp/bad.elf"
image "a program of the host" "/bin/true: is not a Corrode kernel.*boot note" --kernel /bin/true
note=$(LC_ALL=C grep -abo 'Corrode' "$hello" | head -n 1 | cut -d: -f1)
damage "$note" 'corrode'
image "another note's name" ".*is not a Corrode kernel" --kernel "$tmp/bad.elf"
damage $((note + 8)) '\002'
image "a later version of the protocol" ".*version 2 of the boot protocol.*newer corrode" --kernel "$tmp/bad.elf"

# A file whose size is said to be 0, and is not.
ok "a file of /proc for a module" corrode image --kernel "$hello" --module /proc/version -o "$tmp/proc.img"
is "goes in whole" "$(mtype -i "$tmp/proc.img@@1M" ::version)" "$(cat /proc/version)"

# Random damage: whatever it says, it must say it, and not crash.
i=0
crashes=0
while [ $i -lt 200 ]; do
    damage $((i * 2)) "\\$((i % 4))$((i % 7))$((i % 5))\\377"
    run corrode image --kernel "$tmp/bad.elf" -o "$tmp/perhaps.img"
    [ "$status" -le 1 ] || crashes=$((crashes + 1))
    i=$((i + 1))
done
is "no damage to the header crashes it" $crashes 0

# Places.
refuses "a directory for the image" 1 'is a directory; name a file' corrode image --kernel "$hello" -o "$tmp"
refuses "a name that ends in a slash" 1 'not the name of a file' corrode image --kernel "$hello" -o "$tmp/new/"
refuses "a device for the image" 1 'not a regular file|is a device' corrode image --kernel "$hello" -o /dev/null
refuses "a directory that is not there" 1 'cannot create' corrode image --kernel "$hello" -o "$tmp/no/where.img"
refuses "a file for a directory" 1 'cannot create' corrode image --kernel "$hello" -o "$hello/where.img"
ok "/dev/null is still a device" test -c /dev/null
ln -s /proc/self/fd/1 "$tmp/stdout" # as /dev/stdout is one, and must stay one
ok "a symbolic link for the image" sh -c \
    "corrode image --kernel '$hello' --format qcow2 -o '$tmp/stdout' >'$tmp/linked.qcow2'"
ok "stays a link" test -L "$tmp/stdout"
ok "to the image" qemu-img check -q -f qcow2 "$tmp/linked.qcow2"
ln -s gone "$tmp/nowhere"
refuses "a link to nowhere" 1 'cannot follow the symbolic link' corrode image --kernel "$hello" -o "$tmp/nowhere"
mkdir "$tmp/a:b"
ok "a relative path with a colon is no protocol" sh -c \
    "cd '$tmp' && corrode image --kernel '$hello' -o a:b/disk.qcow2 && test -s a:b/disk.qcow2"
if [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null 2>&1; then
    mkdir "$tmp/closed"
    cp "$build/corrode" "$hello" "$tmp/"
    chmod 755 "$tmp" "$tmp/corrode" && chmod 555 "$tmp/closed"
    as=
    [ "$(id -u)" -ne 0 ] || as='setpriv --reuid 65534 --clear-groups'
    # shellcheck disable=SC2086 # the command is meant to split
    refuses "a directory that may not be written to" 1 'cannot create.*Permission denied; check its permissions' \
        $as "$tmp/corrode" image --kernel "$tmp/hello.elf" -o "$tmp/closed/disk.img"
    chmod 000 "$tmp/hello.elf"
    # shellcheck disable=SC2086
    refuses "a kernel that may not be read" 1 'cannot open: Permission denied' \
        $as "$tmp/corrode" image --kernel "$tmp/hello.elf" -o "$tmp/closed/disk.img"
    # shellcheck disable=SC2086
    refuses "a kernel or program that may not be read" 125 'hello.elf: cannot open: Permission denied; check its perm' \
        $as "$tmp/corrode" run "$tmp/hello.elf"
fi

# Full disks: the old image stays, and nothing else does.
head -c 8000000 /dev/urandom >"$tmp/data"
echo old >"$tmp/kept.img"
for format in raw qcow2; do
    refuses "a limit on file sizes ($format)" 1 "cannot write|cannot create|cannot be converted" sh -c \
        "ulimit -f 4000; exec corrode image --kernel '$hello' --module '$tmp/data' --format $format -o '$tmp/kept.img'"
done
is "the old image is still there" "$(cat "$tmp/kept.img")" old
if mkdir "$tmp/tiny" && mount -t tmpfs -o size=4M none "$tmp/tiny" 2>/dev/null; then
    test_cleanup() {
        umount "$tmp/tiny"
    }
    for format in raw qcow2 vmdk vdi vhdx; do
        refuses "a full disk ($format)" 1 'No space left' \
            corrode image --kernel "$hello" --module "$tmp/data" --format $format -o "$tmp/tiny/disk.img"
        is "leaves nothing ($format)" "$(ls -A "$tmp/tiny")" ""
    done
    refuses "a full temporary directory" 125 'No space left' \
        env TMPDIR="$tmp/tiny" corrode run --module "$tmp/data" "$hello"
    is "leaves nothing there" "$(ls -A "$tmp/tiny")" ""
else
    skip "full disks" "no mounting here"
fi
refuses "no temporary directory" 125 'temporary directory' env TMPDIR="$tmp/no/where" corrode run "$hello"

# Interrupted.
mkfifo "$tmp/pipe"
background interrupted env --default-signal=INT corrode image --kernel "$hello" --module "$tmp/pipe" -o "$tmp/interrupted.img"
exec 3>"$tmp/pipe"
kill -INT $child
wait $child
exec 3>&-
is "an interrupted build leaves nothing" "$(find "$tmp" -name '*interrupted.img' -o -name '.corrode*')" ""

# The tool as such.
ok "--version" corrode --version
like "is one line" "$out" '^corrode [0-9]+\.[0-9]+\.[0-9]+$'
ok "image --version" corrode image --version
ok "--help" corrode --help
for command in new image run test write; do
    like "--help lists $command" "$out" "^  $command "
done
ok "help SUBCOMMAND" corrode help write
like "shows that one's" "$out" 'Usage: corrode write'
refuses "no subcommand" 2 'Usage: corrode' corrode
refuses "an unknown subcommand" 2 'unknown subcommand imgae; did you mean image\?' corrode imgae
refuses "an unknown option" 2 'unknown option --verison; did you mean --version|unknown option --verison' corrode --verison
refuses "a switch with a value" 2 'takes no value' corrode image --quiet=yes
ok "nothing that was refused left an image" test ! -e "$out_image"
