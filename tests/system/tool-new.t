#!/bin/sh
# `corrode new`: the skeleton builds with either toolchain, and boots.
. "$(dirname "$0")/lib.sh"

dir=$tmp/kernel
ok "makes a kernel" corrode new "$dir"
like "says what to do next" "$err" "cd $dir && make run"
for file in Makefile README.md main.c kernel.ld boot/protocol.h kernel/tty/console.c LICENSE .gitignore; do
    ok "with $file" test -s "$dir/$file"
done
ok "protocol.h is ours" cmp boot/protocol.h "$dir/boot/protocol.h"
refuses "a directory that is not empty" 1 'is not empty; name a new directory' corrode new "$dir"
mkdir "$tmp/empty"
ok "takes an empty directory" corrode new "$tmp/empty"
: >"$tmp/file"
refuses "a file" 1 'cannot use it as a directory' corrode new "$tmp/file"
refuses "a parent that is not there" 1 'cannot make the directory: No such file' corrode new "$tmp/no/where"
refuses "no directory" 2 'give the one directory' corrode new
refuses "two directories" 2 'give the one directory' corrode new "$tmp/a" "$tmp/b"

llvm=$(sed -n 's/^LLVM_VERSION *?= *//p' targets/common.mk)
for tools in "cc ld" "clang-$llvm ld.lld-$llvm" "cc ld.lld-$llvm"; do
    make -s -C "$dir" clean
    ok "builds with $tools" make -C "$dir" CC="${tools% *}" LD="${tools#* }" CFLAGS='-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror'
    ok "the kernel passes corrode's checks" corrode image --kernel "$dir/build/kernel.elf" -o "$tmp/kernel.img"
    run readelf -lW "$dir/build/kernel.elf"
    unlike "no memory is both writable and executable" "$out" 'RWE'
    ok "boots, on every firmware" timeout 300 corrode test --timeout 100 --firmware all "$dir/build/kernel.elf"
done
ok "make run boots it" timeout 100 make -C "$dir" run
like "and it greets" "$out" 'Hello World!'
ok "make image makes an image" make -C "$dir" image
ok "which is one" sfdisk --verify "$dir/build/kernel.img"
ok "make clean cleans" make -C "$dir" clean
ok "up" test ! -e "$dir/build"
ok "builds without optimisation" make -C "$dir" CFLAGS='-O0 -g'
ok "and boots" timeout 100 corrode test --timeout 60 "$dir/build/kernel.elf"
ok "--help works" corrode new --help
