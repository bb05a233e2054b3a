#!/bin/sh
# Clocks and timers on processors that QEMU does not emulate: with a timer that is set by the time-stamp counter, with a
# counter that is not constant, with a CPUID that does not tell the rate of the machine it is in.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/bochs.sh

corrode image --kernel "$build/selftest.elf" -c 'loglevel=info test=timer_*' -o "$tmp/timers.img"
corrode image --kernel "$build/selftest.elf" -c 'loglevel=info test=clock_*' -o "$tmp/clocks.img"

# on_processor NAME OPTIONS: clocks and timers work there; the log is in $out.
on_processor() {
    for part in clocks timers; do
        bochs_boot "$part: $1" '^# [0-9]* passed' "$(on_disk $part)" "cpu: $2, ips=50000000"
        like "all pass ($part: $1)" "$out" '^# [0-9]+ passed, 0 failed'
    done
}

on_processor "TSC-deadline" model=corei7_haswell_4770
unlike "the timer is not measured" "$out" "the local APIC's timer runs at"
unlike "nothing is wrong" "$out" 'is taken'
on_processor "a CPUID that lies of its rate" model=corei7_icelake_u
like "is found out" "$out" 'by CPUID 15h the time-stamp counter runs at [0-9]+ kHz, by hpet at 50000 kHz'
on_processor "a counter that is not constant" model=athlon64_clawhammer
like "leaves the clock to the HPET" "$out" 'the clock is hpet'
like "and the timer is measured" "$out" "the local APIC's timer runs at 50000 kHz"
