# /proc. Above proc, about whose processes it tells.

PROCFS_SOURCES := $(addprefix kernel/procfs/,root.c kernel.c memory.c cpuinfo.c load.c interrupts.c tables.c sys.c subject.c)
PROCFS_SOURCES += $(addprefix kernel/procfs/,snapshot.c process.c process_stat.c process_memory.c process_files.c process_misc.c)
PROCFS_SOURCES += $(addprefix kernel/procfs/,mounts.c process_namespaces.c kmsg.c net.c ipc.c fail_nth.c)
