# Threads: the scheduler, sleeping locks, work queues.

SCHED_SOURCES :=
