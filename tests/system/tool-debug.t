#!/bin/sh
# `make debug`: gdb stops in kernel_main, with its source line, whether or not the kernel would be slid.
. "$(dirname "$0")/lib.sh"

command -v gdb >/dev/null 2>&1 || skip_all "no gdb"
for kernel in examples/hello kernel; do
    run timeout 60 env GDB_FLAGS='-batch -ex bt' scripts/debug "$build/$kernel.elf"
    is "gdb ends well ($kernel)" "$status" 0
    like "and was in kernel_main ($kernel)" "$out" '^#0 +kernel_main \(info=0x[0-9a-f]+\) at .*/main\.c:[0-9]+$'
    like "with its source ($kernel)" "$out" '^[0-9]+.*info->magic'
done

# scripts/corrode.gdb, in the kernel with all its parts up, on two processors. The first command that fails ends gdb.
cat >"$tmp/commands" <<'END'
hbreak screen_open
continue
echo == held\n
corrode-locks
echo == up\n
delete
hbreak init_main
continue
echo == log\n
corrode-log
echo == threads\n
corrode-threads
echo == cpus\n
corrode-cpus
echo == list\n
corrode-list threads thread all
echo == name\n
print $corrode_item->name
echo == backtrace\n
corrode-backtrace $corrode_item
echo == code\n
corrode-pagetable &kernel_main
echo == data\n
corrode-pagetable &log_ring
echo == nothing\n
corrode-pagetable 0x123456789000
echo == counters\n
corrode-counters
echo == locks\n
corrode-locks
echo == end\n
END
run timeout 120 env DEBUG_OPTIONS='--smp 2' GDB_FLAGS="-batch -x $tmp/commands" scripts/debug "$build/kernel-debug.elf"
is "gdb ends well with the helpers" "$status" 0
# part NAME: what was printed after "== NAME".
part() {
    printf '%s\n' "$out" | sed -n "/^== $1\$/,/^== /{ /^== /d; p; }"
}
like "corrode-log prints the log" "$(part log)" '^\[ +[0-9]+\.[0-9]{6}\] <6> cpu 0: clock: .* kHz'
unlike "whose texts end where they should" "$(part log)" '[^ -~]'
like "corrode-threads lists threads" "$(part threads)" '^ +1 main +[01] .* running$'
like "and those that sleep" "$(part threads)" '^ +[0-9]+ reaper .* (blocked|runnable)$'
like "corrode-cpus tells which processor runs the first thread" "$(part cpus)" '^cpu [01]: .* thread main \(1\)$'
is "and lists both" "$(part cpus | grep -c '^cpu [01]: per-CPU data at 0x.* thread [a-z/0-9]* ([0-9]*)$')" 2
like "corrode-list counts" "$(part list)" '^[1-9][0-9]* elements$'
is "as many as there are threads" "$(part list | tail -n 1)" "$(part threads | grep -c 0x) elements"
like "corrode-backtrace ends at a thread's beginning" "$(part backtrace)" '^#[0-9]+ +0x[0-9a-f]+ <(context_entry|begin)\+[0-9]+>$'
like "corrode-pagetable finds code" "$(part code)" '^0xffffffff[0-9a-f]+ is at physical 0x[0-9a-f]+, in a page of '
like "that is read-only" "$(part code | tail -n 2 | head -n 1)" 'read-only'
like "data, writable and not executable" "$(part data | tail -n 2 | head -n 1)" 'writable.* no-execute'
like "and nothing where nothing is" "$(part nothing | tail -n 1)" 'not present$'
like "corrode-counters prints counters" "$(part counters)" '^ +[1-9][0-9]*  context_switches +'
like "corrode-locks finds no lock where there is none" "$(part locks)" '^cpu 0 holds 0 spin locks$'
like "and names the place of one that is held" "$(part held)" '^    rank 250, 0x[0-9a-f]+, taken at 0x[0-9a-f]+ <console_[a-z]+\+[0-9]+>$'
is "nothing is left in TMPDIR" "$(find "$tmp" -name 'corrode-*' -o -name 'tmp.*' -not -path "$tmp")" ""
