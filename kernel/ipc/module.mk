# System V IPC: shared memory, semaphores, messages. Above fs and vm, beside net.

IPC_SOURCES := $(addprefix kernel/ipc/,table.c space.c shared_memory.c semaphore.c semaphore_undo.c message.c)
