# System calls: the table, the dispatcher, and the handlers by what they are about.

SYSCALL_SOURCES := $(addprefix kernel/syscall/,syscall.c trace.c file.c fcntl.c pipe.c path.c memory.c process.c clone.c time.c)
