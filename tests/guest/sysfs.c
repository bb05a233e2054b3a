/*
 * /sys: what lscpu, nproc, lspci, mdev and others read there.
 *
 * guest: root
 */
#include "tests/guest/guest.h"
#include "tests/guest/slurp.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define LIST "([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?\n"
#define BITS "[0-9a-f]+(,[0-9a-f]{8})*\n"
#define CPU "/sys/devices/system/cpu/"

static unsigned count_cpus(void)
{
    unsigned count = 0;
    struct dirent *entry;
    DIR *directory = opendir("/sys/devices/system/cpu");
    while (directory && (entry = readdir(directory)) != NULL)
        count += strncmp(entry->d_name, "cpu", 3) == 0 && entry->d_name[3] >= '0' && entry->d_name[3] <= '9' &&
                 entry->d_type == DT_DIR;
    if (directory)
        closedir(directory);
    return count;
}

static void test_processors(void)
{
    CHECK(file_matches(CPU "online", LIST));
    CHECK(file_matches(CPU "possible", LIST));
    CHECK(file_matches(CPU "present", LIST));
    CHECK(file_matches(CPU "offline", LIST));
    CHECK(file_matches(CPU "kernel_max", "[0-9]+\n"));
    CHECK(slurp(CPU "online", NULL)[0] == '0');
    CHECK(count_cpus() == (unsigned)sysconf(_SC_NPROCESSORS_CONF));
    CHECK(file_matches(CPU "cpu0/topology/core_id", "[0-9]+\n"));
    CHECK(file_matches(CPU "cpu0/topology/physical_package_id", "[0-9]+\n"));
    static const char *const sets[] = {"core_siblings", "thread_siblings", "core_cpus", "package_cpus"};
    for (unsigned i = 0; i < sizeof sets / sizeof *sets; i++) {
        char path[96];
        snprintf(path, sizeof path, CPU "cpu0/topology/%s", sets[i]);
        point(file_matches(path, BITS) &&
                  strtoul(strrchr(slurp(path, NULL), ',') ? strrchr(slurp(path, NULL), ',') + 1 : slurp(path, NULL),
                      NULL, 16) &
                      1,
            sets[i], __LINE__);
        strcat(path, "_list");
        point(file_matches(path, LIST) && slurp(path, NULL)[0] == '0', "its list", __LINE__);
    }
    FAILS(ENOENT, access(CPU "cpu100000", F_OK));
    FAILS(ENOENT, access(CPU "cpu00", F_OK));
    CHECK(file_matches("/sys/devices/system/node/online", "0\n"));
    CHECK(file_matches("/sys/devices/system/node/node0/cpumap", BITS));
    CHECK(file_matches("/sys/devices/system/node/node0/cpulist", LIST));
    CHECK(file_matches("/sys/kernel/mm/transparent_hugepage/enabled", "(\\[?[a-z]+\\]? ?)+\n"));
    char *current = strdup(slurp("/sys/devices/system/clocksource/clocksource0/current_clocksource", NULL));
    CHECK(matches(current, "[a-z_-]+\n"));
    current[strcspn(current, "\n")] = '\0';
    CHECK(strstr(slurp("/sys/devices/system/clocksource/clocksource0/available_clocksource", NULL), current));
    free(current);
}

/* Does the directory of a character device say what the device is? */
static bool describes(const char *directory, const char *name, unsigned device_major, unsigned device_minor)
{
    char path[160], expected[160];
    snprintf(path, sizeof path, "%s/dev", directory);
    snprintf(expected, sizeof expected, "%u:%u\n", device_major, device_minor);
    if (!matches(slurp(path, NULL), expected))
        return false;
    snprintf(path, sizeof path, "%s/uevent", directory);
    snprintf(expected, sizeof expected, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", device_major, device_minor, name);
    const char *text = slurp(path, NULL);
    return text && strncmp(text, expected, strlen(expected)) == 0;
}

static void test_devices(void)
{
    CHECK(describes("/sys/class/mem/null", "null", 1, 3) && describes("/sys/class/mem/zero", "zero", 1, 5));
    CHECK(describes("/sys/class/tty/tty", "tty", 5, 0) && describes("/sys/class/tty/console", "console", 5, 1));
    CHECK(describes("/sys/dev/char/1:3", "null", 1, 3) && describes("/sys/dev/char/5:0", "tty", 5, 0));
    CHECK(file_matches("/sys/class/tty/console/active", "(tty[A-Z]*[0-9]+ ?)*\n"));
    struct stat st;
    CHECK(lstat("/sys/dev/char/1:3", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat("/sys/dev/block", &st) == 0 && S_ISDIR(st.st_mode));
    CHECK(stat("/sys/block", &st) == 0 && S_ISDIR(st.st_mode));
    CHECK(stat("/sys/class/mem/null/dev", &st) == 0 && st.st_size == 4096 && (st.st_mode & 07777) == 0444);
    FAILS(ENOENT, access("/sys/class/mem/nothing", F_OK));
    FAILS(ENOENT, access("/sys/dev/char/1:2000", F_OK));

    static const struct {
        const char *name, *expression;
    } files[] = {{"vendor", "0x[0-9a-f]{4}\n"}, {"device", "0x[0-9a-f]{4}\n"}, {"class", "0x[0-9a-f]{6}\n"},
        {"revision", "0x[0-9a-f]{2}\n"}, {"irq", "[0-9]+\n"},
        {"resource", "(0x[0-9a-f]{16} 0x[0-9a-f]{16} 0x[0-9a-f]{16}\n)+"},
        {"uevent", "(DRIVER=.*\n)?PCI_CLASS=[0-9A-F]+\nPCI_ID=[0-9A-F]{4}:[0-9A-F]{4}\n"
                   "PCI_SUBSYS_ID=[0-9A-F]{4}:[0-9A-F]{4}\nPCI_SLOT_NAME=[0-9a-f:.]+\nMODALIAS=pci:.*\n"}};
    bool good[sizeof files / sizeof *files + 1];
    memset(good, 1, sizeof good);
    struct dirent *entry;
    DIR *directory = opendir("/sys/bus/pci/devices");
    while (directory && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
            char path[400];
            snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", entry->d_name, files[i].name);
            good[i] &= file_matches(path, files[i].expression);
        }
        char path[400];
        size_t length;
        snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/config", entry->d_name);
        good[sizeof files / sizeof *files] &= slurp(path, &length) && length >= 256;
    }
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        point(good[i], files[i].name, __LINE__);
    CHECK(good[sizeof files / sizeof *files]);
    if (directory)
        closedir(directory);
}

static void test_rules(void)
{
    struct statfs fs;
    CHECK(statfs("/sys", &fs) == 0 && fs.f_type == 0x62656572);
    FAILS(EACCES, open(CPU "online", O_WRONLY)); /* not even root */
    FAILS(EACCES, open("/sys/made", O_RDWR | O_CREAT, 0644));
    FAILS(EPERM, mkdir("/sys/made", 0755));
    FAILS(EPERM, unlink(CPU "online"));
    FAILS(ENOTDIR, access(CPU "online/x", F_OK));
    CHECK(reads_alike(CPU "online") && reads_alike("/sys/class/mem/null/uevent"));
    CHECK(access("/sys/fs", F_OK) == 0 && access("/sys/power/state", R_OK) == 0 && access("/sys/module", F_OK) == 0);
}

int main(void)
{
    test_processors();
    test_devices();
    test_rules();
    return done();
}
