#!/bin/sh
# `corrode run PROGRAM`: programs of this machine, each in one of its own: static and dynamic ones, scripts, interpreters
# with their modules; what is missing, and files that are not what they say.
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
    says "perl with a module" '^6$' perl -MList::Util=sum -e 'print sum(1, 2, 3), "\n"'
fi
if [ -x /usr/bin/python3 ]; then
    says "python3 with its modules" '^{"answer": 42}$' /usr/bin/python3 -c 'import json; print(json.dumps({"answer": 6 * 7}))'
fi
ends "its status is the tool's" 2 "" ls /nothing/there

refuses "no such program" 125 'nosuchprogram: cannot open|is in none' corrode run nosuchprogram
printf '#!/no/such/interpreter\n' >"$tmp/script"
refuses "no such interpreter" 125 '/no/such/interpreter: cannot open' corrode run "$tmp/script"
printf 'neither\n' >"$tmp/text"
chmod +x "$tmp/text"
refuses "neither program nor image" 125 'is neither' corrode run "$tmp/text"
refuses "a file to add that is not there" 125 'nothing.here: cannot open' corrode run --add nothing.here ls
refuses "--add without a program" 2 'are for programs' corrode run --add "$tmp/data" "$build/kernel.elf"
head -c 5000 "$(command -v ls)" >"$tmp/cut"
chmod +x "$tmp/cut"
refuses "a program that is cut off" 125 'lies outside of the file' corrode run "$tmp/cut"
