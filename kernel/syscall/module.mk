# System calls: the table, the dispatcher, and the handlers by what they are about.

SYSCALL_SOURCES := $(addprefix kernel/syscall/,syscall.c trace.c trace_names.c memory.c memory_lock.c time.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,request.c open.c stat.c attribute.c name.c directory.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,mount.c copy.c xattr.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,file.c fcntl.c pipe.c splice.c poll.c epoll.c eventfd.c lock.c inotify.c data.c ranges.c storage.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,process.c clone.c pidfd.c jobs.c wait.c execute.c signal.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,credentials.c capability.c prctl.c limits.c schedule.c barrier.c system.c unshare.c futex.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,socket.c socket_message.c shared_memory.c semaphore.c message.c)
SYSCALL_SOURCES += $(addprefix kernel/syscall/,sleep.c timer.c foreign.c kcmp.c)
SYSCALL_SOURCES += kernel/syscall/log.c
