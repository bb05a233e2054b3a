# The body of boot-media-*.t, which set $firmware: one and the same image file as every kind of disk, stick and disc that
# QEMU attaches.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

disk=$tmp/disk.img
corrode image --kernel "$hello" -o "$disk"
before=$(cksum <"$disk")

image=

# medium NAME ARGUMENTS...: the image, as drive "disk", on what ARGUMENTS describe.
medium() {
    boot_name="hello from $1 ($firmware)"
    boot_status=0
    boot_regex='^Hello World!$'
    shift
    qemu "$firmware" -drive "if=none,id=disk,format=raw,file=${image:-$disk}$drive" "$@"
    judge "$*"
}

drive=
medium "an IDE disk" -device ide-hd,bus=ide.0,drive=disk,bootindex=0
medium "an IDE disk as second slave" -device ide-hd,bus=ide.1,unit=1,drive=disk,bootindex=0
medium "an AHCI disk" -machine q35 -device ide-hd,bus=ide.0,drive=disk,bootindex=0
medium "an AHCI disk on an added controller" -device ahci,id=ahci -device ide-hd,bus=ahci.3,drive=disk,bootindex=0
medium "a virtio disk" -device virtio-blk-pci,drive=disk,bootindex=0
medium "a modern virtio disk" -device virtio-blk-pci,drive=disk,bootindex=0,disable-legacy=on
medium "a virtio SCSI disk" -device virtio-scsi-pci -device scsi-hd,drive=disk,bootindex=0
medium "an NVMe disk" -device nvme,serial=1,drive=disk,bootindex=0
medium "a USB stick on xHCI" -device qemu-xhci -device usb-storage,drive=disk,bootindex=0,removable=on
medium "a USB stick on EHCI" -device usb-ehci -device usb-storage,drive=disk,bootindex=0,removable=on
medium "a USB stick on UHCI" -device piix3-usb-uhci -device usb-storage,drive=disk,bootindex=0,removable=on
medium "a USB stick behind a hub" -device qemu-xhci,id=bus -device usb-hub,bus=bus.0,port=1 \
    -device usb-storage,bus=bus.0,port=1.2,drive=disk,removable=on
if [ $firmware = bios ]; then
    medium "a USB attached SCSI disk" -device usb-ehci -device usb-uas -device scsi-hd,drive=disk,bootindex=0
    medium "a PVSCSI disk" -device pvscsi -device scsi-hd,drive=disk,bootindex=0
    # A card is larger than the image, and its size a power of two.
    image=$tmp/card.img
    cp --sparse=always "$disk" "$image"
    truncate -s 64M "$image"
    medium "an SD card" -device sdhci-pci -device sd-card,drive=disk
    image=
else
    for what in "a USB attached SCSI disk" "a PVSCSI disk" "an SD card"; do
        skip "hello from $what (uefi)" "Debian's OVMF has no driver for it: its shell maps no disk"
    done
fi

drive=,media=cdrom,readonly=on
medium "an IDE disc" -device ide-cd,bus=ide.1,drive=disk,bootindex=0
medium "an AHCI disc" -machine q35 -device ide-cd,bus=ide.0,drive=disk,bootindex=0
medium "a SCSI disc" -device virtio-scsi-pci -device scsi-cd,drive=disk,bootindex=0
medium "a USB disc" -device qemu-xhci -device usb-storage,drive=disk,bootindex=0
drive=

# Controllers that go on working by themselves after the firmware has ended must find their memory reserved.
image=$tmp/write_usable.img
corrode image --kernel "$kernels/write_usable.elf" -o "$image"
write_usable() {
    boot_name="every usable byte can be written after a boot from $1 ($firmware)"
    boot_regex='MiB overwritten$'
    shift
    qemu "$firmware" -drive "if=none,id=disk,format=raw,file=$image" "$@"
    judge "$*"
}
write_usable "a USB stick on UHCI" -device piix3-usb-uhci -device usb-storage,drive=disk,bootindex=0
write_usable "a USB stick on xHCI" -device qemu-xhci -device usb-storage,drive=disk,bootindex=0
write_usable "an AHCI disk" -machine q35 -device ide-hd,bus=ide.0,drive=disk,bootindex=0
write_usable "an NVMe disk" -device nvme,serial=1,drive=disk,bootindex=0

ok "nothing has written to the image" test "$(cksum <"$disk")" = "$before"
