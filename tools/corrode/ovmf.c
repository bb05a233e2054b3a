/* Finding OVMF: see ovmf.h. */
#include "ovmf.h"

#include "cleanup.h"
#include "file.h"
#include "lib/types.h"
#include "report.h"

#include <unistd.h>

/* Code and variables as two flash chips, or (variables NULL) both in one file. */
static const struct {
    const char *code, *variables;
} places[] = {
    {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"}, /* Debian, Ubuntu */
    {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},     /* Fedora */
    {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"}, /* Arch */
    {"/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"},
    {"/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"}, /* openSUSE */
    {"/usr/share/ovmf/OVMF.fd", NULL},
    {"/usr/share/qemu/OVMF.fd", NULL},
};

void ovmf_add(struct strings *command)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
        const char *code = places[i].code, *variables = places[i].variables;
        if (access(code, R_OK) < 0 || (variables && access(variables, R_OK) < 0))
            continue;
        if (!variables) {
            strings_add(command, "-bios");
            strings_add(command, "%s", code);
            return;
        }
        struct file original = file_load(variables);
        char *copy = cleanup_path("OVMF_VARS.fd");
        unlink(copy);
        file_save(copy, original.data, original.size);
        strings_add(command, "-drive");
        strings_add(command, "if=pflash,unit=0,format=raw,readonly=on,file=%s", code);
        strings_add(command, "-drive");
        strings_add(command, "if=pflash,unit=1,format=raw,file=%s", text_escape_commas(copy));
        return;
    }
    fatal(
        NULL, "no UEFI firmware for QEMU found; install the package ovmf (Debian, Ubuntu) or edk2-ovmf (Fedora, Arch)");
}
