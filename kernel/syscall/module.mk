# System calls: the table, the dispatcher, and the handlers by what they are about.

SYSCALL_SOURCES := $(addprefix kernel/syscall/,syscall.c trace.c request.c file.c fcntl.c pipe.c poll.c data.c storage.c open.c stat.c name.c directory.c memory.c process.c clone.c jobs.c time.c)
SYSCALL_SOURCES += kernel/syscall/execute.c kernel/syscall/signal.c
