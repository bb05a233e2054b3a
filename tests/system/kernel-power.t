#!/bin/sh
# The kernel turns the machine off and resets it, on each kind of PC and firmware. `off` ends the kernel in no other way:
# what does not turn off runs into the timeout.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

for machine in pc q35; do
    for firmware in none bios uefi; do
        succeeds "$machine, $firmware: off" --firmware $firmware --machine $machine "$build/kernel.elf" end=off
        ends "$machine, $firmware: reset" 126 '^usable memory' --firmware $firmware --machine $machine "$build/kernel.elf" \
            end=reset
        like "$machine, $firmware: it was one" "$err" 'it reset itself'
    done
done

# Without tables there is no way to turn it off, and several to reset it.
limit=10
ends "no ACPI: not off" 124 'acpi: there is no way to turn this machine off' --firmware none --qemu-arg -no-acpi \
    "$build/kernel.elf" end=off loglevel=info
ends "no ACPI: reset" 126 '^usable memory' --firmware none --qemu-arg -no-acpi "$build/kernel.elf" end=reset
like "no ACPI: it was one" "$err" 'it reset itself'
