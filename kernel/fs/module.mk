# Files: names, open files, the page cache, file systems in memory.

FS_SOURCES := $(addprefix kernel/fs/,credentials.c iov.c dentry.c inode.c attributes.c mount.c path.c names.c cache.c file.c pipe.c poll.c device.c filesystem.c tmpfs.c text.c pseudo.c origin.c \
    initramfs.c start.c)
