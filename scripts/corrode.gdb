# What gdb can tell of a running Corrode kernel, or of one that has stopped. scripts/debug loads this; else:
#
#     gdb -x scripts/corrode.gdb -ex 'target remote :1234' build/kernel.elf
#
# The kernel must lie where it was linked (kaslr = off in corrode.conf), or be told to gdb: symbol-file -o SLIDE FILE.

define corrode-log
    set $corrode_end = log_ring.next
    set $corrode_n = $corrode_end > log_ring.record_count ? $corrode_end - log_ring.record_count : 0
    while $corrode_n < $corrode_end
        set $corrode_r = &log_ring.records[$corrode_n % log_ring.record_count]
        if $corrode_r->state == ($corrode_n + 1) << 2 && ($corrode_r->flags & 4) == 0
            if ($corrode_r->flags & 1) == 0
                printf "[%5lu.%06lu] <%u> cpu %u: ", $corrode_r->time / 1000000000, $corrode_r->time / 1000 % 1000000, \
                    $corrode_r->level, $corrode_r->cpu
            end
            eval "printf \"%%.%us\", $corrode_r->text", $corrode_r->length
            if ($corrode_r->flags & 2) == 0
                printf "\n"
            end
        end
        set $corrode_n = $corrode_n + 1
    end
    if log_ring.dropped != 0
        printf "%lu records were dropped\n", log_ring.dropped
    end
end
document corrode-log
Print the log: time, level (3 error ... 7 debug), processor, text; all levels.
end

define corrode-threads
    printf "    id name             cpu       ran (us)   switches  thread           state\n"
    set $corrode_node = threads.head.next
    while $corrode_node != &threads.head && $corrode_node != 0
        set $corrode_t = (struct thread *)((char *)$corrode_node - (unsigned long)&((struct thread *)0)->all)
        printf "%6lu %-16s %3u %14lu %10lu  %p ", $corrode_t->id, $corrode_t->name, $corrode_t->cpu, \
            $corrode_t->run_time / 1000, $corrode_t->switches, $corrode_t
        if $corrode_t->on_cpu
            printf "running\n"
        else
            if $corrode_t->state == THREAD_RUNNABLE
                printf "runnable\n"
            else
                if $corrode_t->state == THREAD_BLOCKED
                    printf "blocked\n"
                else
                    printf "dead\n"
                end
            end
        end
        set $corrode_node = $corrode_node->next
    end
end
document corrode-threads
List the kernel's threads.
end

define corrode-backtrace
    if $argc != 1
        printf "usage: corrode-backtrace THREAD\n"
    else
        # As context_switch has left the stack: six registers, of which the last is RBP, and the return address.
        set $corrode_frame = (unsigned long *)(((struct thread *)($arg0))->stack_pointer + 40)
        set $corrode_n = 0
        while $corrode_frame != 0 && $corrode_frame[1] != 0 && $corrode_n < 32
            printf "#%-2u ", $corrode_n
            output/a $corrode_frame[1]
            printf "\n"
            set $corrode_frame = (unsigned long *)$corrode_frame[0]
            set $corrode_n = $corrode_n + 1
        end
    end
end
document corrode-backtrace
Print where a thread is that is not running: corrode-backtrace THREAD, with a pointer as corrode-threads prints it.
end

define corrode-cpus
    set $corrode_n = 0
    while $corrode_n < cpu_count
        set $corrode_offset = percpu_offset[$corrode_n]
        set $corrode_t = *(struct thread **)((char *)&percpu_current_thread + $corrode_offset)
        printf "cpu %u: per-CPU data at %p, preempt_count %u, need_resched %u, thread ", $corrode_n, \
            (char *)&__start_percpu + $corrode_offset, *(unsigned *)((char *)&percpu_preempt_count + $corrode_offset), \
            *(unsigned char *)((char *)&percpu_need_resched + $corrode_offset)
        if $corrode_t == 0
            printf "none\n"
        else
            printf "%s (%lu)\n", $corrode_t->name, $corrode_t->id
        end
        set $corrode_n = $corrode_n + 1
    end
end
document corrode-cpus
List the processors: where their data is, and what they run.
end

define corrode-list
    if $argc != 3
        printf "usage: corrode-list LIST STRUCT MEMBER\n"
    else
        set $corrode_head = &($arg0).head
        set $corrode_node = $corrode_head->next
        set $corrode_n = 0
        while $corrode_node != $corrode_head && $corrode_node != 0
            set $corrode_item = (struct $arg1 *)((char *)$corrode_node - (unsigned long)&((struct $arg1 *)0)->$arg2)
            printf "%u: ", $corrode_n
            output $corrode_item
            printf "\n"
            if $corrode_node->next->previous != $corrode_node
                printf "the list is broken here: the next node does not point back\n"
                set $corrode_node = $corrode_head
            else
                set $corrode_node = $corrode_node->next
                set $corrode_n = $corrode_n + 1
            end
        end
        printf "%u elements\n", $corrode_n
    end
end
document corrode-list
List what is in a `struct list`: corrode-list LIST STRUCT MEMBER, for example corrode-list threads thread all.
The last one is in $corrode_item.
end

define corrode-pagetable
    if $argc != 1
        printf "usage: corrode-pagetable ADDRESS\n"
    else
        set $corrode_address = (unsigned long)($arg0)
        set $corrode_level = ($cr4 & 0x1000) != 0 ? 5 : 4
        set $corrode_table = $cr3 & 0xffffffffff000
        while $corrode_level > 0
            set $corrode_shift = 12 + 9 * ($corrode_level - 1)
            set $corrode_index = ($corrode_address >> $corrode_shift) & 511
            set $corrode_entry = *(unsigned long *)(map_base + $corrode_table + 8 * $corrode_index)
            printf "level %u, table %#lx, entry %3lu: %#018lx", $corrode_level, $corrode_table, $corrode_index, \
                $corrode_entry
            if ($corrode_entry & 1) == 0
                printf "  not present\n"
                set $corrode_level = 0
            else
                if ($corrode_entry & 2) != 0
                    printf "  writable"
                else
                    printf "  read-only"
                end
                if ($corrode_entry & 4) != 0
                    printf " user"
                end
                if ($corrode_entry >> 63) != 0
                    printf " no-execute"
                end
                if ($corrode_entry & 0x100) != 0
                    printf " global"
                end
                printf "\n"
                set $corrode_table = $corrode_entry & 0xffffffffff000
                if $corrode_level == 1 || ($corrode_level <= 3 && ($corrode_entry & 0x80) != 0)
                    set $corrode_size = 1UL << $corrode_shift
                    printf "%#lx is at physical %#lx, in a page of %lu KiB\n", $corrode_address, \
                        ($corrode_table & ~($corrode_size - 1)) | ($corrode_address & ($corrode_size - 1)), \
                        $corrode_size / 1024
                    set $corrode_level = 0
                else
                    set $corrode_level = $corrode_level - 1
                end
            end
        end
    end
end
document corrode-pagetable
Walk the page tables to an address: corrode-pagetable ADDRESS.
end

define corrode-counters
    set $corrode_c = (struct counter **)&__start_counters
    while $corrode_c < (struct counter **)&__stop_counters
        set $corrode_sum = 0UL
        set $corrode_n = 0
        while $corrode_n < cpu_count
            set $corrode_sum = $corrode_sum + *(unsigned long *)((char *)(*$corrode_c)->value + percpu_offset[$corrode_n])
            set $corrode_n = $corrode_n + 1
        end
        printf "%16lu  %-24s %s\n", $corrode_sum, (*$corrode_c)->name, (*$corrode_c)->description
        set $corrode_c = $corrode_c + 1
    end
end
document corrode-counters
Print the event counters, summed over all processors.
end

define corrode-held
    set $corrode_i = 0
    while $corrode_i < $corrode_held->count
        printf "    rank %u, %p, taken at ", $corrode_held->held[$corrode_i].rank, $corrode_held->held[$corrode_i].lock
        output/a $corrode_held->held[$corrode_i].taken_at
        printf "\n"
        set $corrode_i = $corrode_i + 1
    end
end
document corrode-held
For corrode-locks.
end

define corrode-locks
    set $corrode_n = 0
    while $corrode_n < cpu_count
        set $corrode_held = (struct lock_list *)((char *)&percpu_spin_locks + percpu_offset[$corrode_n])
        printf "cpu %u holds %u spin locks\n", $corrode_n, $corrode_held->count
        corrode-held
        set $corrode_n = $corrode_n + 1
    end
    set $corrode_node = threads.head.next
    while $corrode_node != &threads.head && $corrode_node != 0
        set $corrode_t = (struct thread *)((char *)$corrode_node - (unsigned long)&((struct thread *)0)->all)
        set $corrode_held = &$corrode_t->held
        if $corrode_held->count != 0
            printf "thread %s (%lu) holds %u sleeping locks\n", $corrode_t->name, $corrode_t->id, $corrode_held->count
            corrode-held
        end
        set $corrode_node = $corrode_node->next
    end
end
document corrode-locks
List the locks that processors and threads hold, and where they were taken; in a debug kernel.
end
