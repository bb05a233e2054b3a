# Address spaces of programs. Above sched, whose sleeping locks it uses.

VM_SOURCES := $(addprefix kernel/vm/,vm.c areas.c pages.c fault.c access.c measure.c advise.c)
