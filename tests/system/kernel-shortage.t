#!/bin/sh
# What becomes of the kernel's start when memory runs out in the middle of it: `fail=N` turns down the Nth allocation,
# whoever asks, for N = 1, 2, 3 and so on until there are not so many. Each time the kernel must come up, perhaps without
# something, or say that it has too little memory.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

limit=30
short='^panic: .*(no memory|not enough memory)'

# start N: with the Nth allocation failing, on a machine whose devices need memory, too.
start() {
    boot --firmware direct --smp 2 --qemu-arg -device --qemu-arg virtio-rng-pci "$build/kernel-debug.elf" "fail=$1"
    asked=$(printf '%s\n' "$out" | sed -n 's/.*the start has asked for memory \([0-9]*\) times.*/\1/p')
}

# Up, with the allocations counted; or a panic for lack of memory and for no other reason.
ended_well() {
    case $status in
    0) [ -n "$asked" ] ;;
    126) printf '%s\n' "$out" | grep -Eq "$short" ;;
    *) false ;;
    esac
}

start 0
all=${asked:-0}
ok "a start asks for memory more than 20 times" [ "$all" -gt 20 ]

n=0
panics=0
last=
while [ -z "$last" ] && [ $n -lt 1000 ]; do
    n=$((n + 1))
    start $n
    failed=0
    ended_well || failed=1
    point "the start without its allocation $n" $failed
    [ $failed -eq 0 ] || explain "wanted to be up, or $short" "fail=$n"
    [ "$status" -ne 126 ] || panics=$((panics + 1))
    [ -z "$asked" ] || [ "$asked" -ge $n ] || last=$n
done
ok "all have failed once" [ -n "$last" ]
ok "for some there is no start" [ $panics -gt 0 ]
ok "for some there is" [ $panics -lt $n ]
