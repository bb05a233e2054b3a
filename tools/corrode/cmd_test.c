/* `corrode test`: boots a kernel and lets its exit through isa-debug-exit decide; TAP on standard output. */
#include "commands.h"

#include "machine.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT 300
#define KEEP (1u << 20) /* bytes of output that a failed test shows at most */

struct settings {
    struct machine machine;
    struct strings firmwares;
};

static const struct option_row options[] = {
    {OPTION_LIST, 'F', "firmware", FIRMWARES "|all", "Default: bios; may be repeated, for one test each",
        offsetof(struct settings, firmwares), 0},
    MACHINE_OPTIONS,
    {OPTION_NUMBER, 't', "timeout", "SECONDS", "A kernel that takes longer has failed; default: 300",
        offsetof(struct machine, timeout), 1000000000},
    {0},
};

/* What the machine has printed: the end of it, when it is very much. */
static char *log_text;
static size_t log_size;
static bool log_cut;

static void collect(const char *text, size_t length)
{
    if (!log_text)
        log_text = memory_get(2 * KEEP);
    if (log_size + length > 2 * KEEP) {
        log_cut = true;
        memmove(log_text, log_text + log_size - KEEP, KEEP);
        log_size = KEEP;
    }
    memcpy(log_text + log_size, text, length);
    log_size += length;
}

/* Steps over an escape sequence (ECMA-48 5.4: CSI, parameters, a final byte), as firmware sends them. */
static size_t skip_escape(size_t at)
{
    if (++at < log_size && log_text[at] == '[') {
        at++;
        while (at < log_size && (log_text[at] < 0x40 || log_text[at] > 0x7e))
            at++;
    }
    return at;
}

static void print_log(void)
{
    bool line_open = false;
    if (log_cut)
        puts("# (the beginning was too long to keep)");
    for (size_t i = 0; i < log_size; i++) {
        unsigned char c = (unsigned char)log_text[i];
        if (c == 033) {
            i = skip_escape(i);
            continue;
        }
        if (c == '\n' ? line_open : c >= ' ' || c == '\t') {
            if (!line_open && c != '\n')
                fputs("# ", stdout);
            putchar(c);
            line_open = c != '\n';
        }
    }
    if (line_open)
        putchar('\n');
}

/* The firmwares to boot on, as numbers; returns how many. */
static unsigned choose_firmwares(const struct strings *names, int *firmwares)
{
    unsigned count = 0;
    for (size_t i = 0; i < names->count; i++) {
        int firmware = options_choice(FIRMWARES "|all", names->items[i]);
        if (firmware < 0)
            fatal_usage("--firmware %s: unknown; choose one of " FIRMWARES "|all", names->items[i]);
        if (firmware < FIRMWARE_COUNT)
            firmwares[count++] = firmware;
        /* All that boot any kernel. */
        for (int each = FIRMWARE_BIOS; firmware == FIRMWARE_COUNT && each <= FIRMWARE_NONE; each++)
            firmwares[count++] = each;
    }
    if (count == 0)
        firmwares[count++] = FIRMWARE_BIOS;
    return count;
}

static int run(int argc, char **argv)
{
    static const char *const names[] = {"bios", "uefi", "none", "direct"};
    struct settings settings = {.machine = {MACHINE_DEFAULTS, .timeout = DEFAULT_TIMEOUT}};
    struct machine *machine = &settings.machine;
    int failures = 0;
    report_status = EXIT_BROKEN;
    struct strings operands = options_parse(&command_test, &settings, argc, argv);
    if (!operands.count)
        fatal_usage("test what? Give a kernel");
    int *firmwares = memory_get((settings.firmwares.count + 1) * 3 * sizeof *firmwares);
    unsigned count = choose_firmwares(&settings.firmwares, firmwares);
    struct strings arguments = {operands.items + 1, operands.count - 1};
    unsigned wanted = 0;
    for (unsigned i = 0; i < count; i++)
        wanted |= 1u << firmwares[i];
    machine_insert(machine, operands.items[0], &arguments, wanted);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%u\n", count);
    for (unsigned i = 0; i < count; i++) {
        machine->firmware = firmwares[i];
        log_size = 0;
        log_cut = false;
        enum verdict verdict = machine_boot(machine, collect);
        bool ok = verdict == VERDICT_SUCCESS;
        printf("%s %u - %s (%s)\n", ok ? "ok" : "not ok", i + 1, text_basename(operands.items[0]), names[firmwares[i]]);
        if (!ok)
            printf("# %s: %s\n", verdict_word(verdict), verdict_sentence(verdict));
        if (!ok || report_verbose)
            print_log();
        failures += !ok;
    }
    free(firmwares);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_test = {
    .name = "test",
    .summary = "Boot a kernel that is a test, and report in TAP",
    .synopsis = "[OPTIONS] KERNEL [ARGUMENTS...]",
    .help = "Boots KERNEL and waits for its verdict, a byte written to port 0xf4 (enum boot_exit in boot/protocol.h).\n"
            "Prints one TAP test point for each firmware; what the kernel printed follows as comments when it fails,\n"
            "and with --verbose always.\n",
    .after = "A failure is one of: failure (the kernel said so), no verdict (the machine was switched off instead),\n"
             "panic, reset, timeout, loader, qemu.\n\n"
             "Exit status:\n"
             "    0  every boot succeeded\n"
             "    1  one did not\n"
             "    2  wrong usage\n"
             "  125  the test could not be carried out\n",
    .options = options,
    .operands_end_options = true,
    .run = run,
};
