#!/bin/sh
# The manual page against the tool: well-formed, and the two name the same options.
. "$(dirname "$0")/lib.sh"

page=docs/man/corrode.1
is "mandoc has nothing to say" "$(mandoc -T lint $page 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')" ""
for command in new image run test write; do
    # The options of a subcommand's own: those between its help's "Options:" and the common --quiet.
    corrode $command --help | sed -n '/^Options:/,/--quiet/s/^  .* --\([a-z-]*\).*/\1/p' | grep -v quiet >"$tmp/options"
    while read -r option; do
        ok "the manual has --$option of $command" grep -q "Fl Fl $option\b" $page
    done <"$tmp/options"
    cat "$tmp/options" >>"$tmp/all"
done
printf '%s\n' quiet verbose help version >>"$tmp/all"
sed 's/Fl Fl \([a-z-]*\)/\n--\1 /g' $page | sed -n 's/^--\([a-z-]*\) .*/\1/p' | sort -u >"$tmp/manual"
sort -u "$tmp/all" >"$tmp/tool"
is "the tool has every option of the manual" "$(comm -23 "$tmp/manual" "$tmp/tool")" ""
for file in tests/system/*.t tests/system/lib.sh scripts/test tools/corrode/embed.sh; do
    ok "sh reads $file" sh -n "$file"
done
