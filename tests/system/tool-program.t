#!/bin/sh
# `corrode run PROGRAM`: programs of this machine, each in one of its own: static and dynamic ones, scripts, interpreters
# with their modules; what it ends with and what it begins with; what is missing, and files that are not what they say; images.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

# says NAME REGEX ARGUMENTS...: the program runs, and prints that.
says() {
    name=$1
    regex=$2
    shift 2
    boot "$@"
    point "$name" "$status"
    [ "$status" -eq 0 ] || explain "wanted 0" "$*"
    like "$name: its output" "$out" "$regex"
}

says "a dynamic program, by its name" '^Linux corrode .* x86_64' uname -a
says "by its path, with arguments" '^a  b c$' /bin/echo 'a  b' c
boot ls -1 /usr/bin
is "there is nothing that it does not need" "$out" ls
printf '#!/bin/sh\necho "script $0 $1"\n' >"$tmp/script"
chmod +x "$tmp/script"
says "a script" "^script $tmp/script x\$" "$tmp/script" x
printf '#!/usr/bin/env sh\necho by env\n' >"$tmp/env"
chmod +x "$tmp/env"
says "a script that names its interpreter by env" '^by env$' "$tmp/env"
printf 'the data\n' >"$tmp/data"
says "a file that is added under another name" '^the data$' --add "$tmp/data:/given/data" cat /given/data
says "a file that is added" '^the data$' --add "$tmp/data" cat "$tmp/data"
mkdir -p "$tmp/many/inside"
printf 'deep\n' >"$tmp/many/inside/file"
says "a directory that is added" '^deep$' --add "$tmp/many:/many" cat /many/inside/file
for kind in musl glibc pie; do
    says "a static program ($kind)" '^1\.\.[0-9]+$' "$build/tests/guest/fork.$kind"
done
if command -v perl >/dev/null 2>&1; then
    boot perl -e 'print 1'
    is "perl has no word to say about its locale" "$err" ""
    says "perl with a module" '^6$' perl -MList::Util=sum -e 'print sum(1, 2, 3), "\n"'
fi
if [ -x /usr/bin/python3 ]; then
    says "python3 with its modules" '^{"answer": 42}$' /usr/bin/python3 -c 'import json; print(json.dumps({"answer": 6 * 7}))'
fi
ends "its status is the tool's" 2 "" ls /nothing/there


# Statuses: the program's own, whatever number it is, and the signal that ended it; the machine's have a sentence.
# exits STATUS ARGUMENTS...
exits() {
    exits_status=$1
    shift
    boot "$@"
    is "$*: $exits_status, and no word" "$status $err" "$exits_status "
}
for number in 0 1 7 124 125 126 127 128 255; do
    exits $number sh -c "exit $number"
done
exits 143 sh -c 'kill -TERM $$'
exits 137 sh -c 'kill -KILL $$'
exits 138 sh -c 'kill -USR1 $$'
exits 9 --firmware bios sh -c 'exit 9'
exits 141 --firmware uefi sh -c 'kill -PIPE $$'
exits 4 --machine q35 --smp 4 sh -c 'while :; do :; done & exit 4'
boot --timeout 2 sh -c 'while :; do :; done'
is "a program that does not end: 124" "$status" 124
boot --memory 9M true
like "a panic: 126, and it is shown" "$status $err" '^126 .*panic: the machine has'
like "and what it means" "$err" '^corrode: the kernel crashed'
boot --verbose sh -c 'echo its own'
is "the kernel says nothing where the program does" "$out" "its own"
like "but with --verbose, on standard error" "$err" 'Corrode [0-9]'
refuses "a machine without PCI" 2 'microvm has no PCI' corrode run --machine microvm true

# What it begins with.
cat >"$tmp/wanted" <<END
A=b c
HOME=/here
LANG=C.UTF-8
OURS=of this machine
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
END
[ -d /usr/lib/locale/C.utf8 ] || sed -i /^LANG/d "$tmp/wanted"
OURS="of this machine" boot --env 'A=b c' --env HOME=/here --env OURS --env NOBODYS /usr/bin/env
is "environment" "$(printf '%s\n' "$out" | sort)" "$(cat "$tmp/wanted")"
boot sh -c 'pwd; ls -a / 2>/dev/null; echo "$0" "$$"' name
is "it starts in the root, and is no process 1" "$out" "/
name 2"
boot ls -l /etc
like "files have names for owners" "$out" '^-rw-r--r-- 1 root root .* passwd$'
boot --cwd /new/place sh -c 'cd ..; cd place; pwd'
is "--cwd makes a directory" "$out" "/new/place"
run sh -c 'cd "$1" && exec corrode run --timeout 60 --add . sh -c pwd' sh "$tmp/many"
is "the directory where we are, if it is there" "$out" "$tmp/many"
long=$(seq -s, 1 2000)
boot echo "$long" 'a "quoted" \ one' ''
is "arguments as long and as strange as they are" "$out" "$long a \"quoted\" \\ one "
refuses "a directory that is none of the machine's" 2 'begins with a slash' corrode run --cwd here true
refuses "a variable without a name" 2 'has a name' corrode run --env =x true

# A script that runs what is not there; and where it is a name in PATH, which program is meant perhaps (pyenv).
mkdir "$tmp/shims"
printf '#!/bin/sh\nexec ls "$@"\n' >"$tmp/shims/ls"
chmod +x "$tmp/shims/ls"
before=$PATH
PATH=$tmp/shims:$PATH
boot ls /etc
like "a script that does not find a command: 127, and a hint" "$status $err" '^127 '
like "which names another program" "$err" "^corrode: $tmp/shims/ls is a script .*--add, or run (/usr)?/bin/ls\$"
boot --quiet ls /etc
unlike "unless it is to be quiet" "$err" '^corrode:'
PATH=$before
says "--add brings a program's libraries, too" '^passwd$' --add /bin/ls "$tmp/shims/ls" /etc
printf '#!/usr/bin/env ls\n' >"$tmp/env"
PATH=$tmp/shims:$PATH
says "what env is to find is what it will find" "^$tmp/env\$" "$tmp/env"
PATH=$before

# What cannot run, and why. wrong NAME REGEX FILE: as `corrode run` and `corrode image` say it.
wrong() {
    refuses "$1" 125 "^corrode: $3: $2; ." timeout 60 corrode run "$3"
    refuses "$1, for an image" 1 "^corrode: $3: $2; ." timeout 60 corrode image --program "$3" -o "$tmp/disk.img"
}
chmod +x "$tmp/script"
printf '#!/no/such/interpreter\n' >"$tmp/script"
wrong "no such interpreter" 'its interpreter /no/such/interpreter is not on this machine' "$tmp/script"
printf '#!/usr/bin/env nosuchprogram\n' >"$tmp/script"
wrong "no such interpreter by env" 'its interpreter nosuchprogram is in none of .* PATH' "$tmp/script"
printf '#!/bin/sh\r\n' >"$tmp/script"
wrong "lines of another system" 'its lines end in CR and LF, .*' "$tmp/script"
wrong "no program of that name" 'is .* PATH' nosuchprogram
wrong "no file of that name" 'cannot open: No such file or directory' "$tmp/nothing"
: >"$tmp/text"
chmod +x "$tmp/text"
wrong "an empty file" 'is empty' "$tmp/text"
printf 'neither\n' >"$tmp/text"
wrong "a text" 'is neither .*' "$tmp/text"
mkfifo -m 700 "$tmp/fifo"
wrong "a FIFO" 'is (a FIFO|not a regular file).*' "$tmp/fifo"
cp /bin/true "$tmp/other"
patch "$tmp/other" 18 '\267\000'
wrong "a program for another processor" 'is for AArch64, another processor \(ELF machine 183\)' "$tmp/other"
patch "$tmp/other" 4 '\001'
wrong "a program of 32 bits" 'is a 32-bit ELF file' "$tmp/other"
interp=$(LC_ALL=C grep -abo '/lib64/ld-linux' /bin/true | head -n 1 | cut -d: -f1)
cp /bin/true "$tmp/other"
patch "$tmp/other" "$interp" '/lib65'
wrong "no such dynamic loader" 'its dynamic loader /lib65/ld-linux[^ ]* is not on this machine' "$tmp/other"
library=$(LC_ALL=C grep -abo 'libc\.so\.6' /bin/true | head -n 1 | cut -d: -f1)
cp /bin/true "$tmp/other"
patch "$tmp/other" "$library" 'nolb'
wrong "no such library" 'needs the library nolb.so.6, which is nowhere .*' "$tmp/other"
refuses "a file to add that is not there" 125 'nothing.here: cannot open' corrode run --add nothing.here ls
refuses "--add without a program" 2 'are for programs' corrode run --add "$tmp/data" "$build/kernel.elf"
head -c 5000 "$(command -v ls)" >"$tmp/cut"
chmod +x "$tmp/cut"
refuses "a program that is cut off" 125 'lies outside of the file' corrode run "$tmp/cut"

# The same as an image.
corrode image -o "$tmp/disk.img" --program sh --env A=b --cwd /place -- -c 'echo "$A $TERM $(pwd)"; exit "$1"' sh 3
boot --firmware bios "$tmp/disk.img"
is "an image of a program: its end is a failure" "$status" 1
like "and it has spoken on the console" "$out" '^b (linux|vt102) /place'
corrode image -o "$tmp/disk.img" --program true
boot --firmware uefi "$tmp/disk.img"
is "or a success" "$status" 0
run timeout 60 qemu-system-x86_64 -nodefaults -display none -drive "file=$tmp/disk.img,format=raw,if=virtio"
is "without a monitor that wants to know, the machine is turned off" "$status" 0
refuses "a program and a tree" 2 'rootfs or --program' corrode image --program true --rootfs "$tmp" -o "$tmp/disk.img"
refuses "files for no program" 2 'are for --program' corrode image --add "$tmp/data" --kernel "$hello" -o "$tmp/disk.img"
