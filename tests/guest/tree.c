/*
 * Tells of every name below /tree what it is: type and mode, owner, links, size, time, and a sum of the contents or the
 * target of a link. For tests/system/initramfs.t.
 *
 * guest: apart
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned sum_of(const char *name)
{
    static unsigned char buffer[65536];
    unsigned sum = 1, other = 0;
    ssize_t length;
    int fd = open(name, O_RDONLY);
    while ((length = read(fd, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < length; i++) {
            sum = (sum + buffer[i]) % 65521;
            other = (other + sum) % 65521;
        }
    close(fd);
    return length < 0 ? 0 : other << 16 | sum;
}

static int tell(const char *name, const struct stat *st, int type, struct FTW *place)
{
    char target[4096] = "";
    if (S_ISLNK(st->st_mode) && readlink(name, target, sizeof target - 1) < 0)
        return 1;
    printf("tree: %s %o %u:%u %lu %ld %ld %08x %s\n", name, st->st_mode, st->st_uid, st->st_gid,
        S_ISDIR(st->st_mode) ? 0ul : (unsigned long)st->st_nlink, S_ISDIR(st->st_mode) ? 0l : (long)st->st_size,
        (long)st->st_mtime, S_ISREG(st->st_mode) ? sum_of(name) : (unsigned)st->st_rdev, target);
    return 0;
}

/* With an argument: below that directory, whose name is left away. */
int main(int argc, char **argv)
{
    if (chdir(argc > 1 ? argv[1] : "/") < 0)
        return 2;
    return nftw("tree", tell, 20, FTW_PHYS);
}
