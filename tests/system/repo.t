#!/bin/sh
# What the repository promises of itself: sizes, no binaries, sources that say what they are for, documents whose links
# lead somewhere, code laid out as .clang-format says.
. "$(dirname "$0")/lib.sh"

is "stage 1 has 512 bytes" "$(wc -c <"$build/boot/stage1.bin")" 512
ok "stage 2 has at most 32 KiB" test "$(wc -c <"$build/boot/stage2.bin")" -le 32768
ok "the UEFI loader has at most 64 KiB" test "$(wc -c <"$build/boot/BOOTX64.EFI")" -le 65536

run make help
for goal in all run debug test fuzz bench format clean install; do
    like "make help explains make $goal" "$out" "^  make $goal "
done

# What follows asks git, which an unpacked archive does not have.
git rev-parse --git-dir >/dev/null 2>&1 || { skip "files under version control" "no git here"; exit 0; }

for file in $(git ls-files '*.c' '*.h' '*.S' '*.ld'); do
    head -n 1 "$file" | grep -q '^/\*' || echo "$file"
done >"$tmp/unsaid"
is "every source opens with what it is for" "$(cat "$tmp/unsaid")" ""
for file in $(git ls-files '*.sh' '*.t' '*.mk' scripts bench/run .ci/run Makefile); do
    head -n 2 "$file" | grep -q '^# ' || echo "$file"
done >"$tmp/unsaid"
is "so does every script and makefile" "$(cat "$tmp/unsaid")" ""

for file in $(git grep -lI '^#!/bin/sh' -- ':!*.md'); do
    sh -n "$file" 2>&1 || echo "$file"
done >"$tmp/broken"
is "every script parses" "$(cat "$tmp/broken")" ""

git ls-files -z | grep -zv '^docs/pictures/' | xargs -0 grep -LI . >"$tmp/binary" 2>/dev/null
while read -r file; do
    [ ! -s "$file" ] || echo "$file"
done <"$tmp/binary" >"$tmp/full"
is "no binaries but the pictures" "$(cat "$tmp/full")" ""
is "no large files" "$(git ls-files -z | xargs -0 du -k | awk '$1 > 128')" ""
is "no file of more than 600 lines" "$(git ls-files '*.c' '*.h' '*.S' '*.sh' '*.t' |
    xargs wc -l | awk '$2 != "total" && $1 > 600')" ""

for page in README.md docs/*.md; do
    grep -o ']([^)#]*' "$page" | cut -c3- | grep -v '^http' | while read -r link; do
        [ -z "$link" ] || [ -e "$(dirname "$page")/$link" ] || echo "$page: $link"
    done
done >"$tmp/links"
is "every link in the documents leads somewhere" "$(cat "$tmp/links")" ""

format=clang-format-$(sed -n 's/^LLVM_VERSION *?= *//p' targets/common.mk)
if command -v "$format" >/dev/null 2>&1; then
    ok "every C file is laid out as .clang-format says: make format" \
        sh -c 'git ls-files "*.c" "*.h" | xargs "$1" --dry-run -Werror' - "$format"
else
    skip "every C file is laid out as .clang-format says" "$format is not installed"
fi
