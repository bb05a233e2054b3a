#!/bin/sh
# What everyone who clones this repository may rely on, as far as it can be told without building: the targets of make,
# sizes of what has been built, files that are what they seem, scripts that parse, links that lead somewhere.
. "$(dirname "$0")/lib.sh"

unset MAKEFLAGS MAKELEVEL MFLAGS
git ls-files >"$tmp/files" 2>/dev/null && [ -s "$tmp/files" ] || skip_all "this is no git checkout"
while read -r file; do # what is being deleted or moved just now
    [ ! -f "$file" ] || echo "$file"
done <"$tmp/files" >"$tmp/present"
files() {
    grep -E "$1" "$tmp/present"
}

# none NAME LIST: there should be nothing in the list.
none() {
    is "$1" "$2" ""
}

run make help
for target in all install clean run debug test fuzz bench format help; do
    like "make help tells of make $target" "$out" "^  make $target +[A-Z]"
done
for target in all run test bench fuzz debug clean; do
    ok "make -n $target knows how" make -n $target
done
for name in README.md LICENSE Makefile .gitignore .clang-format .editorconfig .ci/run docs/boot-protocol.md docs/tour.md \
    docs/caveats.md docs/hardware.md docs/man/corrode.1; do
    ok "there is $name" test -s $name
done
like "the licence is MIT's" "$(head -n 1 LICENSE)" '^MIT License'
like "the README names make run" "$(cat README.md)" 'make run'
like "and make test" "$(cat README.md)" 'make test'
ok "build/ is not kept in git" git check-ignore -q build/corrode
none "nothing of build/ is" "$(files '^build/')"

# Sizes.
is "stage 1 has 512 bytes" "$(wc -c <"$build/boot/stage1.bin")" 512
ok "stage 2 has at most 32 KiB" test "$(wc -c <"$build/boot/stage2.bin")" -le 32768
ok "the UEFI loader has at most 64 KiB" test "$(wc -c <"$build/boot/BOOTX64.EFI")" -le 65536
none "no file has more than 128 KiB, but for pictures" "$(files . | grep -v '^docs/pictures/' | while read -r file; do
    [ "$(wc -c <"$file")" -le 131072 ] || echo "$file"
done)"
none "no source file has more than 600 lines" "$(files '\.(c|h|S|sh|t|mk)$' | while read -r file; do
    [ "$(wc -l <"$file")" -le 600 ] || echo "$file"
done)"

# Text.
files . | grep -v '^docs/pictures/' >"$tmp/texts"
none "all files but pictures are text" "$(while read -r file; do
    tr -d '\000' <"$file" | cmp -s - "$file" || echo "$file"
done <"$tmp/texts")"
none "each ends with a line end" "$(while read -r file; do
    [ -z "$(tail -c 1 "$file" | tr -d '\n')" ] || echo "$file"
done <"$tmp/texts")"
# What is typed and printed, prompts among it, is as it is.
none "no line ends with blanks" "$(grep -v '^tests/busybox/' "$tmp/texts" | xargs grep -lE '[[:blank:]]+$')"
none "no source has a tab or a carriage return" "$(files '\.(c|h|S|sh|t)$' | grep -v '^tests/busybox/' | xargs grep -l "$(printf '[\t\r]')")"

# Every file says at its top what it is for.
none "C and assembler begin with a comment" "$(files '\.(c|h|S)$' | while read -r file; do
    [ "$(head -c 2 "$file")" = '/*' ] || echo "$file"
done)"
none "scripts and makefiles too" "$(files '\.(sh|t|mk)$|^Makefile$|^scripts/|^bench/run$|^\.ci/run$' | while read -r file; do
    sed -n '/^#!/d; p; q' "$file" | grep -q '^#' || sed -n '2p' "$file" | grep -q '^#' || echo "$file"
done)"
none "headers have guards" "$(files '\.h$' | xargs grep -LE '^#ifndef [A-Z0-9_]+_H$')"

# Scripts.
files . | while read -r file; do
    case $(head -c 64 "$file" | tr -d '\000' | head -n 1) in
    '#!/bin/sh'*) echo "sh $file" ;;
    '#!'*bash*) echo "bash $file" ;;
    '#!'*) echo "other $file" ;;
    esac
done >"$tmp/scripts"
none "scripts parse" "$(while read -r shell file; do
    [ "$shell" = other ] || $shell -n "$file" 2>/dev/null || echo "$file"
done <"$tmp/scripts")"
none "what begins with #! may be run" "$(while read -r shell file; do
    [ -x "$file" ] || echo "$file"
done <"$tmp/scripts")"
none "what may be run begins with #!" "$(files . | while read -r file; do
    [ ! -x "$file" ] || grep -q " $file\$" "$tmp/scripts" || echo "$file"
done)"
none "tests are programs" "$(files '^tests/system/.*\.t$' | while read -r file; do
    [ -x "$file" ] || echo "$file"
done)"
if command -v shellcheck >/dev/null 2>&1; then
    none "shellcheck finds no error" "$(sed -n 's/^sh //p' "$tmp/scripts" | xargs shellcheck -S error -f gcc)"
else
    skip "shellcheck finds no error" "it is not installed"
fi
llvm=$(sed -n 's/^LLVM_VERSION *?= *//p' targets/common.mk)
if command -v "clang-format-$llvm" >/dev/null 2>&1; then
    none "C is laid out as .clang-format says" "$(files '\.[ch]$' | xargs "clang-format-$llvm" --dry-run 2>&1 | head -n 20)"
else
    skip "C is laid out as .clang-format says" "clang-format-$llvm is not installed"
fi

# Links between documents.
none "links in documents lead somewhere" "$(files '\.md$' | while read -r file; do
    sed 's/`[^`]*`//g' "$file" | grep -oE '\]\([^)#]+' | sed 's/^](//' | grep -v '^[a-z]*:' | while read -r link; do
        [ -e "$(dirname "$file")/$link" ] || echo "$file: $link"
    done
done)"
