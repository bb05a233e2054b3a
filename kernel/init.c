/*
 * The kernel's purpose: see init.h. With an initramfs among the boot loader's modules it runs the program in there
 * that is process 1 (kernel/proc/init.c), and when that ends the machine does: success if its status is 0, failure
 * otherwise, which the monitor is told. If the machine is still there then, `end=` on the command line says what
 * becomes of it: `off` turns it off, `reset` starts it anew, `exit` lets it stand still.
 *
 * Without one there is no program to run: then it reports what the boot loader has handed over, and the machine ends as
 * `end=` says; the monitor is told, of success, only by `exit`.
 */
#include "init.h"

#include "arch/x86_64/machine.h"
#include "boot_report.h"
#include "fs/devtmpfs.h"
#include "fs/initramfs.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "log.h"
#include "mm/page.h"
#include "proc/proc.h"

#define LOG_NAME "init"

/* Unpacks every archive, one over the other, and gives its memory back; false: there is none. */
static bool unpack_archives(const struct boot_info *info)
{
    bool found = false;
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        if (!initramfs_is_archive(module->data, module->size))
            continue;
        initramfs_unpack(module->data, module->size); /* which tells what is wrong; what is there may do */
        page_release(module->physical, align_up(module->size, PAGE_SIZE));
        found = true;
    }
    return found;
}

enum end { END_EXIT, END_OFF, END_RESET };

static enum end how_to_end(void)
{
    static const char *const words[] = {"exit", "off", "reset"};
    char word[16];
    if (cmdline_get("end", word, sizeof word) < 0)
        return END_EXIT;
    for (unsigned i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (enum end)i;
    log_warning("end=%s is none of exit, off, reset", word);
    return END_EXIT;
}

static _Noreturn void run_init(void)
{
    page_release_boot(); /* nobody reads boot_info any more */
    devtmpfs_mount();
    int status = process_run_init();
    if (status != 0)
        log_notice("process 1 has ended with status %d", status_for_shell(status));
    enum boot_exit report = status == 0 ? BOOT_EXIT_SUCCESS : BOOT_EXIT_FAILURE;
    switch (how_to_end()) {
    case END_EXIT: machine_exit(report);
    case END_OFF: machine_exit_off(report);
    case END_RESET: machine_reset();
    }
    machine_halt();
}

void init_main(const struct boot_info *info)
{
    if (unpack_archives(info))
        run_init();
    boot_report(info);
    page_release_boot(); /* nobody reads boot_info any more */
    switch (how_to_end()) {
    case END_EXIT: machine_exit(BOOT_EXIT_SUCCESS);
    case END_OFF: machine_power_off();
    case END_RESET: machine_reset();
    }
    machine_halt();
}
