#!/bin/sh
# `corrode image`: what it makes, in the eyes of the tools that everyone uses to look at disks and discs.
. "$(dirname "$0")/lib.sh"

disk=$tmp/disk.img
seq 1 20000 >"$tmp/initrd.bin"
printf 'ein Modul\n' >"$tmp/A module, with a long name.tar.gz"
: >"$tmp/empty"
ok "makes an image" corrode image --kernel "$hello" --module "$tmp/initrd.bin" \
    --module "$tmp/A module, with a long name.tar.gz" --module "$tmp/empty" --cmdline 'log=debug x=1' -o "$disk"
is "is silent about it" "$out$err" ""
is "has whole MiB" "$(($(stat -c %s "$disk") % 1048576))" 0
is "is 34 MiB, the smallest FAT32" "$(stat -c %s "$disk")" 35651584
ok "is sparse" test "$(du -k "$disk" | cut -f1)" -lt 2048
ok "leaves nothing else behind" test ! -e "$(find "$tmp" -name '.corrode*' -print -quit)"

# Partition table.
ok "sfdisk verifies it" sfdisk --verify "$disk"
run sfdisk --dump "$disk"
like "has one active FAT32 partition at sector 2048 to the end" "$out" \
    'start= +2048, size= +67584, type=c, bootable'
is "has only one partition" "$(printf '%s\n' "$out" | grep -c start=)" 1
unlike "has a disk signature" "$out" 'label-id: 0x0*$'
is "has real CHS values, first 0/32/33" "$(bytes "$disk" 447 3)" "202100"
is "has real CHS values, last 4/85/17" "$(bytes "$disk" 451 3)" "551104"
is "ends stage 1 in 55 AA" "$(bytes "$disk" 510 2)" 55aa
is "tells stage 1 how long stage 2 is" "$(od -An -tu2 -j438 -N2 "$disk" | tr -d ' ')" \
    $((($(stat -c %s "$build"/boot/stage2.bin) + 2047) / 2048 * 4))
ok "keeps a copy of stage 1 for discs" cmp -n 512 "$disk" "$disk" 0 $((124 * 512))
ok "keeps stage 2 in sector 128" cmp -n "$(stat -c %s "$build"/boot/stage2.bin)" "$disk" "$build"/boot/stage2.bin $((128 * 512)) 0

# The FAT file system.
partition "$disk" "$tmp/partition"
ok "fsck.fat is content" fsck.fat -n "$tmp/partition"
run fsck.fat -nv "$tmp/partition"
like "is FAT32" "$out" '32 bit entries'
run mdir -b -/ -i "$disk@@1M" ::
is "holds the files under their names" "$(printf '%s\n' "$out" | sort | tr '\n' ' ')" \
    "::/A module, with a long name.tar.gz ::/EFI/ ::/EFI/BOOT/ ::/EFI/BOOT/BOOTX64.EFI ::/corrode.conf ::/empty ::/initrd.bin ::/kernel.elf "
for pair in "EFI/BOOT/BOOTX64.EFI $build/boot/BOOTX64.EFI" "initrd.bin $tmp/initrd.bin"; do
    rm -f "$tmp/copy"
    mcopy -i "$disk@@1M" "::${pair%% *}" "$tmp/copy"
    ok "holds ${pair%% *} unchanged" cmp "${pair#* }" "$tmp/copy"
done
is "holds the module of the long name" "$(mtype -i "$disk@@1M" '::A module, with a long name.tar.gz')" "ein Modul"
is "has a boot configuration" "$(mtype -i "$disk@@1M" ::corrode.conf | grep -v '^#')" "kernel = /kernel.elf
cmdline = log=debug x=1
module = /initrd.bin
module = /A module, with a long name.tar.gz
module = /empty"
mcopy -i "$disk@@1M" ::kernel.elf "$tmp/stripped"
ok "strips the kernel" test "$(stat -c %s "$tmp/stripped")" -lt "$(stat -c %s "$hello")"
run readelf -lW "$tmp/stripped"
is "keeps its program headers" "$(printf '%s\n' "$out" | grep LOAD)" "$(readelf -lW "$hello" | grep LOAD)"
is "has no section headers left" "$(readelf -hW "$tmp/stripped" | sed -n 's/.*Number of section headers: *//p')" 0

# The disc.
run xorriso -indev "$disk" -report_el_torito plain -report_system_area plain
like "xorriso sees the volume" "$err" "Volume id +: 'CORRODE'"
like "xorriso sees the entry for BIOS" "$out" 'boot img : +1 +BIOS +y +none +0x0000 +0x00 +4 +31'
like "xorriso sees the entry for UEFI" "$out" 'boot img : +2 +UEFI +y +none +0x0000 +0x00 +0 +512'
like "xorriso sees the partition" "$out" 'MBR partition +: +1 +0x80 +0x0c +2048 +67584'
ok "xorriso extracts the module from the disc" xorriso -osirrox on -indev "$disk" -extract /INITRD.BIN "$tmp/from-disc"
ok "and it is the module" cmp "$tmp/initrd.bin" "$tmp/from-disc"
run xorriso -osirrox on -indev "$disk" -find / -type f
like "the disc lists the UEFI loader" "$out" "'/EFI/BOOT/BOOTX64.EFI'"
like "the disc lists the module by its disc name" "$out" "'/A_MODULE__WITH_A_LONG_NA.*\.GZ'"

# The same input gives the same bytes.
mkdir "$tmp/again"
ok "makes it again" env TZ=Asia/Tokyo corrode image --kernel "$hello" --module "$tmp/initrd.bin" \
    --module "$tmp/A module, with a long name.tar.gz" --module "$tmp/empty" --cmdline 'log=debug x=1' -o "$tmp/again/disk.img"
ok "with the same bytes" cmp "$disk" "$tmp/again/disk.img"
corrode image --kernel "$hello" --cmdline other -o "$tmp/other.img"
ok "another command line gives another disk signature" sh -c \
    "! cmp -s -n 4 '$disk' '$tmp/other.img' 440 440"
ok "honours SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=1000000000 corrode image --kernel "$hello" -o "$tmp/dated.img"
run mdir -i "$tmp/dated.img@@1M" ::kernel.elf
like "the date is in the directory" "$out" '2001-09-09 +1:46'
for epoch in 0 4354819199; do
    ok "takes the SOURCE_DATE_EPOCH $epoch" env SOURCE_DATE_EPOCH=$epoch corrode image --kernel "$hello" -o "$tmp/dated.img"
    partition "$tmp/dated.img" "$tmp/partition"
    ok "fsck.fat is content with it" fsck.fat -n "$tmp/partition"
    ok "xorriso is content with it" xorriso -indev "$tmp/dated.img" -find / -exec lsdl
done
refuses "a SOURCE_DATE_EPOCH beyond FAT" 1 '1970 to 2107' env SOURCE_DATE_EPOCH=4354819200 \
    corrode image --kernel "$hello" -o "$tmp/never.img"
refuses "a SOURCE_DATE_EPOCH that is none" 1 'SOURCE_DATE_EPOCH=soon' env SOURCE_DATE_EPOCH=soon \
    corrode image --kernel "$hello" -o "$tmp/never.img"

# Sizes.
ok "makes a FAT16 of 4 MiB" corrode image --kernel "$hello" --size 4M -o "$tmp/small.img"
is "of just that size" "$(stat -c %s "$tmp/small.img")" 4194304
partition "$tmp/small.img" "$tmp/partition"
ok "fsck.fat is content with FAT16" fsck.fat -n "$tmp/partition"
run fsck.fat -nv "$tmp/partition"
like "it is FAT16" "$out" '16 bit entries'
like "sfdisk calls it FAT16" "$(sfdisk --dump "$tmp/small.img")" 'type=e, bootable'
for size in 5M 33M 34M 35M 64M 600M; do
    ok "makes $size" corrode image --kernel "$hello" --size $size -o "$tmp/sized.img"
    dd if="$tmp/sized.img" of="$tmp/partition" bs=1M skip=1 conv=sparse status=none
    ok "fsck.fat is content with $size" fsck.fat -n "$tmp/partition"
    rm -f "$tmp/sized.img" "$tmp/partition"
done
ok "makes 40G" corrode image --kernel "$hello" --size 40G -o "$tmp/large.img"
run minfo -i "$tmp/large.img@@1M" ::
like "with clusters of 32 KiB" "$out" 'cluster size: 64 sectors'
ok "and mtools reads it" mdir -i "$tmp/large.img@@1M" ::EFI/BOOT
rm -f "$tmp/large.img"
is "rounds up to whole MiB" "$(corrode image --kernel "$hello" --size 5000000 -o "$tmp/odd.img" && stat -c %s "$tmp/odd.img")" 5242880
refuses "a size that is too small, naming the smallest" 2 'too small.*4 MiB is the smallest' \
    corrode image --kernel "$hello" --size 1M -o "$tmp/never.img"
ok "the smallest works" corrode image --kernel "$hello" --size 4M -o "$tmp/least.img"
dd if=/dev/zero of="$tmp/twenty" bs=1M count=20 status=none
refuses "a size that is too small for the files" 2 'too small.*MiB is the smallest' \
    corrode image --kernel "$hello" --module "$tmp/twenty" --size 8M -o "$tmp/never.img"
least=$(printf '%s\n' "$err" | sed -n 's/.*; \([0-9]*\) MiB is the smallest.*/\1/p')
ok "the size that it named works" corrode image --kernel "$hello" --module "$tmp/twenty" --size "${least}M" -o "$tmp/least.img"
refuses "a MiB less does not" 2 'too small' corrode image --kernel "$hello" --module "$tmp/twenty" \
    --size $((least - 1))M -o "$tmp/never.img"
refuses "a size beyond 2 TiB" 2 'smaller than 2 TiB' corrode image --kernel "$hello" --size 3T -o "$tmp/never.img"
refuses "a size beyond 64 bits" 2 'not a size' corrode image --kernel "$hello" --size 99999999999999G -o "$tmp/never.img"
for size in -1 0 x 1X 12MM ''; do
    refuses "the size '$size'" 2 'not a size' corrode image --kernel "$hello" --size "$size" -o "$tmp/never.img"
done

# As many modules as the loader takes: more records than a sector of FAT or a block of the disc holds.
mkdir "$tmp/many"
set --
for i in $(seq 1 32); do
    echo "$i" >"$tmp/many/module number $i.data"
    set -- "$@" --module "$tmp/many/module number $i.data"
done
for size in 34M 8M; do
    ok "takes 32 modules in $size" corrode image --kernel "$hello" "$@" --size $size -o "$tmp/many.img"
    partition "$tmp/many.img" "$tmp/partition"
    ok "fsck.fat is content with them" fsck.fat -n "$tmp/partition"
    is "the last one is right" "$(mtype -i "$tmp/many.img@@1M" '::module number 32.data')" 32
    ok "xorriso reads the disc" xorriso -indev "$tmp/many.img" -find /
done
refuses "a module more" 1 '33 modules and the boot loader takes 32' corrode image --kernel "$hello" "$@" \
    --module "$tmp/initrd.bin" -o "$tmp/never.img"

# Names.
mkdir "$tmp/names" "$tmp/names/other"
for name in UPPER.BIN 'über größe.bin' 'a+b.c.d' '.hidden' 'noext' 'x.toolong' 'LONGERNAME1' 'LONGERNAME2'; do
    echo "$name" >"$tmp/names/$name"
    ok "takes a module called $name" corrode image --kernel "$hello" --module "$tmp/names/$name" -o "$tmp/name.img"
    partition "$tmp/name.img" "$tmp/partition"
    ok "fsck.fat is content with it" fsck.fat -n "$tmp/partition"
done
export LC_ALL=C.UTF-8
is "mtools finds it by its name" "$(mtype -i "$tmp/name.img@@1M" ::LONGERNAME2)" LONGERNAME2
corrode image --kernel "$hello" --module "$tmp/names/über größe.bin" -o "$tmp/name.img"
is "mtools finds the one with umlauts" "$(mtype -i "$tmp/name.img@@1M" '::über größe.bin')" 'über größe.bin'
export LC_ALL=C
ok "so does the boot loader" corrode run --timeout 60 "$tmp/name.img"
echo 1 >"$tmp/names/other/upper.bin"
refuses "two modules of one name" 1 'also called UPPER.BIN; rename' corrode image --kernel "$hello" \
    --module "$tmp/names/UPPER.BIN" --module "$tmp/names/other/upper.bin" -o "$tmp/never.img"
cp "$tmp/names/noext" "$tmp/names/other/kernel.elf"
refuses "a module with the kernel's name" 1 'also called kernel.elf' corrode image --kernel "$hello" \
    --module "$tmp/names/other/kernel.elf" -o "$tmp/never.img"
for name in 'a:b' 'a?' 'trailing.' 'blank ' ' lead' "$(printf 'tab\tulator')" "$(printf '\377')" 'clef 𝄞'; do
    cp "$tmp/names/noext" "$tmp/names/$name"
    refuses "a module called '$name'" 1 'FAT cannot hold.*rename' corrode image --kernel "$hello" \
        --module "$tmp/names/$name" -o "$tmp/never.img"
done

# Whatever name the tool takes, the boot loader reads back: from corrode.conf, where these mean something, and from FAT.
# The second is what FAT would call the first, the last as long as may be. Each has another number of lines.
modules=$build/tests/boot/modules.elf
mkdir "$tmp/read"
i=0
set --
for name in 'longername.bin' 'LONGER~1.BIN' 'longername.bin2' '!$%&()+,-.;@[]^_`{}~' "it's" '#1' '= 2' 'a=b' 'a  b' \
    .hidden a.b.c '~' BOOT 'schneemann ☃.tar.gz' "$(head -c 255 /dev/zero | tr '\0' n)"; do
    i=$((i + 1))
    yes 'a line of the module' | head -n $i >"$tmp/read/$name"
    printf 'module /%s %d\n' "$name" $((i * 21)) >>"$tmp/expected"
    set -- "$@" --module "$tmp/read/$name"
done
run timeout 60 corrode run --firmware none --timeout 30 "$@" "$modules"
is "the boot loader reads every name back" "$status
$(printf '%s\n' "$out" | tr -d '\r' | grep '^module ')" "0
$(cat "$tmp/expected")"
corrode image --kernel "$hello" "$@" -o "$tmp/read.img"
partition "$tmp/read.img" "$tmp/partition"
ok "fsck.fat is content with them" fsck.fat -n "$tmp/partition"

# Configuration and command line.
printf 'video = text\nserial = com1,9600' >"$tmp/extra.conf"
ok "takes a configuration" corrode image --kernel "$hello" --config "$tmp/extra.conf" -o "$tmp/conf.img"
is "and puts it first, with a line end" "$(mtype -i "$tmp/conf.img@@1M" ::corrode.conf | grep -v '^#')" "video = text
serial = com1,9600
kernel = /kernel.elf"
refuses "a command line of two lines" 1 'end of a line' corrode image --kernel "$hello" --cmdline 'a
b' -o "$tmp/never.img"
refuses "a command line longer than the loader takes" 1 'corrode.conf would have' \
    corrode image --kernel "$hello" --cmdline "$(head -c 16384 /dev/zero | tr '\0' x)" -o "$tmp/never.img"

# Whatever the boot loader would refuse, the tool refuses, in the loader's words. config NAME REGEX TEXT OPTIONS...
config() {
    config_name=$1
    config_regex=$2
    printf '%b\n' "$3" >"$tmp/bad.conf"
    shift 3
    refuses "$config_name" 1 "$tmp/bad.conf: $config_regex" corrode image --kernel "$hello" --config "$tmp/bad.conf" \
        "$@" -o "$tmp/never.img"
}
config "a configuration that is no text" 'corrode.conf line 1: holds a NUL byte' 'video = text\0000'
config "an unknown key" 'corrode.conf line 2: unknown key "colour"' '# mine\ncolour = blue'
config "a value that means nothing" 'corrode.conf line 1: video = big: write auto, text' 'video = big'
config "a line that is none" 'corrode.conf line 1: "hello" is not of the form' hello
config "a key twice" 'corrode.conf line 3: "kaslr" is given a second time' 'kaslr = on\n\nkaslr = on'
config "a kernel" 'has a line `kernel = /vmlinuz`, and --kernel makes one; leave it out' 'kernel = /vmlinuz'
config "a command line here and there" 'with .* line 4: "cmdline" is given a second time.* Drop the line' 'cmdline = x' \
    --cmdline y
config "a module that is not there" 'names the module /none, which is not in the image; use --module' 'module = /none'
config "more modules than there may be" 'with .* more than 32 modules' "$(yes 'module = /empty' | head -n 32)" \
    --module "$tmp/empty"
config "a configuration longer than the loader takes" 'corrode.conf would have .* shorten this file' \
    "$(head -c 16384 /dev/zero | tr '\0' '#')"
echo 'module = //EMPTY' >"$tmp/good.conf"
ok "takes a module line for what is there" corrode image --kernel "$hello" --config "$tmp/good.conf" \
    --module "$tmp/empty" -o "$tmp/conf.img"
refuses "the same with run" 125 'bad.conf: corrode.conf would have' corrode run --config "$tmp/bad.conf" "$hello"

ok "takes a module from a pipe, and an image name in this directory" sh -c \
    "cd '$tmp' && mkfifo pipe && { cat initrd.bin >pipe & corrode image --kernel '$hello' -m pipe -o here.img; }"
is "the pipe's contents are there" "$(mtype -i "$tmp/here.img@@1M" ::pipe | cksum)" "$(cksum <"$tmp/initrd.bin")"
ok "replaces an image that exists" corrode image --kernel "$hello" -o "$tmp/here.img"
is "gives it the usual permissions" "$(umask 027; corrode image --kernel "$hello" -o "$tmp/perm.img"; stat -c %a "$tmp/perm.img")" 640

# --help and the like.
ok "--help works" corrode image --help
like "and lists the options" "$out" '--kernel FILE'
refuses "an unknown option, with a hint" 2 'did you mean --kernel' corrode image --kernal "$hello" -o "$tmp/never.img"
refuses "nothing to put into it" 2 'an image of what.*--kernel FILE' corrode image -o "$tmp/never.img"
refuses "no output" 2 'Give -o' corrode image --kernel "$hello"
refuses "an operand" 2 'not expected here' corrode image "$hello" -o "$tmp/never.img"
refuses "an option without its value" 2 'needs a value' corrode image -o "$tmp/never.img" --kernel
refuses "an unknown format" 2 'choose one of raw' corrode image --format vhd --kernel "$hello" -o "$tmp/never.img"
ok "--verbose says more" corrode image --verbose --kernel "$hello" -o "$tmp/verbose.img"
like "about every file" "$err" '/kernel.elf, '

ok "nothing that was refused left a file" test ! -e "$tmp/never.img"
ok "nor a temporary one" test ! -e "$(find "$tmp" -name '.corrode*' -print -quit)"
