#!/bin/sh
# Another emulator and other BIOSes: Bochs, with its own BIOS and the older one, from disk and disc, on processors from
# different years. What Bochs' serial port says decides, since it has no isa-debug-exit.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

. tests/system/bochs.sh

image() {
    corrode image --kernel "$2" -o "$tmp/$1.img"
}
image hello "$hello"
for name in write_usable pie framebuffer die; do
    image $name "$kernels/$name.elf"
done
disc=$(printf 'ata0-master: type=cdrom, path=%s, status=inserted\nboot: cdrom\n' "$tmp/hello.img")
legacy=$(printf 'romimage: file=%s/BIOS-bochs-legacy\nvgaromimage: file=/usr/share/vgabios/vgabios.bin\n' $roms)

bochs_boot "hello from a disk" 'Hello World!' "$(on_disk hello)"
bochs_boot "hello from a disc" 'Hello World!' "$disc"
bochs_boot "hello from a second channel" 'Hello World!' "$(on_disk hello | sed 's/ata0-master/ata1-master/')" \
    'ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15'
if [ -e $roms/BIOS-bochs-legacy ]; then
    bochs_boot "hello with the legacy BIOS from a disk" 'Hello World!' "$legacy" "$(on_disk hello)"
    bochs_boot "hello with the legacy BIOS from a disc" 'Hello World!' "$legacy" "$disc"
else
    skip "hello with the legacy BIOS" "it is not installed"
fi
bochs_boot "every usable byte can be written" 'MiB overwritten' "$(on_disk write_usable)"
unlike "and no check failed" "$out" FAILED
bochs_boot "a slid kernel" '^slide 0x' "$(on_disk pie)"
unlike "finds its pointers right" "$out" FAILED
# Bochs offers only modes that its own display can show. This one has 8 bits a pixel at most, the terminal no graphics.
bochs_boot "no mode with true colours: text" 'fb->address != NULL' "$(on_disk framebuffer)" \
    'display_library: rfb, options="timeout=0"'
bochs_boot "no VBE: text" 'fb->address != NULL' "$(on_disk framebuffer)" 'vga: extension=none'
bochs_boot "a kernel that is not told how to die finds itself alive" 'still alive' "$(on_disk die)"
bochs_boot "4 MiB of memory" 'Hello World!' "$(on_disk hello)" 'megs: 4'

for model in athlon64_clawhammer p4_prescott_celeron_336 core2_penryn_t9600 ryzen corei7_icelake_u; do
    bochs_boot "hello on $model" 'Hello World!' "$(on_disk hello)" "cpu: model=$model"
done
for model in pentium p3_katmai atom_n270; do
    bochs_boot "a refusal on $model" 'Press a key to restart' "$(on_disk hello)" "cpu: model=$model"
    like "which says why" "$out" '^Corrode cannot boot: This processor is 32-bit only: it has no long mode\.'
done
