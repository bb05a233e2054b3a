# Processes: what a program is to the kernel. Above vm, fs, tty and sched.

PROC_SOURCES := $(addprefix kernel/proc/,process.c task.c tasks.c exit.c wait.c usage.c numbers.c jobs.c terminal.c rights.c accounts.c parts.c attend.c clone.c files.c elf.c)
PROC_SOURCES += $(addprefix kernel/proc/,elf_plan.c script.c program.c program_stack.c execute.c fault.c init.c)
PROC_SOURCES += $(addprefix kernel/proc/,signal.c signal_frame.c stop.c kill.c signalfd.c)
PROC_SOURCES += kernel/proc/namespaces.c kernel/proc/uts.c kernel/proc/power.c kernel/proc/oom.c
PROC_SOURCES += $(addprefix kernel/proc/,futex.c futex_owner.c robust.c alone.c inspect.c pidfd.c)
PROC_SOURCES += $(addprefix kernel/proc/,vdso.c clocks.c timers.c interval.c)
