# Sockets. Above fs, beside drivers and tty.

NET_SOURCES := $(addprefix kernel/net/,socket.c option.c unix.c unix_name.c unix_message.c unix_rights.c)
