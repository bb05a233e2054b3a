/*
 * Whether KVM really runs guests. That /dev/kvm opens says little: in containers and in virtual machines it may, and
 * every guest then hangs or dies. So a guest of 512 bytes is started (probe.S), once per run of the tool.
 */
#include "accel.h"

#include "accel_probe.h"
#include "cleanup.h"
#include "file.h"
#include "lib/types.h"
#include "process.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBE_SECONDS 2

/* NULL when KVM works, else why not. */
static const char *probe_kvm(void)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return text_format("/dev/kvm: %s", strerror(errno));
    close(fd);
    unsigned char *rom = memory_get(PROBE_ROM_SIZE);
    memcpy(rom + PROBE_OFFSET, accel_probe, PROBE_SIZE);
    char *path = cleanup_path("probe.rom"), *text;
    file_save(path, rom, PROBE_ROM_SIZE);
    free(rom);
    struct strings command = {0};
    const char *const words[] = {"qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-machine", "pc", "-m", "2M",
        "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot", "-device",
        "isa-debug-exit,iobase=0xf4,iosize=4", "-bios"};
    for (unsigned i = 0; i < ARRAY_LENGTH(words); i++)
        strings_add(&command, "%s", words[i]);
    strings_add(&command, "%s", path);
    int status = process_run(&command, "qemu-system-x86", PROBE_SECONDS, &text);
    unlink(path);
    free(text);
    return status == (PROBE_CODE << 1 | 1) ? NULL : "it does not run a test guest";
}

enum accel accel_choose(int forced)
{
    static int known = -1;
    if (forced == ACCEL_TCG)
        return ACCEL_TCG;
    if (known < 0) {
        const char *why = probe_kvm();
        if (why && forced == ACCEL_KVM)
            fatal(NULL, "KVM does not work here (%s); leave --accel out to run without it, more slowly", why);
        known = why ? ACCEL_TCG : ACCEL_KVM;
        report_detail(why ? "KVM does not work here (%s): using TCG" : "using KVM%s", why ? why : "");
    }
    return known;
}
