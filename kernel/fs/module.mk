# Files: names, open files, the page cache, file systems in memory.

FS_SOURCES := $(addprefix kernel/fs/,credentials.c iov.c dentry.c inode.c attributes.c xattr.c)
FS_SOURCES += $(addprefix kernel/fs/,mount.c mount_tree.c mount_space.c namespace.c path.c names.c rename.c)
FS_SOURCES += $(addprefix kernel/fs/,cache.c file.c origin.c open.c pipe.c pipe_splice.c poll.c epoll.c epoll_items.c epoll_nesting.c eventfd.c timerfd.c lock.c inotify.c)
FS_SOURCES += $(addprefix kernel/fs/,device.c filesystem.c text.c pseudo.c start.c)
FS_SOURCES += $(addprefix kernel/fs/,tmpfs.c tmpfs_options.c memory_file.c devtmpfs.c memory_devices.c kmsg.c syslog.c)
FS_SOURCES += $(addprefix kernel/fs/,initramfs.c)
