/*
 * Tables of the machine that other systems have in files: devices, disks, modules, network. Where there
 * is nothing to list, the heading stands alone, as on a Linux that has none.
 */
#include "procfs/procfs_internal.h"

#include "fs/device.h"

static bool has_device(unsigned major, unsigned first, unsigned last)
{
    uint32_t number = DEVICE_NUMBER(major, first);
    return device_next(&number) && number <= DEVICE_NUMBER(major, last);
}

/* What the numbers are for: Linux's Documentation/admin-guide/devices.txt. */
static const struct {
    unsigned major, first, last;
    const char *name;
} ranges[] = {
    {1, 0, 255, "mem"},
    {4, 0, 0, "/dev/vc/0"},
    {4, 0, 63, "tty"},
    {4, 64, 255, "ttyS"},
    {5, 0, 0, "/dev/tty"},
    {5, 1, 1, "/dev/console"},
    {5, 2, 2, "/dev/ptmx"},
    {10, 0, 255, "misc"},
    {128, 0, 255, "ptm"},
    {136, 0, 255, "pts"},
    {229, 0, 255, "hvc"},
    {248, 0, 255, "virtio-portsdev"},
};

int procfs_show_devices(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, "Character devices:\n");
    for (unsigned i = 0; i < ARRAY_LENGTH(ranges); i++)
        if (has_device(ranges[i].major, ranges[i].first, ranges[i].last))
            text_printf(out, "%3u %s\n", ranges[i].major, ranges[i].name);
    text_puts(out, "\nBlock devices:\n");
    return 0;
}

static int show_tty_drivers(struct text *out, const struct pseudo_node *node)
{
    static const struct {
        const char *name, *path, *range, *type;
        unsigned major, first, last;
    } drivers[] = {
        {"/dev/tty", "/dev/tty", "0", "system:/dev/tty", 5, 0, 0},
        {"/dev/console", "/dev/console", "1", "system:console", 5, 1, 1},
        {"/dev/ptmx", "/dev/ptmx", "2", "system", 5, 2, 2},
        {"/dev/vc/0", "/dev/vc/0", "0", "system:vtmaster", 4, 0, 0},
        {"serial", "/dev/ttyS", "64", "serial", 4, 64, 255},
        {"pty_slave", "/dev/pts", "0-255", "pty:slave", 136, 0, 255},
        {"unknown", "/dev/tty", "1-63", "console", 4, 1, 63},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(drivers); i++)
        if (has_device(drivers[i].major, drivers[i].first, drivers[i].last))
            text_printf(out, "%-20s %-12s %4u %7s %s\n", drivers[i].name, drivers[i].path, drivers[i].major,
                drivers[i].range, drivers[i].type);
    return 0;
}

const struct pseudo_entry procfs_tty_entries[] = {
    PROC_FILE("drivers", show_tty_drivers),
    {},
};

int procfs_show_consoles(struct text *out, const struct pseudo_node *node)
{
    if (has_device(4, 64, 64))
        text_puts(out, "ttyS0                -W- (EC   a)    4:64\n");
    if (has_device(4, 1, 1))
        text_puts(out, "tty0                 -WU (EC    )    4:1\n");
    return 0;
}

/* Whoever listens, is connected or has an address: nobody. */
const struct pseudo_entry procfs_net_entries[] = {
    PROC_TEXT("arp", "IP address       HW type     Flags       HW address            Mask     Device\n"),
    PROC_TEXT("dev", "Inter-|   Receive                                                |  Transmit\n face "
                     "|bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs dr"
                     "op fifo colls carrier compressed\n"),
    PROC_TEXT("if_inet6", ""),
    PROC_TEXT("netlink", "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    I"
                         "node\n"),
    PROC_TEXT("packet", "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"),
    PROC_TEXT("raw", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  t"
                     "imeout inode ref pointer drops\n"),
    PROC_TEXT("raw6", "  sl  local_address                         remote_address                        st"
                      " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"),
    PROC_TEXT("route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT "
                       "                                                      \n"),
    PROC_TEXT("tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  t"
                     "imeout inode                                                     \n"),
    PROC_TEXT("tcp6", "  sl  local_address                         remote_address                        st"
                      " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"),
    PROC_TEXT("udp", "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
                     "timeout inode ref pointer drops            \n"),
    PROC_TEXT("udp6", "  sl  local_address                         remote_address                        st"
                      " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"),
    PROC_FILE("unix", procfs_show_unix),
    {},
};
