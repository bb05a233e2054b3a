# Address spaces of programs. Above sched, whose sleeping locks it uses.

VM_SOURCES := $(addprefix kernel/vm/,vm.c areas.c map.c remap.c lock.c advise.c pages.c fault.c access.c measure.c shortage.c)
