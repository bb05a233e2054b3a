#!/bin/sh
# mksymbols: the kernel's table of its own symbols agrees with what LLVM makes of the debugging information, at every
# instruction; it is small; and ELF files that are no kernels end in a sentence, never in a signal.
. "$(dirname "$0")/lib.sh"

llvm=$(sed -n 's/^LLVM_VERSION *?= *//p' targets/common.mk)
mksymbols=$build/mksymbols

# addresses KERNEL: of every instruction.
addresses() {
    "llvm-objdump-$llvm" -d --no-show-raw-insn "$1" | sed -n 's/^ *\([0-9a-f]\{16\}\):.*/\1/p'
}

for kernel in kernel selftest-debug; do
    elf=$build/$kernel.elf
    addresses "$elf" >"$tmp/addresses"
    ok "the table of $kernel can be made" sh -c "'$mksymbols' '$elf' >'$tmp/table'"
    ok "and is what is in the kernel" cmp "$tmp/table" "$elf.symbols"

    # The line of every instruction. LLVM says 0 where the compiler gave none; we keep the line before.
    xargs "$mksymbols" --look-up "$elf" "$tmp/table" <"$tmp/addresses" | sed 's/^??$/?? ??:0/; s/.* //' >"$tmp/ours"
    sed 's/^/0x/' "$tmp/addresses" |
        "llvm-symbolizer-$llvm" --obj="$elf" --no-inlines --output-style=GNU |
        sed -n "n; s|$root/||; s|^\./||; s/ (disc.*//; p" >"$tmp/theirs"
    is "every instruction of $kernel was looked up" "$(wc -l <"$tmp/ours")" "$(wc -l <"$tmp/addresses")"
    is "with the file and line that LLVM finds" "$(paste -d ' ' "$tmp/addresses" "$tmp/ours" "$tmp/theirs" |
        awk '$2 != $3 && $3 !~ /:0$/' | head -n 5)" ""
    known=$(grep -vc ':0$' "$tmp/theirs")
    ok "which is no less often" test "$(grep -vc ':0$' "$tmp/ours")" -ge "$known" -a "$known" -gt 1000

    # The name of every function.
    "llvm-nm-$llvm" --defined-only "$elf" | awk '$2 ~ /^[tT]$/ { print $1, $3 }' | sort -u -k1,1 >"$tmp/functions"
    cut -d ' ' -f 1 "$tmp/functions" | xargs "$mksymbols" --look-up "$elf" "$tmp/table" | sed 's/+0x0 .*//; s/+0 .*//' |
        paste -d ' ' "$tmp/functions" - >"$tmp/names"
    "llvm-nm-$llvm" --defined-only "$elf" | awk '$2 ~ /^[tT]$/ { print $1, $3 }' >"$tmp/aliases"
    is "functions of $kernel have their names" "$(while read -r address name ours; do
        grep -qx "$address $ours" "$tmp/aliases" || echo "$address $name $ours"
    done <"$tmp/names" | head -n 5)" ""
done
text=$("llvm-readelf-$llvm" -SW "$build/kernel.elf" | sed -n 's/.* \.text *PROGBITS *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\) .*/\1/p')
code=$((0x${text:-0}))
ok "the kernel's table has at most a quarter of its code's bytes" \
    test "$(wc -c <"$build/kernel.elf.symbols")" -le $((code / 4)) -a $code -gt 0

# What is no kernel.
refuses "no argument" 2 'usage' "$mksymbols"
refuses "no such file" 1 'none: No such file' "$mksymbols" "$tmp/none"
: >"$tmp/empty"
refuses "an empty file" 1 'not an ELF file' "$mksymbols" "$tmp/empty"
refuses "a script" 1 'not an ELF file' "$mksymbols" "$0"
refuses "an object file" 1 'no executable segment' "$mksymbols" "$(find "$build/obj/host" -name '*.o' | head -n 1)"
"llvm-objcopy-$llvm" --strip-all "$build/kernel.elf" "$tmp/stripped"
refuses "a stripped kernel" 1 'no symbols' "$mksymbols" "$tmp/stripped"
"llvm-objcopy-$llvm" --strip-debug "$build/kernel.elf" "$tmp/bare"
ok "a kernel without lines still has functions" sh -c "'$mksymbols' '$tmp/bare' >'$tmp/table'"
run "$mksymbols" --look-up "$tmp/bare" "$tmp/table" "$("llvm-nm-$llvm" "$tmp/bare" | awk '$3 == "kernel_main" { print $1 }')"
like "and says so" "$out" '^kernel_main\+.* \?\?:0$'

# Damage: cut at many places, and bytes changed all over, first of all in headers, symbols and line tables.
size=$(wc -c <"$build/kernel.elf")
worst=0
try() {
    "$mksymbols" "$1" >"$tmp/table" 2>"$tmp/.err"
    try_status=$?
    [ $try_status -le 1 ] || { worst=$try_status; diag "status $try_status: $2"; }
}
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    head -c $((size * i / 21)) "$build/kernel.elf" >"$tmp/cut"
    try "$tmp/cut" "cut at $i/21"
done
is "no cut file ends it by a signal" $worst 0
worst=0
for seed in $(seq 1 60); do
    perl -e '
        my ($from, $to, $seed) = @ARGV;
        srand $seed;
        open my $in, "<:raw", $from or die; local $/; my $data = <$in>;
        my $size = length $data;
        for (1 .. 40) {
            my $where = $seed % 3 == 0 ? int rand 4096 : $seed % 3 == 1 ? $size - 1 - int rand 8192 : int rand $size;
            substr $data, $where, 1, chr int rand 256;
        }
        open my $out, ">:raw", $to or die; print $out $data;
    ' "$build/kernel.elf" "$tmp/damaged" "$seed"
    try "$tmp/damaged" "damaged with seed $seed"
done
is "no damaged file does" $worst 0
