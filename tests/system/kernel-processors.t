#!/bin/sh
# The kernel on other processors, and more of them, than the other tests have: traps, interrupts, CPUs and vector
# registers. Bochs has x2APIC mode, which QEMU without KVM has not, and other ways to save vector registers.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh
. tests/system/bochs.sh

# some_selftests NAME KERNEL ARGUMENTS...: those that concern the processor.
some_selftests() {
    for TEST in 'trap_*' 'user_*' 'interrupt_*' 'smp_*' 'fpu_*'; do
        selftests "$@"
    done
}
some_selftests "all that QEMU has" "$build/selftest.elf" --firmware none --smp 2 --qemu-arg=-cpu --qemu-arg=max
some_selftests "all that QEMU has, debug" "$build/selftest-debug.elf" --firmware none --smp 2 --qemu-arg=-cpu \
    --qemu-arg=max
TEST='fpu_*'
for kernel_options in fpu=fxsave fpu=xsave noavx; do
    selftests "$kernel_options" "$build/selftest.elf" --firmware none --smp 2 --qemu-arg=-cpu --qemu-arg=max
done
kernel_options=
TEST='smp_*'
selftests "8 processors" "$build/selftest.elf" --firmware none --smp 8
TEST='interrupt_*'
selftests "8 processors" "$build/selftest-debug.elf" --firmware none --smp 8
TEST='smp_*'
selftests "64 processors, UEFI" "$build/selftest.elf" --firmware uefi --smp 64
kernel_options=maxcpus=2
selftests "2 of 4 processors" "$build/selftest.elf" --firmware none --smp 4
kernel_options=

# Options that mean nothing are told, and change nothing.
boot --firmware none --smp 2 "$build/kernel.elf" maxcpus=-1 apic=y2apic fpu=abacus end=never loglevel=info
is "a kernel with options that mean nothing runs" "$(ending)" success
like "maxcpus=-1 is told" "$out" 'maxcpus=-1 is no number of processors'
like "and all processors run" "$out" '2 of 2 CPUs run'
like "apic=y2apic is told" "$out" 'apic=y2apic is none of xapic, x2apic'
like "fpu=abacus is told" "$out" 'fpu=abacus is none of fxsave, '
like "end=never is told" "$out" 'end=never is none of exit, off, reset'

# in_bochs NAME COUNT OPTIONS PROCESSOR PARTS...: their tests pass there; the log is in $out.
in_bochs() {
    bochs_name=$1
    bochs_count=$2
    bochs_options=$3
    bochs_processor=$4
    shift 4
    for part in "$@"; do
        corrode image --kernel "$build/selftest.elf" -c "loglevel=info $bochs_options test=${part}_*" -o "$tmp/$part.img"
        bochs_boot "$part tests: $bochs_name" '^# [0-9]* passed' "$(on_disk "$part")" \
            "cpu: model=$bochs_processor, count=$bochs_count, ips=50000000"
        like "all pass ($part tests: $bochs_name)" "$out" '^# [0-9]+ passed, 0 failed'
    done
}
in_bochs "x2APIC, AVX-512, PCIDs" 2 apic=x2apic corei7_skylake_x trap user interrupt smp fpu vm
like "it is in x2APIC mode" "$out" 'apic: x2APIC mode'
like "both processors run" "$out" 'smp: 2 of 2 CPUs run'
like "AVX-512 is saved by XSAVEOPT, since Bochs cannot compact it" "$out" 'fpu: xsaveopt, components 0xe7'
in_bochs "XSAVES, x87 and SSE only" 2 noavx corei7_skylake_x fpu
like "registers are saved by XSAVES" "$out" 'fpu: xsaves, components 0x3'
in_bochs "FXSAVE, AMD" 1 '' athlon64_clawhammer trap user interrupt fpu
like "registers are saved by FXSAVE" "$out" 'fpu: fxsave'
