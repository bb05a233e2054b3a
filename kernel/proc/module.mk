# Processes: what a program is to the kernel. Above vm, fs and sched.

PROC_SOURCES := $(addprefix kernel/proc/,process.c parts.c attend.c clone.c files.c elf.c elf_plan.c script.c program.c program_stack.c execute.c fault.c init.c)
