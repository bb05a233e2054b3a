#!/bin/sh
# The kernel's terminal, keyboard and serial line, as someone who sits before the machine knows them: what stands on the
# screen in which colour, what keys send, and what a panic leaves. The kernel here is tests/terminal/main.c.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

terminal=$build/tests/terminal.elf
debug=$build/tests/terminal-debug.elf

# press KEY...: one after the other on the keyboard of the last `hold`, by QEMU's names for them.
press() {
    for key; do
        monitor "$socket" "sendkey $key 20" >/dev/null
        sleep 0.1
    done
}

# typed WHERE WANTED KEY...: those keys send the bytes WANTED.
typed() {
    typed_where=$1
    typed_bytes=$2
    shift 2
    press "$@"
    ok "$* sends $typed_bytes" said "$typed_where" "keys: $typed_bytes" 20
}

# --- VGA text, and what keys send.
hold text "$terminal"
ok "the kernel is ready" said text ready
text_screen "$tmp/cells" >"$tmp/lines"
lines=$(cat "$tmp/lines")
is "bold is bright" "$(place "$tmp/cells" "$lines" 'bold ')" "0 0 0f"
is "underlined is another colour" "$(place "$tmp/cells" "$lines" 'underlined ')" "0 5 0b"
is "reverse is reverse" "$(place "$tmp/cells" "$lines" 'reverse ')" "0 16 70"
is "colours are colours" "$(place "$tmp/cells" "$lines" 'bright on blue ')" "0 24 1e"
is "umlauts are VGA's" "$(bytes "$tmp/cells" 160 2) $(bytes "$tmp/cells" 172 2)" "8e07 8107"
is "lines are lines" "$(bytes "$tmp/cells" $((3 * 160)) 4)" "da07c407"
like "a scrolling region keeps the last lines" "$lines" '^scrolled line 9 '
like "and no others" "$(printf '%s\n' "$lines" | grep -c '^scrolled')" '^4$'
is "what is outside of it stays" "$(place "$tmp/cells" "$lines" 'RGB ')" "7 0 07"
typed text 61 a
typed text 41 shift-a
typed text 03 ctrl-c
typed text "1b 66" alt-f
typed text "1b 5b 41" up
typed text "1b 5b 33 7e" delete
typed text "1b 5b 35 7e" pgup
typed text "1b 4f 50" f1
typed text "1b 5b 32 34 7e" f12
typed text 0d ret
typed text 7f backspace
typed text 09 tab
typed text 42 caps_lock b
typed text 62 caps_lock b
typed text 35 num_lock kp_5
typed text 2f kp_divide
press ctrl-p
ok "Ctrl-P makes it panic" said text 'The end of it: Ctrl-P was typed'
lines=$(text_screen "$tmp/cells")
like "which stands on the screen, white on red" "$(place "$tmp/cells" "$lines" 'The end of it: Ctrl-P was typed')" ' 0 4f$'
release

# --- A framebuffer of 1280x800: letters of double size.
echo 'video = 1280x800x32' >"$tmp/large.conf"
hold large --config "$tmp/large.conf" "$debug"
ok "the debug kernel is ready" said large ready
press x
ok "a key arrives" said large 'keys: 78'
picture large
is "the screen is large" "$size $scale" "1280 800 2"
is "bold is white" "$("$screen" read "$tmp/large.ppm" 0 0 4 ffffff 000000 2)" bold
is "reverse is reverse" "$("$screen" read "$tmp/large.ppm" 256 0 7 000000 aaaaaa 2)" reverse
is "colours are colours" "$("$screen" read "$tmp/large.ppm" 384 0 14 ffff55 0000aa 2)" 'bright on blue'
is "a line is drawn under what is underlined" "$("$screen" pixel "$tmp/large.ppm" 81 29)" aaaaaa
is "all colours of RGB are there" "$("$screen" pixel "$tmp/large.ppm" 70 232) $("$screen" pixel "$tmp/large.ppm" \
    1080 232)" "ff0082 00ff82"
is "a full block is full" "$("$screen" pixel "$tmp/large.ppm" 384 96) $("$screen" pixel "$tmp/large.ppm" 399 127)" \
    "aaaaaa aaaaaa"
is "the last line that was scrolled is where it belongs" "$("$screen" read "$tmp/large.ppm" 0 384 15 aaaaaa 000000 2)" \
    "scrolled line 9"
is "the cursor is a block behind the last line" "$("$screen" pixel "$tmp/large.ppm" 1 545) $("$screen" pixel \
    "$tmp/large.ppm" 17 545)" "aaaaaa 000000"
press ctrl-p
ok "it panics" said large 'The end of it: Ctrl-P was typed'
picture large
ok "on the screen" "$screen" find "$tmp/large.ppm" 16x32 'The end of it: Ctrl-P was typed'
like "in white on red" "$out" '^0 [0-9]+ ffffff aa0000$'
ok "below what was there" "$screen" find "$tmp/large.ppm" 16x32 'scrolled line 9'
release

# --- UEFI, whose keyboard was the firmware's before.
hold uefi --firmware uefi "$terminal"
ok "the kernel is ready on UEFI" said uefi ready
typed uefi "1b 5b 44" left
picture uefi
is "the screen is right on UEFI" "$("$screen" read "$tmp/uefi.ppm" 0 0 4 ffffff 000000 $scale)" bold
press q
release
ok "q ends it" grep -q 'keys: 71' "$tmp/uefi"

# --- The serial line: what comes in, and a flood out of which nothing is lost, although a panic cuts it short.
for processors in 1 4; do
    (
        wait_until 30 grep -q ready "$tmp/line"
        printf 'h'
        sleep 1
        printf '\023'
        wait_until 60 grep -q 'flood 2000' "$tmp/line"
        printf '\020'
    ) | timeout $limit corrode run --firmware none --smp $processors "$terminal" >"$tmp/line" 2>&1 || :
    ok "a byte is received ($processors processors)" said line 'serial: 68' 1
    is "a flood is whole ($processors processors)" "$(plain <"$tmp/line" |
        awk '/^flood [0-9]+ of 2000: the quick brown fox jumps over the lazy dog$/ && $2 == n + 1 { n++ } END { print n }')" 2000
    ok "so is what a panic says after it ($processors processors)" said line 'The end of it: Ctrl-P was typed' 1
done

# --- Machines that lack something.
ends "without a keyboard controller the rest works" 0 '^Corrode' --firmware none --machine q35 --qemu-arg -machine \
    --qemu-arg i8042=off "$build/kernel.elf"
ends "without a screen" 0 '^usable memory' --firmware none --qemu-arg -vga --qemu-arg none "$build/kernel.elf"
ends "with little memory" 0 '^usable memory' --firmware bios --memory 16M --config "$tmp/large.conf" "$build/kernel.elf"
