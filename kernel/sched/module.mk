# Threads: the scheduler, sleeping locks, work queues.

SCHED_SOURCES := $(addprefix kernel/sched/,fair.c sched.c place.c idle.c sample.c thread.c wait.c mutex.c rwlock.c semaphore.c work.c)
