#!/bin/sh
# `corrode image --format`: every format holds the same disk, passes qemu-img's check, and comes out the same twice.
. "$(dirname "$0")/lib.sh"

corrode image --kernel "$hello" -o "$tmp/disk.img"
mkdir "$tmp/again"
for format in qcow2 vmdk vdi vhdx; do
    ok "makes $format by the name's suffix" corrode image --kernel "$hello" -o "$tmp/disk.$format"
    run qemu-img info "$tmp/disk.$format"
    like "qemu-img calls it $format" "$out" "file format: $format"
    ok "$format holds the same disk" qemu-img compare -f raw -F $format "$tmp/disk.img" "$tmp/disk.$format"
    [ $format = vmdk ] || ok "qemu-img checks $format" qemu-img check -q -f $format "$tmp/disk.$format"
    ok "makes $format by option" corrode image --kernel "$hello" --format $format -o "$tmp/again/disk.$format"
    ok "$format is the same, byte for byte" cmp "$tmp/disk.$format" "$tmp/again/disk.$format"
done
corrode image --kernel "$hello" --cmdline other -o "$tmp/other.vdi"
ok "another disk has another VDI identifier" sh -c "! cmp -s -n 16 '$tmp/disk.vdi' '$tmp/other.vdi' 392 392"
corrode image --kernel "$hello" --cmdline other -o "$tmp/other.vhdx"
ok "a VHDX can be written to and checked" sh -c \
    "qemu-io -f vhdx -c 'write 1M 64k' '$tmp/other.vhdx' && qemu-img check -q -f vhdx '$tmp/other.vhdx'"
ok "makes an iso" corrode image --kernel "$hello" -o "$tmp/disk.iso"
ok "which is the raw image" cmp "$tmp/disk.img" "$tmp/disk.iso"
ok "a suffix in capitals counts" corrode image --kernel "$hello" -o "$tmp/DISK.QCOW2"
like "qemu-img agrees" "$(qemu-img info "$tmp/DISK.QCOW2")" 'format: qcow2'
ok "--format raw wins over the suffix" corrode image --kernel "$hello" --format raw -o "$tmp/raw.qcow2"
ok "and gives the raw image" cmp "$tmp/disk.img" "$tmp/raw.qcow2"
for suffix in vhd VHD qcow qed hdd ova dmg nrg img.gz zip; do
    refuses "a suffix of another format, .$suffix" 2 "disk.$suffix: the format .* end the name in .*or say --format raw" \
        corrode image --kernel "$hello" -o "$tmp/disk.$suffix"
    ok "and makes no such file" test ! -e "$tmp/disk.$suffix"
done
ok "--format raw wins over these too" corrode image --kernel "$hello" --format raw -o "$tmp/disk.vhd"
for name in disk.bin disk.img disk usb.2 vhd; do
    ok "$name is raw" sh -c "corrode image --kernel '$hello' -o '$tmp/$name' && cmp '$tmp/disk.img' '$tmp/$name'"
done
ok "a name with a colon and a comma works" corrode image --kernel "$hello" -o "$tmp/a:b,c.qcow2"
ok "and holds the same disk" qemu-img compare -f raw -F qcow2 "$tmp/disk.img" "$tmp/a:b,c.qcow2"
mkdir "$tmp/path"
refuses "missing qemu-img, naming its package" 1 'qemu-img: is not installed; install the package qemu-utils' \
    env PATH="$tmp/path" "$build/corrode" image --kernel "$hello" -o "$tmp/never.qcow2"
ok "then there is no file" test ! -e "$tmp/never.qcow2"
ok "nor a temporary one" test ! -e "$(find "$tmp" -name '.corrode*' -print -quit)"
