#!/bin/sh
# The self-tests of devices (tests/kernel/devices_test.c) on machines that have them: on both kinds of PC, behind
# bridges, with message-signalled interrupts and with wires.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

TEST='devices_*'

# devices NAME FLAVOUR MACHINE DEVICES...: each of DEVICES is an argument of QEMU's -device.
devices() {
    devices_name=$1
    devices_kernel=$build/selftest$2.elf
    devices_machine=$3
    shift 3
    for device; do
        set -- "$@" --qemu-arg -device --qemu-arg "$device"
        shift
    done
    selftests "$devices_name" "$devices_kernel" --firmware direct --machine "$devices_machine" --smp 4 "$@"
    for needed in devices_msi_reaches_each_cpu devices_virtio_rng_delivers; do
        like "$needed ran ($devices_name)" "$out" "^(not )?ok [0-9]+ $needed($| # tests/)"
    done
}

devices "pc" "" pc virtio-rng-pci edu
devices "pc, debug" -debug pc virtio-rng-pci edu
like "one vector for each queue" "$out" '^# virtio-rng interrupts by MSI-X'
devices "q35, debug" -debug q35 virtio-rng-pci edu
devices "pc, INTx" -debug pc virtio-rng-pci,vectors=0 edu
like "a wire" "$out" '^# virtio-rng interrupts by INTx'
devices "q35, INTx" -debug q35 virtio-rng-pci,vectors=0 edu
devices "pc, one vector for all" -debug pc virtio-rng-pci,vectors=1 edu
devices "pc, behind two bridges" -debug pc pci-bridge,id=b1,chassis_nr=1 pci-bridge,id=b2,chassis_nr=2,bus=b1,addr=5 \
    edu,bus=b2,addr=1 virtio-rng-pci,bus=b1,addr=6
devices "q35, behind a root port, modern only" -debug q35 pcie-root-port,id=p1,chassis=1 virtio-rng-pci,bus=p1 \
    pcie-root-port,id=p2,chassis=2 pcie-pci-bridge,id=b1,bus=p2 edu,bus=b1,addr=2

boot --firmware direct --qemu-arg -device --qemu-arg virtio-rng-pci --qemu-arg -device --qemu-arg virtio-rng-pci \
    "$build/kernel.elf" loglevel=info
like "one virtio-rng is enough" "$out" 'one virtio-rng is enough: [0-9a-f:.]+ is left alone$'
unlike "which is no failure" "$out" 'virtio-rng cannot drive'
