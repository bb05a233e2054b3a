# The body of boot-faults-*.t, which set $firmware: everything that can be wrong with an image or a machine, and the
# sentence that must follow. The loader ends each boot with its own status (125), so a hang, a reset or a fault of the
# loader's own would be another.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

good=$tmp/good.img
bad=$tmp/bad.img
corrode image --quiet --kernel "$hello" --size 4M -o "$good"

# renew: a good image to spoil; put FILE PATH: copies into it.
renew() {
    cp "$good" "$bad"
}
put() {
    mcopy -o -i "$bad@@1M" "$1" "::$2"
}

# fault NAME REGEX [OPTION...]: $bad is refused with a sentence that matches, on serial; on BIOS also on the screen.
fault() {
    fault_name="$1 ($firmware)"
    fault_regex=$2
    shift 2
    refused "$fault_name" "$fault_regex" --firmware "$firmware" "$@" "$bad"
    [ "$firmware" = bios ] || return 0
    hold fault "$@" "$bad"
    said fault 'Press a key to restart' || diag "it never waited for a key"
    like "the same on the screen: $fault_name" "$(text_screen "$tmp/cells")" '^Corrode cannot boot: '
    release
}

# kernel NAME REGEX: the file $tmp/kernel in place of the kernel.
kernel() {
    renew
    put "$tmp/kernel" /kernel.elf
    fault "$@"
}

# --- Files
renew
mdel -i "$bad@@1M" ::/kernel.elf
fault "no kernel" '/kernel\.elf: there is no such file on the system partition\. Copy it there'
renew
mdel -i "$bad@@1M" ::/corrode.conf
fault "no configuration" '/corrode\.conf: there is no such file'

size=$(wc -c <"$hello")
lengths='0 10 64 200 5000 12000'
[ "$firmware" != uefi ] || lengths='64 12000' # a boot takes seconds there
for length in $lengths; do
    head -c $length "$hello" >"$tmp/kernel"
    kernel "a kernel of $length bytes instead of $size" 'too short to be a kernel|was cut off'
done

# --- ELF headers. Program header N begins at 64 + 56 N; of hello 1 is read-only data, 2 code, 3 data.
code=$((64 + 56 * 2))
data=$((64 + 56 * 3))
is "header 2 is code" "$(bytes "$hello" $code 8)" 0100000005000000
spoil() {
    cp "$hello" "$tmp/kernel"
    patch "$tmp/kernel" "$1" "$2"
}
echo 'just a text, and long enough to be looked at as if it were a kernel, which it is not' >"$tmp/kernel"
kernel "a text as kernel" 'is not an ELF file'
spoil 4 '\001'
kernel "a 32-bit kernel" 'is not 64-bit'
spoil 18 '\267'
kernel "a kernel for ARM" 'was built for another processor \(ELF machine 183\)'
note=$(grep -abo Corrode "$hello" | head -n 1 | cut -d: -f1)
spoil "$note" X
kernel "no boot note" 'has no Corrode boot note'
spoil $((note + 8)) '\143'
kernel "version 99 of the protocol" 'speaks version 99 of the boot protocol'
spoil $((code + 4)) '\007'
kernel "code that is writable" 'both writable and executable'
cp "$hello" "$tmp/kernel"
dd if="$hello" of="$tmp/kernel" bs=1 skip=$((code + 16)) seek=$((data + 16)) count=8 conv=notrunc status=none
kernel "segments that overlap" 'overlap or share a page'
spoil $((data + 22)) '\001\000'
kernel "a segment outside the address space" 'lies outside the address space'
spoil 24 '\000\000\000\200'
kernel "an entry point that is not code" 'is not in an executable segment'
spoil $((data + 40)) '\000\000\000\040'
kernel "a kernel of 512 MiB" 'Not enough memory: /kernel.elf needs 5[0-9]+ KiB'
cp "$kernels/physical_rom.elf" "$tmp/kernel"
kernel "physical addresses in the ROM" 'which are not free RAM on this machine'
cp "$kernels/physical_beyond.elf" "$tmp/kernel"
kernel "physical addresses beyond RAM" 'which are not free RAM on this machine'

# --- Configuration
config() {
    renew
    # shellcheck disable=SC2059 # the lines are a format
    printf "$3" >"$tmp/corrode.conf"
    put "$tmp/corrode.conf" /corrode.conf
    fault "$1" "$2"
}
config "an unknown key" 'corrode\.conf line 3: unknown key "colour"' '# mine\nkernel = /kernel.elf\ncolour = blue\n'
config "a key twice" 'line 2: "kernel" is given a second time' 'kernel = /a\nkernel = /b\n'
config "no kernel" 'there is no line "kernel = FILE"' 'cmdline = x\n'
config "a bad mode" 'line 1: video = huge' 'video = huge\n'
config "no equals sign" 'line 1: "kernel" is not of the form' 'kernel\n'
config "a module that is not there" '/none\.bin: there is no such file' 'kernel = /kernel.elf\nmodule = /none.bin\n'
config "a directory as kernel" '/EFI: is a directory' 'kernel = /EFI\n'

# --- Too much
truncate -s 400M "$tmp/huge"
corrode image --quiet --kernel "$hello" --module "$tmp/huge" -o "$bad"
case $firmware in
none) memory=600M ;; # the image is in memory, too
*) memory=256M ;;
esac
fault "a module larger than memory" 'Not enough memory: /huge needs 409600 KiB' --memory $memory
rm -f "$tmp/huge"

# --- A damaged file system. The chain of the kernel's clusters: FAT16, two bytes an entry.
first=$(mshowfat -i "$good@@1M" ::/kernel.elf | sed 's/.*<\([0-9]*\).*/\1/')
reserved=$(od -An -tu2 -j$((1048576 + 14)) -N2 "$good" | tr -d ' ')
entry=$((1048576 + reserved * 512 + 2 * first))
little() {
    printf '\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8))
}
chain() {
    renew
    patch "$bad" $entry "$2"
    fault "$1" "/kernel\\.elf: the file system is damaged: $3"
}
chain "a chain that bites its tail" "$(little "$first")" '.*chain'
chain "a chain that leads out of the volume" '\377\177' "the chain of clusters leads astray, to 32767"
chain "a chain that leads to a free cluster" '\000\000' "the chain of clusters leads astray, to 0"
chain "a chain that leads to a bad cluster" '\367\377' "the chain of clusters leads astray, to 65527"
chain "a chain that ends too early" '\377\377' '.*too early'
if [ "$firmware" != uefi ]; then # whose firmware reads both before the loader is there
    renew
    patch "$bad" $((1048576 + 11)) '\000\000\000'
    fault "a damaged BPB" 'holds no FAT file system'
    renew
    patch "$bad" 450 '\203'
    fault "no FAT partition" 'has no FAT partition'
fi

# --- A disk that cannot be read: QEMU's blkdebug fails reads of one sector.
errors() {
    drive="if=none,id=disk,format=raw,file.driver=blkdebug,file.image.filename=$good"
    drive="$drive,file.inject-error.0.event=read_aio,file.inject-error.0.sector=$1,file.inject-error.0.once=$2"
    qemu "$firmware" -drive "$drive" -device virtio-blk-pci,drive=disk,bootindex=0
}
# A sector at the end of a large module is far from what firmware reads for itself.
if [ "$firmware" != none ]; then
    { head -c 1048576 /dev/zero; echo 'the end of the module'; } >"$tmp/module"
    corrode image --quiet --kernel "$hello" --module "$tmp/module" --size 8M -o "$good"
    end=$(($(grep -abo 'the end of the module' "$good" | cut -d: -f1) / 512))
    boot_status=125
    boot_regex='^Corrode cannot boot: .*(does not answer at sector|cannot be read)'
    errors $end off
    boot_name="a sector of a module that cannot be read ($firmware)"
    judge "$drive"
fi
if [ "$firmware" = bios ]; then
    errors $((2048 + reserved)) off
    boot_name="a sector of the FAT that cannot be read"
    judge "$drive"
    boot_status=0
    boot_regex='^Hello World!$'
    for sector in 130 2048 $((2048 + reserved)) $end; do
        errors $sector on
        boot_name="sector $sector fails once, and is read again"
        judge "$drive"
    done
    boot_status=124
    boot_regex='^Corrode: cannot read disk'
    limit=8
    errors 130 off
    boot_name="a sector of stage 2 that cannot be read: stage 1's sentence"
    judge "$drive"
    limit=60

    refused "a processor without NX" 'has no NX' --qemu-arg -cpu --qemu-arg qemu64,-nx "$good"

    # A key restarts: the sentence comes a second time.
    renew
    mdel -i "$bad@@1M" ::/kernel.elf
    hold key --qemu-arg -action --qemu-arg reboot=reset "$bad"
    said key 'Press a key'
    monitor "$socket" 'sendkey ret' >/dev/null
    ok "a key restarts the machine" wait_until $limit \
        sh -c '[ "$(grep -c "Press a key" "$1")" -eq 2 ]' - "$tmp/key"
    release
fi
