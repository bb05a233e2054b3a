#!/bin/sh
# `corrode test`: TAP for every way in which a kernel can end. The kernel is a skeleton that does what its command line says.
. "$(dirname "$0")/lib.sh"

corrode new -q "$tmp/kernel"
cat >"$tmp/kernel/main.c" <<'EOF'
#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "boot/protocol.h"
#include "lib/string.h"
#include "panic.h"
#include "tty/console.h"

BOOT_REQUEST(.video = BOOT_VIDEO_TEXT);

void kernel_main(struct boot_info *info)
{
    console_init(info);
    console_printf("told to: %s\n", info->cmdline);
    if (strcmp(info->cmdline, "succeed twice") == 0)
        machine_exit(BOOT_EXIT_SUCCESS);
    if (strcmp(info->cmdline, "fail") == 0)
        machine_exit(BOOT_EXIT_FAILURE);
    if (strcmp(info->cmdline, "panic") == 0)
        panic("as told");
    if (strcmp(info->cmdline, "fault") == 0)
        *(volatile int *)8 = 1;
    if (strcmp(info->cmdline, "reset") == 0)
        outb(0x64, 0xfe);
    if (strcmp(info->cmdline, "off") == 0)
        __asm__ volatile("outw %w0, %w1" : : "a"(0x2000), "d"(0x604)); /* off, by the ACPI of QEMU's pc */
    if (strcmp(info->cmdline, "much") == 0) {
        for (int i = 0; i < 100000; i++)
            console_printf("line %d of very many\n", i);
        machine_exit(BOOT_EXIT_FAILURE);
    }
    for (;;)
        __asm__ volatile("hlt");
}
EOF
ok "the kernel builds" make -C "$tmp/kernel"
cp "$tmp/kernel/build/kernel.elf" "$tmp/probe.elf"

attempt() {
    run timeout 250 corrode test --accel tcg "$@"
}
attempt "$tmp/probe.elf" succeed twice
is "success: 0" "$status" 0
is "success: one test point, nothing else" "$out" "1..1
ok 1 - probe.elf (bios)"
attempt --verbose "$tmp/probe.elf" succeed twice
like "--verbose shows what the kernel said" "$out" '^# told to: succeed twice$'
attempt "$tmp/probe.elf" fail
is "failure: 1" "$status" 1
like "failure: not ok" "$out" '^not ok 1 - probe.elf \(bios\)$'
like "failure: its kind" "$out" '^# failure: the kernel reported failure'
like "failure: what the kernel said" "$out" '^# told to: fail$'
attempt "$tmp/probe.elf" panic
like "panic: its kind" "$out" '^# panic: '
attempt "$tmp/probe.elf" fault
like "a processor exception is a panic" "$out" '^# panic: '
attempt "$tmp/probe.elf" reset
like "reset: its kind" "$out" '^# reset: '
attempt "$tmp/probe.elf" off
is "switching off is no success: 1" "$status" 1
like "switching off: its kind" "$out" '^# no verdict: the machine was switched off'
attempt --timeout 5 "$tmp/probe.elf" hang
is "time-out: 1" "$status" 1
like "time-out: its kind" "$out" '^# timeout: '
attempt "$tmp/probe.elf" much
like "very much output is cut, at its beginning" "$out" 'the beginning was too long'
like "and ends with the end" "$out" 'line 99999 of'
truncate -s 8M "$tmp/large"
attempt --memory 8M --module "$tmp/large" "$tmp/probe.elf" succeed twice
like "a loader that gives up: its kind" "$out" '^# loader: '
like "and its reason" "$out" '^# .*/large'
attempt --firmware all "$tmp/probe.elf" succeed twice
is "every firmware, one test point each" "$out" "1..3
ok 1 - probe.elf (bios)
ok 2 - probe.elf (uefi)
ok 3 - probe.elf (none)"
attempt --firmware none --firmware bios "$tmp/probe.elf" succeed twice
is "some firmwares, in that order" "$out" "1..2
ok 1 - probe.elf (none)
ok 2 - probe.elf (bios)"
attempt --qemu-arg -nonsense "$tmp/probe.elf" succeed twice
is "QEMU fails: 1" "$status" 1
like "QEMU fails: its kind, and its words" "$out" '^# .*nonsense'
ok "prove understands it" timeout 100 prove -v --exec "corrode test --accel tcg" "$hello"

refuses "a missing kernel" 125 'cannot open' corrode test "$tmp/missing.elf"
refuses "no kernel" 2 'test what' corrode test
refuses "an unknown firmware" 2 'choose one of bios' corrode test --firmware dos "$hello"
ok "--help works" corrode test --help

# Standard files.
refuses "a verdict that cannot be written" 125 'not all output could be written' \
    sh -c "exec corrode test --timeout 60 '$hello' >/dev/full"
refuses "help that cannot be written" 1 'not all output could be written' sh -c 'exec corrode --help >/dev/full'
ok "closed standard files do no harm" sh -c "exec corrode test --timeout 60 '$hello' <&- 2>&-"
