/*
 * Fuzzes the search for PCI devices and what drivers do with them (kernel/drivers/pci). The first byte says what the
 * rest is: 0: everything that is read comes from it, over and over, so that not even the same register reads the same
 * twice; else records of 260 bytes: bus, device, function, which bits of BARs are fixed, configuration space.
 *
 * The search must end, and what is found must make sense.
 */
#include "mm/vmap.h"
#include "tests/unit/pci_machine.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void handler(void *argument) {}

static void check_bars(const struct pci_device *d)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &d->bars[i];
        require(bar->kind <= PCI_BAR_IO);
        require(bar->kind == PCI_BAR_NONE || (bar->size != 0 && (bar->size & (bar->size - 1)) == 0));
        require(bar->address == 0 || bar->kind != PCI_BAR_NONE);
        require(bar->size == 0 || is_aligned(bar->address, bar->size));
        require(bar->address + bar->size <= 1ull << 52);
        require(bar->kind != PCI_BAR_IO || bar->address + bar->size <= 0x10000);
    }
}

static void check_device(struct pci_device *d)
{
    check_bars(d);
    unsigned steps = 0;
    for (unsigned at = 0; (at = pci_capability(d, PCI_CAP_VENDOR, at)) != 0; steps++) {
        require(at >= 0x40 && at <= 0xfc);
        require(steps < 64 || fake_noise != NULL); /* who never says the same twice may go on for ever */
        if (steps == 1000)
            break;
    }
    void *mapping = pci_map_bar(d, 0, 8, 8);
    if (mapping != NULL)
        vmap_free(mapping);
    int count = pci_interrupts_enable(d, 4);
    require(count <= 4);
    for (int i = 0; i < count; i++)
        pci_interrupt_request(d, (unsigned)i, handler, d, "fuzz", INTERRUPT_ANY_CPU);
    pci_interrupts_disable(d);
}

static void add_functions(const uint8_t *data, size_t size)
{
    for (unsigned n = 0; n < FAKE_FUNCTIONS && size >= 4; n++) {
        size_t part = size < 260 ? size : 260;
        struct fake_function *f = pci_machine_add(data[0] % 4, data[1] % 32, data[2] % 8, 1, 2);
        memcpy(f->bytes, data + 4, part - 4);
        for (unsigned i = 0; i < PCI_BARS; i++)
            f->bar_mask[i] = data[3] & 0x80 ? (uint32_t)(int32_t)(int8_t)(data[3] << i) : ~0u << (data[3] + i) % 32;
        data += part;
        size -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pci_driver *const no_drivers[] = {NULL};
    if (size < 2)
        return 0;
    pci_machine_reset();
    memset(fake_gsis, 0, sizeof fake_gsis);
    if (data[0] == 0) {
        fake_noise = data + 1;
        fake_noise_size = size - 1;
    } else {
        add_functions(data + 1, size - 1);
    }
    pci_init(no_drivers);
    require(pci_machine_count() <= PCI_MAX_DEVICES);
    unsigned n = 0;
    for (struct pci_device *d = pci_next(NULL); d != NULL && n < 32; d = pci_next(d), n++)
        check_device(d);
    require(fake_mapped == 0);
    return 0;
}
