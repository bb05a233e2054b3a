/*
 * FAT16 and FAT32, read-only.
 *
 * A file is a chain of clusters; the table (FAT) at the front of the volume gives for each cluster the next one.
 * Nothing in it is trusted: a link must lead to a data cluster, and before a file is opened its chain was followed to
 * the end: it must have one, not before the file's.
 *
 * Sources: Microsoft FAT32 File System Specification 1.03; ECMA-107.
 */
#include "boot/loader/fat.h"

#include "boot/loader/error.h"
#include "lib/string.h"

#define DIRECTORY_LIMIT (2u << 20) /* 65,536 entries of 32 bytes: the specification's own limit */
#define ATTRIBUTE_VOLUME 0x08
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_LONG_NAME 0x0f
#define LONG_NAME_PIECE 13
#define LONG_NAME_LAST 0x40
#define LONG_NAME_PIECES 20
#define DELETED 0xe5
#define STEP (1u << 30) /* a read goes by steps of 1 GiB, so that nothing reaches 32 bits */

#define REWRITE "Write the image to the disk again."

struct directory_entry {
    uint8_t name[11], attribute, reserved[8];
    uint16_t cluster_high, time, date, cluster_low;
    uint32_t size;
} __attribute__((packed));
_Static_assert(sizeof(struct directory_entry) == 32, "FAT directory entry");

struct long_name_entry {
    uint8_t order;
    uint8_t name1[10]; /* UTF-16LE: five units, then six, then two */
    uint8_t attribute, type, checksum;
    uint8_t name2[12];
    uint16_t cluster;
    uint8_t name3[4];
} __attribute__((packed));
_Static_assert(sizeof(struct long_name_entry) == 32, "FAT long-name entry");

static uint16_t get16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}
static uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static uint32_t log2_of(uint32_t power)
{
    uint32_t shift = 0;
    while (power > 1u << shift)
        shift++;
    return shift;
}

int fat_mount(struct fat *fat, struct disk *disk, uint32_t sector)
{
    uint8_t b[SECTOR_SIZE];
    if (disk_read(disk, DISK_WINDOW_DATA, sector, 0, b, sizeof b) < 0)
        return -1;

    uint32_t bytes = get16(b + 11), cluster_sectors = b[13], reserved = get16(b + 14), copies = b[16];
    uint32_t root_entries = get16(b + 17);
    uint32_t total = get16(b + 19) ? get16(b + 19) : get32(b + 32);
    uint32_t fat16_size = get16(b + 22), fat_size = fat16_size ? fat16_size : get32(b + 36);
    if (get16(b + 510) != 0xaa55 || !is_power_of_two(bytes) || bytes < SECTOR_SIZE || bytes > 4096 ||
        !is_power_of_two(cluster_sectors) || reserved == 0 || copies == 0 || copies > 4 || fat_size == 0)
        return loader_error("The system partition holds no FAT file system. " REWRITE);

    /* In the volume's own sectors; a FAT of 2^26 sectors is larger than any that FAT32 can use. */
    uint32_t root_sectors = (root_entries * 32 + bytes - 1) / bytes;
    uint32_t overhead = reserved + copies * fat_size + root_sectors;
    if (fat_size > 1u << 26 || overhead >= total)
        return loader_error("The FAT file system is larger than its partition. " REWRITE);
    uint32_t clusters = (total - overhead) / cluster_sectors;
    if (clusters < 4085 && fat16_size)
        return loader_error("The system partition is FAT12, which is too small to boot from. Use FAT16 or FAT32.");

    uint32_t scale = bytes / SECTOR_SIZE; /* to 512-byte sectors */
    *fat = (struct fat){
        .disk = disk,
        .fat_sector = sector + reserved * scale,
        .root_sector = sector + (overhead - root_sectors) * scale,
        .root_cluster = get32(b + 44),
        .data_sector = sector + overhead * scale,
        .cluster_sectors = cluster_sectors * scale,
        .cluster_shift = log2_of(cluster_sectors * bytes),
        .clusters = clusters,
        .is_fat32 = fat16_size == 0, /* as Linux and UEFI see it; by the specification, clusters count */
    };
    if (!fat->is_fat32)
        fat->root_size = root_entries * 32;
    if (fat_size < (clusters + 1) / (bytes / (fat->is_fat32 ? 4 : 2)) + 1)
        return loader_error("The FAT is shorter than its volume. " REWRITE);
    return 0;
}

static const char ends_early[] = "ends too early, after";

/* What the chain of clusters does, with NUMBER at the end of the clause. */
static int damaged(const struct fat_file *file, const char *does, uint32_t number)
{
    return loader_error(
        "%s: the file system is damaged: the chain of clusters %s %u. " REWRITE, file->path, does, number);
}

/* The cluster after CLUSTER into *next (0 at the end of the chain). */
static int next_cluster(struct fat_file *file, uint32_t cluster, uint32_t *next)
{
    struct fat *fat = file->fat;
    uint32_t width = fat->is_fat32 ? 4 : 2;
    uint8_t entry[4] = {0};
    if (disk_read(fat->disk, DISK_WINDOW_FAT, fat->fat_sector, cluster * width, entry, width) < 0)
        return -1;
    uint32_t link =
        fat->is_fat32 ? get32(entry) & 0x0fffffff : get32(entry) | (get16(entry) >= 0xfff8 ? 0x0fff0000 : 0);
    if (link >= 0x0ffffff8) {
        *next = 0;
        return 0;
    }
    if (link < 2 || link - 2 >= fat->clusters)
        return damaged(file, "leads astray, to", link);
    *next = link;
    return 0;
}

/* The cluster with number INDEX of the file; 0 when the chain ends before it. */
static int seek(struct fat_file *file, uint32_t index, uint32_t *cluster)
{
    if (file->near_cluster == 0 || index < file->near_index) {
        if (file->first_cluster < 2 || file->first_cluster - 2 >= file->fat->clusters)
            return damaged(file, "begins at", file->first_cluster);
        file->near_index = 0;
        file->near_cluster = file->first_cluster;
    }
    while (file->near_index < index) {
        uint32_t next;
        if (next_cluster(file, file->near_cluster, &next) < 0)
            return -1;
        if (next == 0) {
            *cluster = 0;
            return 0;
        }
        file->near_cluster = next;
        file->near_index++;
    }
    *cluster = file->near_cluster;
    return 0;
}

/* How many clusters, at most WANTED, follow each other on the disk from the one that seek() reached. */
static int run_length(struct fat_file *file, uint32_t wanted, uint32_t *run)
{
    uint32_t cluster = file->near_cluster, next;
    for (*run = 1; *run < wanted; (*run)++) {
        if (next_cluster(file, cluster, &next) < 0)
            return -1;
        if (next != cluster + 1)
            break;
        cluster = next;
    }
    file->near_index += *run - 1;
    file->near_cluster = cluster;
    return 0;
}

/* Reads up to LENGTH bytes; *done says how many there were before the chain ended. */
static int read_chain(struct fat_file *file, uint32_t offset, uint8_t *to, uint32_t length, uint32_t *done)
{
    struct fat *fat = file->fat;
    uint32_t cluster_size = 1u << fat->cluster_shift;
    for (*done = 0; *done < length;) {
        uint32_t at = offset + *done, skip = at & (cluster_size - 1);
        uint32_t left = length - *done < STEP ? length - *done : STEP;
        uint32_t cluster, run;
        if (seek(file, at >> fat->cluster_shift, &cluster) < 0)
            return -1;
        if (cluster == 0)
            break;
        if (run_length(file, ((skip + left - 1) >> fat->cluster_shift) + 1, &run) < 0)
            return -1;
        uint32_t part = (run << fat->cluster_shift) - skip;
        if (part > left)
            part = left;
        uint32_t sector = fat->data_sector + (cluster - 2) * fat->cluster_sectors;
        if (disk_read(fat->disk, DISK_WINDOW_DATA, sector, skip, to + *done, part) < 0)
            return -1;
        *done += part;
    }
    return 0;
}

int fat_read(struct fat_file *file, uint32_t offset, void *to, uint32_t length)
{
    uint32_t done;
    if (offset > file->size || length > file->size - offset)
        return loader_error(
            "%s: ends at byte %u, but more is needed: the file was cut off. Copy it again.", file->path, file->size);
    if (read_chain(file, offset, to, length, &done) < 0)
        return -1;
    if (done < length)
        return damaged(file, ends_early, done >> file->fat->cluster_shift);
    return 0;
}

/*
 * Follows the whole chain. A loop shows when the cluster comes back that was reached after 2^n steps, for the first n
 * whose loop is that short (R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980).
 */
static int check_chain(struct fat_file *file)
{
    uint32_t cluster, mark = 0, count = 0;
    if (file->size == 0)
        return 0;
    if (seek(file, 0, &cluster) < 0)
        return -1;
    while (cluster != 0) {
        if (cluster == mark)
            return damaged(file, "runs in a circle, through", cluster);
        if (is_power_of_two(++count))
            mark = cluster;
        if (next_cluster(file, cluster, &cluster) < 0)
            return -1;
    }
    if (count <= (file->size - 1) >> file->fat->cluster_shift)
        return damaged(file, ends_early, count);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Directories
 */

/* A long name as it is put together, in UTF-8, from its pieces. They come last piece first: it grows to the front. */
struct long_name {
    char text[3 * LONG_NAME_PIECES * LONG_NAME_PIECE + 1];
    char *start;
    uint8_t checksum;
    uint8_t expected; /* the piece that must come next; 0: the name is whole */
    bool valid;
};

/* Puts a UTF-16 unit before the name. Pairs of surrogates make nonsense, which matches no name. */
static void long_name_prepend(struct long_name *name, uint32_t c)
{
    uint32_t lead = 0;
    for (uint32_t limit = 0x80; c >= limit; c >>= 6, limit = 0x20, lead = lead ? 0xe0 : 0xc0)
        *--name->start = (char)(0x80 | (c & 0x3f));
    *--name->start = (char)(lead | c);
}

static void long_name_add(struct long_name *name, const struct long_name_entry *entry)
{
    uint8_t order = entry->order & ~LONG_NAME_LAST;
    if (entry->order & LONG_NAME_LAST) {
        name->start = name->text + sizeof name->text - 1;
        *name->start = '\0';
        name->valid = order >= 1 && order <= LONG_NAME_PIECES;
        name->expected = order;
        name->checksum = entry->checksum;
    }
    if (!name->valid || order != name->expected || entry->checksum != name->checksum) {
        name->valid = false;
        return;
    }
    name->expected = order - 1;
    for (int i = LONG_NAME_PIECE - 1; i >= 0; i--) {
        static const uint8_t places[LONG_NAME_PIECE] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
        uint16_t c = get16((const uint8_t *)entry + places[i]);
        if (c != 0 && c != 0xffff) /* what the last piece is filled up with */
            long_name_prepend(name, c);
    }
}

static uint8_t short_name_checksum(const uint8_t *name)
{
    uint8_t sum = 0;
    for (int i = 0; i < 11; i++)
        sum = (uint8_t)((sum << 7 | sum >> 1) + name[i]);
    return sum;
}

/* "KERNEL  ELF" to "KERNEL.ELF"; a short name that begins with E5h is stored with 05h. */
static void short_name_text(const uint8_t *name, char *text)
{
    int length = 0;
    for (int i = 0; i < 8 && name[i] != ' '; i++)
        text[length++] = i == 0 && name[i] == 0x05 ? (char)DELETED : (char)name[i];
    if (name[8] != ' ')
        text[length++] = '.';
    for (int i = 8; i < 11 && name[i] != ' '; i++)
        text[length++] = (char)name[i];
    text[length] = '\0';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* NAME has LENGTH characters, none of them a NUL. */
static bool name_equals(const char *text, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (lower(text[i]) != lower(name[i]))
            return false;
    return text[length] == '\0';
}

/* Looks NAME up in DIRECTORY. 1 and *found, 0 when it is not there, or -1. */
static int directory_find(struct fat_file *directory, const char *name, size_t length, struct fat_file *found)
{
    struct long_name long_name = {.valid = false};
    for (uint32_t offset = 0; offset < directory->size; offset += sizeof(struct directory_entry)) {
        struct directory_entry entry;
        if (directory->first_cluster == 0) {
            if (disk_read(directory->fat->disk, DISK_WINDOW_DATA, directory->fat->root_sector, offset, &entry,
                    sizeof entry) < 0)
                return -1;
        } else {
            uint32_t got;
            if (read_chain(directory, offset, (uint8_t *)&entry, sizeof entry, &got) < 0)
                return -1;
            if (got < sizeof entry)
                return 0;
        }
        if (entry.name[0] == 0)
            return 0;
        if (entry.name[0] == DELETED) {
            long_name.valid = false;
            continue;
        }
        if ((entry.attribute & 0x3f) == ATTRIBUTE_LONG_NAME) {
            long_name_add(&long_name, (const struct long_name_entry *)&entry);
            continue;
        }
        char short_name[13];
        short_name_text(entry.name, short_name);
        bool has_long =
            long_name.valid && long_name.expected == 0 && long_name.checksum == short_name_checksum(entry.name);
        bool match = name_equals(short_name, name, length) || (has_long && name_equals(long_name.start, name, length));
        long_name.valid = false;
        if (!match || (entry.attribute & ATTRIBUTE_VOLUME))
            continue;
        *found = (struct fat_file){
            .fat = directory->fat,
            .path = directory->path,
            .first_cluster = entry.cluster_low | (directory->fat->is_fat32 ? (uint32_t)entry.cluster_high << 16 : 0),
            .size = entry.attribute & ATTRIBUTE_DIRECTORY ? DIRECTORY_LIMIT : entry.size,
            .is_directory = entry.attribute & ATTRIBUTE_DIRECTORY,
        };
        return 1;
    }
    return 0;
}

int fat_open(struct fat *fat, const char *path, struct fat_file *file)
{
    const struct fat_file root = {
        .fat = fat,
        .path = path,
        .first_cluster = fat->is_fat32 ? fat->root_cluster : 0,
        .size = fat->is_fat32 ? DIRECTORY_LIMIT : fat->root_size,
        .is_directory = true,
    };
    struct fat_file here = root;
    const char *name = path;
    for (;;) {
        while (*name == '/')
            name++;
        size_t length = 0;
        while (name[length] && name[length] != '/')
            length++;
        if (length == 0)
            break;
        if (!here.is_directory)
            return loader_error("%s: a part of this path is a file, not a directory.", path);
        struct fat_file next;
        int status = directory_find(&here, name, length, &next);
        if (status < 0)
            return -1;
        if (status == 0)
            return loader_error("%s: there is no such file on the system partition. Copy it there, or correct "
                                "corrode.conf.",
                path);
        /* ".." says 0 for the root, also on FAT32. */
        here = next.is_directory && next.first_cluster == 0 ? root : next;
        name += length;
    }
    if (here.is_directory)
        return loader_error("%s: is a directory; a file was expected.", path);
    *file = here;
    return check_chain(file);
}
