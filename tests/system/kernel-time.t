#!/bin/sh
# Clocks and timers on machines that have other counters than the usual: no HPET, no ACPI and so neither HPET nor PM timer,
# no devices of a PC at all. Each says which counter it has measured the time-stamp counter by.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

kernel_options=loglevel=info

# on_machine NAME SOURCE ARGUMENTS...
on_machine() {
    machine=$1
    source=$2
    shift 2
    for TEST in 'clock_*' 'timer_*'; do
        selftests "$machine" "$build/selftest.elf" --firmware none "$@"
    done
    like "measured by $source ($machine)" "$out" "clock: the time-stamp counter runs at [0-9]+ kHz, by $source"
}

on_machine "2 processors, no HPET" acpi_pm --smp 2 --qemu-arg -machine --qemu-arg pc,hpet=off
on_machine "2 processors, no ACPI" pit --smp 2 --qemu-arg -no-acpi
on_machine "q35" hpet --machine q35
on_machine "microvm, 2 processors" pit --machine microvm --smp 2
