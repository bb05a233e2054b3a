#!/bin/sh
# Whatever must kill the kernel does, and is reported as what it is: each KDEATH of tests/kernel/ in a boot of its own,
# two boots at a time. `death NAME REGEX [FLAVOUR]`: the kernel panics, and some line matches; it must neither survive nor
# reset. A death that is not listed here fails the test, and so does a listed one that is not there.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

deaths() {
    death panic '^panic: the answer is 42$'
    death stack_protector '^panic: a function wrote beyond its part of the stack'
    death null '^panic: page fault: .* wrote to 0x10, where nothing is mapped \(a null pointer\)$'
    death write_to_text '^panic: page fault: .* wrote to 0xffffffff[0-9a-f]{8}, which is mapped read-only \(kernel code\)$'
    death execute_data '^panic: page fault: .* executed 0xffffffff[0-9a-f]{8}, which is not executable \(.*kernel data\)$'
    death stack_overflow '^panic: a kernel stack overflowed: '
    death double_fault '^panic: double fault: '
    death trap_try_interrupted '^panic: invalid opcode: .*\(ud2\)$'
    death undefined_instruction '^panic: invalid opcode: .*\(ud2\)$'
    death machine_check 'machine check: CPU [0-9]+, bank 3: uncorrected error, status 0xa40000000000009f, address 0x12345000'
    death slab_freed_twice '^panic: object of cache victim at 0x[0-9a-f]+ is freed twice' debug
    death slab_written_behind '^panic: the red zone behind an object of cache victim .* byte 100 is 0x1' debug
    death slab_written_after_free '^panic: a free object of cache victim .* was written to: byte 50 is 0x1' debug
    death slab_freed_to_another_cache '^panic: 0x[0-9a-f]+ is freed to cache other, but it belongs to victim$' debug
    death slab_freed_in_the_middle '^panic: 0x[0-9a-f]+ is freed, but no object of cache victim begins there$' debug
    death slab_written_before '^panic: object of cache victim .* was written far beyond its end, or the next before' debug
    death page_written_after_free '^panic: page frame 0x[0-9a-f]+ was written to while it was free: .* at offset 0x60' debug
    death page_freed_twice '^panic: page frame 0x[0-9a-f]+ is freed as a block of order 0, but it is free \(in a cache\)'
    death page_freed_as_another_order '^panic: page frame .* is freed as a block of order 2, but it is allocated, of order 3'
    death kfree_of_a_page '^panic: kfree of 0x[0-9a-f]+, which kmalloc did not return'
    death vmap_freed_twice '^panic: vmap_free of 0x[0-9a-f]+, where no virtual area begins'
    death test_that_hangs '^panic: a test that hangs has run for more than 1 seconds$'
    death vmap_guard_page '^panic: page fault: .* wrote to 0xffffd[0-9a-f]{8}000, where nothing is mapped'
    death vmap_freed_area '^panic: page fault: .* wrote to 0xffffd[0-9a-f]{8}000, where nothing is mapped'
    death vmap_executed '^panic: page fault: .* executed 0xffffd[0-9a-f]{8}040, which is not executable'
    death assertion '^panic: tests/kernel/inside_test.c:[0-9]+: not so: two \+ two == 5$'
    death panic_under_console_lock '^panic: page fault: .* read 0x4000, where nothing is mapped'
    death panic_with_a_bad_argument '^panic: here is '
    death panic_in_nmi '^  in trap 2 at ktest_run_panic_in_nmi\+0x[0-9a-f]+ \(tests/kernel/inside_test.c:[0-9]+\)'
    death panic_in_trap '^  in trap 3 at ktest_run_panic_in_trap\+0x[0-9a-f]+ \(tests/kernel/inside_test.c:[0-9]+\)'
    death panic_on_all_cpus '^panic: CPU 0 gives up$'
    death broken_chain '^  and no further: a frame pointer leads nowhere'
    death thread_stack_overflow '^panic: a kernel stack overflowed: thread digger \([0-9]+\), .* stack at 0x[0-9a-f]+ to 0x[0-9a-f]+$'
    death not_canonical '^not canonical: rbx$'
    death panic_in_panic '^the last part, of the first of several$'
    death panic_without_screen '^The end of it: there is no screen$'
    death panic_without_end '^panic: the first of many$'
    death lock_order '^panic: lock order: TIMERS .* is taken at .*\(tests/kernel/inside_test.c:[0-9]+\) under PAGES' debug
    death lock_twice '^panic: lock order: PAGES .* by its holder' debug
    death lock_not_held '^panic: lock order: PAGES .* by someone who does not hold it' debug
    death sleep_under_spin_lock '^panic: a thread sleeps and holds the spin lock TIMERS' debug
    death thread_ends_with_mutex '^panic: a thread ends and holds SUBSYSTEM' debug
    death mutex_twice '^panic: (thread death locks the mutex at .* twice$|lock order: SUBSYSTEM .* by its holder)'
    death mutex_of_another '^panic: (thread [^ ]+ unlocks the mutex at .*, which it does not hold$|lock order: .* who does not hold it)'
    death undefined_shift 'undefined behaviour at tests/kernel/deaths.c:[0-9]+:[0-9]+: shift of 1 by 40' debug
    death undefined_index 'undefined behaviour at tests/kernel/deaths.c:[0-9]+:[0-9]+: index 7 is outside' debug
    death undefined_alignment 'undefined behaviour at tests/kernel/deaths.c:.* misaligned' debug
}

# The boots. Each leaves what it said in $tmp/deaths/FLAVOUR-NAME.*, to be judged afterwards in order.
mkdir "$tmp/deaths"
death() {
    [ "${3:-$flavour}" = $flavour ] || return 0
    [ -z "${DEATH-}" ] || [ "$DEATH" = "$1" ] || return 0
    death_files=$tmp/deaths/$flavour-$1
    (
        death_status=0
        timeout $((limit + 30)) corrode run --timeout $limit --firmware none "$kernel" "death=$1" \
            >"$death_files.out" 2>"$death_files.err" </dev/null || death_status=$?
        echo $death_status >"$death_files.status"
    ) &
    running="${running-} $!"
    # shellcheck disable=SC2086 # to count them
    set -- $running
    if [ $# -eq 2 ]; then
        wait "$1" "$2"
        running=
    fi
}
each_flavour() {
    for flavour in release debug; do
        kernel=$build/selftest.elf
        [ $flavour = release ] || kernel=$build/selftest-debug.elf
        "$@"
    done
}
each_flavour deaths
wait

# The verdicts.
death() {
    death_files=$tmp/deaths/$flavour-$1
    [ -e "$death_files.status" ] || return 0
    status=$(cat "$death_files.status")
    out=$(plain <"$death_files.out")
    err=$(cat "$death_files.err")
    boot_status=126
    boot_regex=$2
    boot_name="$1: it dies of it and says so ($flavour)"
    [ "$(ending)" != reset ] || boot_regex="no reset, but $2"
    judge "--firmware none $kernel death=$1"
}
each_flavour deaths

# The list is whole: a kernel that is asked for a death that it does not know names them all.
known_deaths() {
    boot --firmware none "$kernel" death=unknown
    printf '%s\n' "$out" | sed -n 's/^# death=//p' | sort
}
listed_deaths() {
    death() {
        [ "${3:-$flavour}" != $flavour ] || echo "$1"
    }
    deaths | sort
}
compare() {
    is "every death of the kernel is listed here ($flavour)" "$(known_deaths)" "$(listed_deaths)"
}
each_flavour compare
