#!/bin/sh
# How a panic ends the machine: panic= on the command line. (What a panic says: kernel-deaths.t.)
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

kernel=$build/selftest.elf
die() {
    limit=$1
    shift
    boot --firmware none "$kernel" death=panic "$@"
    like "it says why it panics (${*:-no option})" "$out" '^panic: the answer is 42$'
    like "and that again at the end (${*:-no option})" "$out" '^The end of it: the answer is 42$'
}

die 60
is "by default the machine ends with the monitor's knowledge" "$(ending)" panic
die 60 panic=exit
is "panic=exit says the same" "$(ending)" panic
die 60 panic=nonsense
is "and so does what is no option" "$(ending)" panic
like "which is told" "$out" 'panic=nonsense is none of exit, halt, reboot, and no number of seconds$'
die 60 panic=99999999999999999999999999999999
like "a number beyond all bounds is no option either" "$out" 'panic=9+ is none of exit,'
die 60 panic=0
is "panic=0 starts the machine anew" "$(ending)" reset
like "and says so" "$out" '^The machine starts anew in 0 seconds\.$'
die 60 panic=reboot
is "panic=reboot does, too" "$(ending)" reset
like "after a time in which the screen can be read" "$out" '^The machine starts anew in 5 seconds\.$'
die 5 panic=halt
is "panic=halt stays where it is" "$(ending)" hang
like "and says so" "$out" '^The machine halts\.$'

# The callers, with file and line, whatever the slide.
boot --firmware none "$kernel" death=panic
like "a backtrace has functions, files and lines" "$out" \
    '^  from ktest_run_panic\+0x[0-9a-f]+ \(tests/kernel/deaths\.c:[0-9]+\)$'
like "down to where its thread began" "$out" '^  from context_entry\+0x[0-9a-f]+ \(kernel/arch/x86_64/switch\.S:[0-9]+\)$'
like "what was not shown of the log follows" "$out" '^\[ *[0-9]+\.[0-9]{6}\] [a-z]+: '

# Several CPUs panic at the same time: one reports, undisturbed.
for try in 1 2 3; do
    boot --firmware none --smp 4 "$kernel" death=panic_on_all_cpus
    is "panics on all CPUs end the machine, $try" "$(ending)" panic
    is "and one is reported" "$(printf '%s\n' "$out" | grep -c '^panic: CPU [0-3] gives up$')" 1
    is "to the end" "$(printf '%s\n' "$out" | grep -c '^The end of it: CPU [0-3] gives up$')" 1
    unlike "with nothing amiss" "$out" 'panic in the panic'
done
