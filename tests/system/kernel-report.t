#!/bin/sh
# That kernel.sh believes no boot which did not report in full: it is given reports of every kind of broken kernel.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

# verdict NAME STATUS REPORT WANTED: what ktap_results makes of it, its lines joined by /.
verdict() {
    status=$2
    # shellcheck disable=SC2059 # the report is a format
    out=$(printf "$3")
    is "$1" "$(ktap_results | tr '\n' '/')" "$4"
}
err=
verdict "all is well" 0 'Corrode\nKTAP version 1\n1..2\nok 1 a\n# note\nok 2 b\n# 2 passed\n' 'ok a/ok b/end /'
verdict "a failure, told as one" 1 'KTAP version 1\n1..2\nok 1 a\nnot ok 2 b # x.c:1: c\n' 'ok a/not ok b # x.c:1: c/end /'
verdict "a skipped test" 0 'KTAP version 1\n1..1\nok 1 a # SKIP none\n' 'ok a # SKIP none/end /'
verdict "a failure, but success" 0 'KTAP version 1\n1..1\nnot ok 1 a\n' 'not ok a/end success/'
verdict "no failure, but failure" 1 'KTAP version 1\n1..1\nok 1 a\n' 'ok a/end failure/'
verdict "no tests" 0 'KTAP version 1\n1..0\n' 'end success/'
verdict "no plan" 0 'Hello World!\n' 'end success, no plan/'
verdict "a hang" 124 'KTAP version 1\n1..2\nok 1 a\n' 'ok a/end hang, 1 results in place of 2/'
verdict "a panic" 126 'KTAP version 1\n1..2\nok 1 a\npanic: b\n' 'ok a/end panic, 1 results in place of 2/'
verdict "a panic after the last test" 126 'KTAP version 1\n1..1\nok 1 a\n' 'ok a/end panic/'
verdict "a loader that gives up" 125 'Corrode cannot boot\n' 'end no start, no plan/'
verdict "a result too few" 0 'KTAP version 1\n1..2\nok 1 a\n' 'ok a/end success, 1 results in place of 2/'
verdict "a result too many" 0 'KTAP version 1\n1..1\nok 1 a\nok 2 b\n' 'ok a/ok b/end success, 2 results in place of 1/'
verdict "a result twice" 0 'KTAP version 1\n1..2\nok 1 a\nok 1 a\n' 'ok a/ok a/end success, 2 results in place of 2/'
verdict "the machine is off too early" 0 'KTAP version 1\n1..3\n' 'end success, 0 results in place of 3/'
err='corrode: the machine crashed: it reset itself (a triple fault, or a reboot)'
verdict "a reset" 126 'KTAP version 1\n1..1\n' 'end reset, 0 results in place of 1/'

# The kernel's side of it.
err=
boot --firmware direct "$build/selftest.elf" 'test=lib_str*'
is "test= chooses tests" "$(ktap_results | tr '\n' '/')" 'ok lib_strings/end /'
ends "a choice that nothing fits is a failure" 1 'no test is called nonsense_' --firmware direct "$build/selftest.elf" \
    'test=nonsense_*'
ends "an unknown death is a failure, and names the others" 1 '^# death=panic$' --firmware direct "$build/selftest.elf" \
    death=of-boredom
ends "the kernel itself has no tests in it" 0 '^command line  "test=.*"' --firmware direct "$build/kernel.elf" 'test=*'
