#!/bin/sh
# What stands on the screen, letter by letter and in which colour: the kernel's greeting, pictures, crashes, and the
# loader's own sentences, on text screens and on framebuffers.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

light_cyan=55ffff
black=000000

# --- Text on BIOS
hold text "$hello"
ok "hello greets on the serial line" said text 'Hello World!'
lines=$(text_screen "$tmp/cells")
is "and once on the text screen" "$(printf '%s\n' "$lines" | grep -c '^Hello World! *$')" 1
found=$(place "$tmp/cells" "$lines" 'Hello World!')
like "at the left edge, in light cyan on black" "$found" '^[0-9]+ 0 0b$'
row=${found%% *}
is "every letter of it" "$(od -An -v -tx1 -w2 -j$((row * 160)) -N24 "$tmp/cells" | awk '{ printf "%s", $2 }')" \
    0b0b0b0b0b0b0b0b0b0b0b0b
picture text
is "the picture is VGA's text mode" "$size" "720 400"
ok "the picture shows the words" "$screen" find "$tmp/text.ppm" 9x16 'Hello World!'
like "in just these colours" "$out" '^0 [0-9]+ 57ffff 000000$' # text mode's colours have six bits: 15h of 3fh
release

# --- Framebuffers. The console starts in the upper left corner of an empty screen.
# greeting NAME WHERE COLOUR ARGUMENTS...
greeting() {
    name=$1
    where=$2
    colour=$3
    shift 3
    hold "$name" "$@" "$hello"
    ok "hello greets $where" said "$name" 'Hello World!'
    picture "$name"
    is "and on the screen, $colour on black" "$("$screen" read "$tmp/$name.ppm" 0 0 12 "$colour" $black $scale)" 'Hello World!'
    ink=$("$screen" count "$tmp/$name.ppm" "$colour")
    ok "there is nothing else on it" test $((ink + $("$screen" count "$tmp/$name.ppm" $black))) -eq \
        $((width * height))
    is "and the letters are all there is" "$((ink / scale / scale))" "${letters:=$((ink / scale / scale))}"
    release
}
echo 'video = auto' >"$tmp/auto.conf"
echo 'video = 800x600x16' >"$tmp/16.conf"
echo 'video = 800x600x24' >"$tmp/24.conf"
greeting bios_auto "on BIOS with video = auto" $light_cyan --config "$tmp/auto.conf"
greeting bios_24 "on BIOS with 24 bits a pixel" $light_cyan --config "$tmp/24.conf"
is "the screen is 800x600" "$size" "800 600"
greeting bios_16 "on BIOS with 16 bits a pixel" 50f8f8 --config "$tmp/16.conf" # 55ffff in five bits each
greeting uefi "on UEFI" $light_cyan --firmware uefi

# --- A video BIOS that goes to protected mode by itself, and leaves its own GDT behind.
succeeds "hello boots with QEMU's bochs-display" --qemu-arg -vga --qemu-arg none --qemu-arg -device \
    --qemu-arg bochs-display "$hello"

# --- Pictures: red, green, blue, from edge to edge.
# bars NAME WHERE LEVEL ARGUMENTS...: LEVEL is what a colour's highest value becomes on the screen.
bars() {
    name=$1
    where=$2
    red=${3}0000 green=00${3}00 blue=0000$3
    shift 3
    hold "$name" "$@" "$kernels/framebuffer.elf" stay
    ok "the framebuffer kernel stays $where" said "$name" 'screen '
    bars_shown() { # the kernel speaks, then draws
        picture "$name"
        test "$("$screen" pixel "$tmp/$name.ppm" $((width - 1)) $((height - 1)))" = $blue
    }
    ok "it draws to the last pixel" wait_until 20 bars_shown
    like "in the mode that it has named" "$(plain <"$tmp/$name")" "^screen ${width}x${height}x"
    corners=
    for at in "0 0" "$((width / 3 - 1)) $((height - 1))" "$((width / 3)) 0" "$((width * 2 / 3 - 1)) $((height - 1))" \
        "$((width * 2 / 3)) 0" "$((width - 1)) $((height - 1))"; do
        # shellcheck disable=SC2086 # two coordinates
        corners="$corners $("$screen" pixel "$tmp/$name.ppm" $at)"
    done
    is "each bar has its place" "$corners" " $red $red $green $green $blue $blue"
    is "and its size" "$("$screen" count "$tmp/$name.ppm" $red) $("$screen" count "$tmp/$name.ppm" $green)" \
        "$((width / 3 * height)) $(((width * 2 / 3 - width / 3) * height))"
    release
}
bars bars_bios "on BIOS" ff
bars bars_16 "on BIOS with 16 bits a pixel" f8 --config "$tmp/16.conf" # 1fh in the upper five bits
bars bars_24 "on BIOS with 24 bits a pixel" ff --config "$tmp/24.conf"
bars bars_uefi "on UEFI" ff --firmware uefi

# --- A kernel that dies before it can say so itself: white on red, from the top.
died='Corrode: the kernel died of exception 14 (page fault)'
hold die_text "$kernels/die.elf" null
ok "a fault is told on the serial line" said die_text 'ask addr2line.'
lines=$(text_screen "$tmp/cells")
is "and on the text screen, white on red" "$(place "$tmp/cells" "$lines" "$died")" "1 0 4f"
like "with the reason" "$lines" '^It tried to write address 0000000000000010, where nothing is mapped\.'
like "and the registers" "$lines" '^CR2 0000000000000010 '
release
hold die_auto --config "$tmp/auto.conf" "$kernels/die.elf" null
ok "a fault is told with a framebuffer on BIOS" said die_auto 'ask addr2line.'
picture die_auto
ok "on the screen" "$screen" find "$tmp/die_auto.ppm" 8x16 "$died"
like "in white on red" "$out" '^0 [0-9]+ ffffff ff0000$'
release
hold die_uefi --firmware uefi "$kernels/die.elf" null
ok "a fault is told on UEFI" said die_uefi 'ask addr2line.'
picture die_uefi
is "on the screen, in white on red" "$("$screen" read "$tmp/die_uefi.ppm" 0 16 ${#died} ffffff ff0000)" "$died"
release

# --- A panic of the kernel's own.
hold panic_uefi --firmware uefi "$kernels/die.elf" panic
ok "a panic is told on the serial line" said panic_uefi 'the answer is 42'
picture panic_uefi
ok "and on the screen" "$screen" find "$tmp/panic_uefi.ppm" $((8 * scale))x$((16 * scale)) 'the answer is 42'
release
hold panic_text "$kernels/die.elf" panic
ok "and on BIOS" said panic_text 'the answer is 42'
like "on the text screen" "$(text_screen "$tmp/cells")" 'the answer is 42'
release

# --- The loader's own sentences, and what a key does then.
corrode image --kernel "$hello" -o "$tmp/disk.img"
printf 'kernel = /kernel.elf\ncolour = blue\n' >"$tmp/bad.conf"
mcopy -o -i "$tmp/disk.img@@1M" "$tmp/bad.conf" ::corrode.conf
sentence='Corrode cannot boot: corrode.conf line 2: unknown key "colour". The keys are kernel, cmdline, module, video, '\
'serial, kaslr.'
hold loader_bios "$tmp/disk.img"
ok "the loader's sentence is on the serial line" said loader_bios "$sentence"
ok "it asks for a key" said loader_bios 'Press a key to restart.'
lines=$(text_screen "$tmp/cells")
like "the sentence is on the screen, over two lines" "$(printf '%s\n' "$lines" | tr -d '\n')" "$sentence *Press a key to restart\\."
like "in light grey on black" "$(place "$tmp/cells" "$lines" 'Corrode cannot boot')" ' 0 07$'
sleep 1
ok "it waits" kill -0 "$child"
monitor "$socket" 'sendkey a' >/dev/null
status=0
wait "$child" || status=$?
is "a key restarts the machine" "$status" 126
like "by a reset" "$(cat "$tmp/loader_bios")" 'it reset itself'

hold loader_uefi --firmware uefi "$tmp/disk.img"
ok "on UEFI too the sentence is on the serial line" said loader_uefi "$sentence"
ok "it asks for a key (UEFI)" said loader_uefi 'Press a key to return to the firmware.'
picture loader_uefi
# OVMF's letters are 8x19 pixels.
ok "the sentence is on the screen" "$screen" find "$tmp/loader_uefi.ppm" 8x19 'Corrode cannot boot: corrode.conf line 2: unknown key'
ok "to its end" "$screen" find "$tmp/loader_uefi.ppm" 8x19 'Press a key to return to the firmware.'
monitor "$socket" 'sendkey a' >/dev/null
ok "a key returns to the firmware" said loader_uefi 'BdsDxe: failed to start'
release

# --- Stage 1, which has only the BIOS to speak with.
patch "$tmp/disk.img" $((128 * 512)) 'no stage 2'
hold stage1 "$tmp/disk.img"
ok "stage 1's sentence is on the serial line" said stage1 'Corrode: cannot read disk. Rewrite it or attach as HDD.'
lines=$(text_screen "$tmp/cells")
like "and on the screen" "$lines" '^Corrode: cannot read disk\. Rewrite it or attach as HDD\. *$'
release
