/*
 * PCI (kernel/drivers/pci) on machines that are made up: finding devices, BARs, capabilities, interrupts, drivers.
 */
#include "tests/unit/unit.h"

#include "lib/errno.h"
#include "mm/vmap.h"
#include "tests/unit/pci_machine.h"

#include <string.h>

static const struct pci_driver *const no_drivers[] = {NULL};

static struct fake_function *add_bridge(uint8_t bus, uint8_t device, uint8_t secondary)
{
    struct fake_function *f = pci_machine_add(bus, device, 0, 0x8086, 0x2448);
    fake_put(f, PCI_HEADER_TYPE, 1, 1);
    fake_put(f, PCI_REVISION, 0x06040000, 4);
    fake_put(f, PCI_SECONDARY_BUS, secondary, 1);
    return f;
}

/* Finds everything, and looks that it was done without harm. */
static void scan(void)
{
    pci_init(no_drivers);
    for (struct pci_device *d = pci_next(NULL); d != NULL; d = pci_next(d))
        assert_null(d->driver);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Finding devices
 */

static void test_identity(void **state)
{
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 31, 0, 0x1af4, 0x1041);
    fake_put(f, PCI_REVISION, 0x02000001, 4);
    fake_put(f, PCI_SUBSYSTEM_VENDOR, 0x11001af4, 4);
    fake_put(f, PCI_INTERRUPT_LINE, 0x010b, 2);
    scan();
    assert_int_equal(pci_machine_count(), 1);
    struct pci_device *d = pci_machine_find(0, 31, 0);
    assert_non_null(d);
    assert_int_equal(d->vendor, 0x1af4);
    assert_int_equal(d->device, 0x1041);
    assert_int_equal(d->class, 0x020000);
    assert_int_equal(d->revision, 1);
    assert_int_equal(d->subsystem_vendor, 0x1af4);
    assert_int_equal(d->subsystem, 0x1100);
    assert_int_equal(d->interrupt_line, 11);
    assert_int_equal(d->interrupt_pin, 1);
}

static void test_functions(void **state)
{
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 1, 0, 0x8086, 0x7000);
    fake_put(f, PCI_HEADER_TYPE, 0x80, 1);
    pci_machine_add(0, 1, 3, 0x8086, 0x7113);
    pci_machine_add(0, 1, 7, 0x8086, 0x7114);
    pci_machine_add(0, 2, 0, 0x1234, 0x1111);
    pci_machine_add(0, 2, 1, 0x1234, 0x2222); /* function 0 does not speak of others */
    pci_machine_add(0, 3, 1, 0x1234, 0x3333); /* without a function 0 */
    pci_machine_add(0, 4, 0, 0, 0x4444);      /* no vendor */
    scan();
    assert_int_equal(pci_machine_count(), 4);
    assert_non_null(pci_machine_find(0, 1, 7));
    assert_int_equal(pci_machine_find(0, 1, 3)->header_type, 0);
    assert_null(pci_machine_find(0, 2, 1));
    assert_null(pci_machine_find(0, 3, 1));
}

static void test_bridges(void **state)
{
    pci_machine_reset();
    add_bridge(0, 1, 1);
    add_bridge(0, 2, 9);
    add_bridge(1, 0, 2);
    add_bridge(2, 0, 255);
    pci_machine_add(2, 5, 0, 1, 2);
    pci_machine_add(9, 5, 0, 1, 2);
    pci_machine_add(255, 31, 0, 1, 2);
    pci_machine_add(3, 0, 0, 1, 2); /* no bridge leads there */
    scan();
    assert_int_equal(pci_machine_count(), 7);
    assert_non_null(pci_machine_find(255, 31, 0));
    assert_null(pci_machine_find(3, 0, 0));
    assert_int_equal(pci_warnings, 0);
}

static void test_bridge_loops(void **state)
{
    pci_machine_reset();
    add_bridge(0, 1, 1);
    add_bridge(0, 2, 1); /* the same bus again */
    add_bridge(0, 3, 0); /* not set up */
    add_bridge(1, 0, 1); /* to itself */
    add_bridge(1, 1, 2);
    add_bridge(2, 0, 1); /* back */
    scan();
    assert_int_equal(pci_machine_count(), 6);
    assert_int_equal(pci_warnings, 3);
}

/* Something that answers at every address, and says that it is a bridge wherever it is asked, ends the search. */
static void test_device_everywhere(void **state)
{
    uint8_t noise[10007];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = i % 13 == 0 ? (uint8_t)(i / 13) : 0x81; /* a bridge of several functions */
    pci_machine_reset();
    fake_noise = noise;
    fake_noise_size = sizeof noise;
    pci_init(no_drivers);
    assert_int_equal(pci_machine_count(), PCI_MAX_DEVICES);
    assert_true(pci_warnings > 0);
    assert_true(fake_reads < 200000);
    memset(noise, 0x81, sizeof noise); /* all lead to bus 81h */
    pci_machine_reset();
    fake_noise = noise;
    fake_noise_size = sizeof noise;
    pci_init(no_drivers);
    assert_int_equal(pci_machine_count(), 2 * 256);
    pci_machine_reset();
}

static void test_no_memory(void **state)
{
    pci_machine_reset();
    for (uint8_t i = 0; i < 10; i++)
        pci_machine_add(0, i, 0, 1, 2);
    fake_memory = 4;
    scan();
    assert_int_equal(pci_machine_count(), 4);
    assert_int_equal(pci_warnings, 1);
    pci_machine_reset();
    assert_int_equal(fake_allocated, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * BARs and capabilities
 */

static void assert_bar(const struct pci_device *d, unsigned i, enum pci_bar_kind kind, uint64_t address, uint64_t size)
{
    assert_int_equal(d->bars[i].kind, kind);
    assert_int_equal(d->bars[i].address, address);
    assert_int_equal(d->bars[i].size, size);
}

static void test_bars(void **state)
{
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 3, 0, 1, 2);
    fake_bar(f, 0, 0xfebf1000, 0x1000);
    fake_bar_io(f, 1, 0xc040, 0x20);
    fake_bar64(f, 2, 0x840000000000, GIB(8));
    fake_bar(f, 5, 0xfd000008, 0x1000000); /* prefetchable */
    f->bar_mask[5] &= ~15u;
    uint8_t before[256];
    memcpy(before, f->bytes, sizeof before);
    scan();
    struct pci_device *d = pci_machine_find(0, 3, 0);
    assert_bar(d, 0, PCI_BAR_MEMORY, 0xfebf1000, 0x1000);
    assert_bar(d, 1, PCI_BAR_IO, 0xc040, 0x20);
    assert_bar(d, 2, PCI_BAR_MEMORY, 0x840000000000, GIB(8));
    assert_bar(d, 3, PCI_BAR_NONE, 0, 0);
    assert_bar(d, 4, PCI_BAR_NONE, 0, 0);
    assert_bar(d, 5, PCI_BAR_MEMORY, 0xfd000000, 0x1000000);
    assert_true(d->bars[2].prefetchable && d->bars[5].prefetchable);
    assert_false(d->bars[0].prefetchable);
    assert_memory_equal(f->bytes, before, sizeof before); /* all is as it was */
    assert_int_equal(f->decoded_while_sizing, 0);
}

static void test_bad_bars(void **state)
{
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 3, 0, 1, 2);
    fake_bar(f, 0, 0xfebf1800, 0x1000);       /* one bit is stuck: so it is smaller */
    fake_bar(f, 1, 0, 0x1000);                /* not placed */
    fake_put(f, PCI_BAR0 + 8, 0xfebf0006, 4); /* a type that there is not */
    f->bar_mask[2] = 0xfffff000;
    fake_bar64(f, 3, 0xfff0000000000000, 0x1000); /* beyond what can be addressed */
    fake_put(f, PCI_BAR0 + 20, 0xfebf0004, 4);    /* 64 bits, and no second half */
    f->bar_mask[5] = 0xfffff000;
    scan();
    struct pci_device *d = pci_machine_find(0, 3, 0);
    assert_bar(d, 0, PCI_BAR_MEMORY, 0xfebf1800, 0x800);
    assert_bar(d, 1, PCI_BAR_MEMORY, 0, 0x1000);
    assert_bar(d, 2, PCI_BAR_NONE, 0, 0);
    assert_bar(d, 3, PCI_BAR_MEMORY, 0, 0x1000);
    assert_bar(d, 5, PCI_BAR_NONE, 0, 0);
    for (unsigned i = 1; i < 8; i++)
        assert_null(pci_map_bar(d, i, 0, 4));
}

/* A host bridge keeps its decoding; a bridge has two BARs, and other things where devices have more. */
static void test_bars_of_bridges(void **state)
{
    pci_machine_reset();
    struct fake_function *host = pci_machine_add(0, 0, 0, 0x8086, 0x1237);
    fake_put(host, PCI_REVISION, 0x06000000, 4);
    fake_bar(host, 0, 0xe0000000, 0x1000);
    struct fake_function *bridge = add_bridge(0, 1, 1);
    fake_bar(bridge, 1, 0xe0100000, 0x1000);
    scan();
    assert_bar(pci_machine_find(0, 0, 0), 0, PCI_BAR_NONE, 0, 0);
    assert_bar(pci_machine_find(0, 1, 0), 1, PCI_BAR_MEMORY, 0xe0100000, 0x1000);
    assert_bar(pci_machine_find(0, 1, 0), 2, PCI_BAR_NONE, 0, 0);
    assert_int_equal(fake_get(bridge, PCI_SECONDARY_BUS, 1), 1);
}

static void test_map_bar(void **state)
{
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 3, 0, 1, 2);
    fake_bar(f, 0, 0xfebf0000, 0x4000);
    fake_bar_io(f, 1, 0xc000, 0x20);
    scan();
    struct pci_device *d = pci_machine_find(0, 3, 0);
    void *mapping = pci_map_bar(d, 0, 0x3000, 0x1000);
    assert_non_null(mapping);
    assert_int_equal(fake_last_mapped, 0xfebf3000);
    vmap_free(mapping);
    assert_null(pci_map_bar(d, 0, 0x3000, 0x1001));
    assert_null(pci_map_bar(d, 0, 0x4000, 1));
    assert_null(pci_map_bar(d, 0, UINT64_MAX, 2));
    assert_null(pci_map_bar(d, 0, 1, UINT64_MAX));
    assert_null(pci_map_bar(d, 0, 0, 0));
    assert_null(pci_map_bar(d, 1, 0, 4));
    assert_null(pci_map_bar(d, 2, 0, 4));
}

static void test_capabilities(void **state)
{
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 3, 0, 1, 2);
    fake_capability(f, 0x98, PCI_CAP_MSIX, 0x84);
    fake_capability(f, 0x84, PCI_CAP_VENDOR, 0x70);
    fake_capability(f, 0x70, PCI_CAP_VENDOR, 0x61); /* the low two bits mean nothing */
    fake_capability(f, 0x60, PCI_CAP_EXPRESS, 0);
    scan();
    struct pci_device *d = pci_machine_find(0, 3, 0);
    assert_int_equal(pci_capability(d, PCI_CAP_MSIX, 0), 0x98);
    assert_int_equal(pci_capability(d, PCI_CAP_VENDOR, 0), 0x84);
    assert_int_equal(pci_capability(d, PCI_CAP_VENDOR, 0x84), 0x70);
    assert_int_equal(pci_capability(d, PCI_CAP_VENDOR, 0x70), 0);
    assert_int_equal(pci_capability(d, PCI_CAP_EXPRESS, 0), 0x60);
    assert_int_equal(pci_capability(d, PCI_CAP_MSI, 0), 0);
    fake_put(f, 0x61, 0x98, 1); /* around and around */
    assert_int_equal(pci_capability(d, PCI_CAP_MSI, 0), 0);
    assert_int_equal(pci_capability(d, PCI_CAP_VENDOR, 0x70), 0);
    fake_put(f, 0x61, 0x20, 1); /* into the header */
    assert_int_equal(pci_capability(d, PCI_CAP_MSI, 0), 0);
    fake_put(f, PCI_STATUS, 0, 2);
    assert_int_equal(pci_capability(d, PCI_CAP_MSIX, 0), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Interrupts
 */

static unsigned called[4];

static void handler(void *argument)
{
    called[(uintptr_t)argument]++;
}

/* A device with MSI-X (SIZE entries at 800h of BAR 4) and MSI. */
static struct pci_device *make_msix(struct fake_function **f, unsigned size)
{
    pci_machine_reset();
    *f = pci_machine_add(0, 3, 0, 1, 2);
    fake_bar64(*f, 4, 0x800000000, 0x4000);
    fake_capability(*f, 0x98, PCI_CAP_MSIX, 0x70);
    fake_put(*f, 0x9a, size - 1, 2);
    fake_put(*f, 0x9c, 0x800 | 4, 4);
    fake_capability(*f, 0x70, PCI_CAP_MSI, 0);
    fake_put(*f, 0x72, 0x80 | 3 << 4, 2); /* 64 bits; some multiple messages left enabled */
    fake_put(*f, PCI_INTERRUPT_LINE, 0x010b, 2);
    scan();
    return pci_machine_find(0, 3, 0);
}

static void test_msix(void **state)
{
    struct fake_function *f;
    struct pci_device *d = make_msix(&f, 3);
    assert_int_equal(pci_interrupts_enable(d, 8), 3);
    assert_int_equal(d->interrupt_mode, PCI_MSIX);
    assert_int_equal(fake_last_mapped, 0x800000800);
    assert_int_equal(fake_get(f, 0x9a, 2), 0x8002);
    assert_int_equal(fake_get(f, PCI_COMMAND, 2), PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_NO_INTX);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(d->msix_table[4 * i + 3], 1);
    assert_int_equal(pci_interrupts_enable(d, 8), -EBUSY);
    assert_int_equal(pci_msix_enable(d, 8), -EBUSY);

    assert_int_equal(pci_interrupt_request(d, 1, handler, (void *)1, "one", 7), 0);
    assert_int_equal(d->msix_table[4], 0xfee01000);
    assert_int_equal(d->msix_table[5], 0);
    assert_int_equal(d->msix_table[6], INTERRUPT_FIRST);
    assert_int_equal(d->msix_table[7], 0);
    assert_int_equal(d->msix_table[3], 1);
    assert_int_equal(fake_vectors[INTERRUPT_FIRST].cpu, 7);
    assert_int_equal(pci_interrupt_request(d, 1, handler, (void *)1, "one", 7), -EBUSY);
    assert_int_equal(pci_interrupt_request(d, 3, handler, (void *)1, "one", 7), -EINVAL);
    fake_no_vectors = true;
    assert_int_equal(pci_interrupt_request(d, 2, handler, (void *)1, "two", 7), -ENOSPC);
    assert_int_equal(d->msix_table[11], 1);

    pci_interrupts_disable(d);
    pci_interrupts_disable(d);
    assert_int_equal(fake_get(f, 0x9a, 2), 2);
    assert_null(fake_vectors[INTERRUPT_FIRST].handler);
    assert_int_equal(d->interrupt_mode, PCI_NO_INTERRUPTS);
    assert_int_equal(pci_interrupt_request(d, 0, handler, NULL, "none", 7), -EINVAL);
    assert_int_equal(fake_mapped, 0);
    assert_int_equal(pci_msix_enable(d, 2), 2);
    pci_interrupts_disable(d);
}

/* A table that is not in the BAR that it is said to be in leaves MSI. */
static void test_bad_msix(void **state)
{
    static const struct {
        uint32_t table;
        unsigned size;
    } bad[] = {
        {0x4000 | 4, 1}, {0x3ff8 | 4, 1}, {0x3000 | 4, 257}, {6, 1}, {7, 1}, {0, 1}, {5, 1}, {0xfffffff8 | 4, 2048}};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct fake_function *f;
        struct pci_device *d = make_msix(&f, bad[i].size);
        fake_put(f, 0x9c, bad[i].table, 4);
        assert_int_equal(pci_msix_enable(d, 1), -ENODEV);
        assert_int_equal(pci_interrupts_enable(d, 1), 1);
        assert_int_equal(d->interrupt_mode, PCI_MSI);
        pci_interrupts_disable(d);
        assert_int_equal(fake_mapped, 0);
    }
    struct fake_function *f;
    struct pci_device *d = make_msix(&f, 1);
    assert_int_equal(pci_msix_enable(d, 0), -ENODEV);
    fake_memory = 1; /* for the mapping, not for the list */
    assert_int_equal(pci_interrupts_enable(d, 1), -ENOMEM);
    assert_int_equal(fake_mapped, 0);
    fake_memory = UINT32_MAX;
    fake_put(f, PCI_CAPABILITIES, 0xf8, 1); /* no room for the capability */
    fake_put(f, 0xf8, PCI_CAP_MSIX, 4);
    assert_int_equal(pci_msix_enable(d, 1), -ENODEV);
    fake_put(f, 0xf8, PCI_CAP_MSI, 4);
    assert_int_equal(pci_interrupts_enable(d, 1), 1);
    assert_int_equal(d->interrupt_mode, PCI_INTX);
    pci_interrupts_disable(d);
}

static void test_msi(void **state)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        unsigned wide = kind & 1, maskable = kind & 2, data = wide ? 0x7c : 0x78;
        struct fake_function *f;
        struct pci_device *d = make_msix(&f, 3);
        fake_put(f, PCI_CAPABILITIES, 0x70, 1);
        fake_put(f, 0x72, (wide ? 0x80 : 0) | (maskable ? 0x100 : 0) | 0x3a, 2);
        fake_put(f, data + 2, 0xabcd, 2);
        fake_put(f, data + 4, 0xffffffff, 4);
        assert_int_equal(pci_interrupts_enable(d, 5), 1);
        assert_int_equal(fake_get(f, 0x72, 2) & 1, 0);
        assert_int_equal(pci_interrupt_request(d, 0, handler, (void *)1, "one", 0), 0);
        assert_int_equal(fake_get(f, 0x72, 2), (wide ? 0x80 : 0) | (maskable ? 0x100 : 0) | 0x0a | 1);
        assert_int_equal(fake_get(f, 0x74, 4), 0xfee01000);
        assert_int_equal(fake_get(f, data, 4), 0xabcd0000 | INTERRUPT_FIRST);
        assert_int_equal(fake_get(f, data + 4, 4), maskable ? 0 : 0xffffffff);
        assert_true(fake_get(f, PCI_COMMAND, 2) & PCI_COMMAND_NO_INTX);
        pci_interrupts_disable(d);
        assert_int_equal(fake_get(f, 0x72, 2) & 1, 0);
        assert_null(fake_vectors[INTERRUPT_FIRST].handler);
    }
}

/* Two devices share a wire; a third has one of its own. */
static void test_intx(void **state)
{
    struct fake_function *f;
    struct pci_device *d[3];
    make_msix(&f, 1);
    for (uint8_t i = 0; i < 2; i++) {
        struct fake_function *other = pci_machine_add(0, 4 + i, 0, 1, 2);
        fake_put(other, PCI_INTERRUPT_LINE, i == 0 ? 0x020b : 0x0305, 2);
    }
    pci_forget();
    scan();
    fake_msi_unsupported = true;
    memset(called, 0, sizeof called);
    for (uint8_t i = 0; i < 3; i++) {
        d[i] = pci_machine_find(0, 3 + i, 0);
        assert_int_equal(pci_interrupts_enable(d[i], 5), 1);
        assert_int_equal(d[i]->interrupt_mode, PCI_INTX);
        assert_int_equal(pci_interrupt_request(d[i], 0, handler, (void *)(uintptr_t)i, "x", 0), 0);
        assert_int_equal(pci_interrupt_request(d[i], 0, handler, (void *)(uintptr_t)i, "x", 0), -EBUSY);
    }
    assert_true(fake_gsis[11].level && !fake_gsis[11].active_low);
    assert_true(fake_gsis[21].level && fake_gsis[21].active_low);
    fake_gsis[11].handler(fake_gsis[11].argument);
    assert_int_equal(called[0], 1);
    assert_int_equal(called[1], 1);
    assert_int_equal(called[2], 0);
    fake_gsis[21].handler(fake_gsis[21].argument);
    assert_int_equal(called[2], 1);
    pci_interrupts_disable(d[0]);
    assert_true(fake_get(f, PCI_COMMAND, 2) & PCI_COMMAND_NO_INTX);
    fake_gsis[11].handler(fake_gsis[11].argument);
    assert_int_equal(called[0], 1);
    assert_int_equal(called[1], 2);
    pci_interrupts_disable(d[1]);
    pci_interrupts_disable(d[2]);
}

static void test_no_interrupts(void **state)
{
    static const uint16_t bad[] = {0x0000, 0x0100, 0x000b, 0x050b, 0x01ff, 0x0110};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        pci_machine_reset();
        struct fake_function *f = pci_machine_add(0, 3, 0, 1, 2);
        fake_put(f, PCI_INTERRUPT_LINE, bad[i], 2);
        scan();
        assert_int_equal(pci_interrupts_enable(pci_machine_find(0, 3, 0), 1), -ENODEV);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Drivers
 */

static unsigned probes;

static int probe_takes(struct pci_device *device)
{
    probes++;
    return 0;
}

static int probe_refuses(struct pci_device *device)
{
    probes++;
    return -ENODEV;
}

static void test_drivers(void **state)
{
    static const struct pci_match by_id[] = {{0x1af4, 0x1000, 0, 0}, {0x1af4, 0x1001, 0, 0}};
    static const struct pci_match by_class[] = {{PCI_ANY, PCI_ANY, 0x010600, 0xffff00}};
    static const struct pci_match by_vendor[] = {{0x8086, PCI_ANY, 0, 0}};
    static const struct pci_driver refuses = {"refuses", by_id, 2, probe_refuses};
    static const struct pci_driver ids = {"ids", by_id, 2, probe_takes};
    static const struct pci_driver classes = {"classes", by_class, 1, probe_takes};
    static const struct pci_driver vendors = {"vendors", by_vendor, 1, probe_takes};
    static const struct pci_driver *const all[] = {&refuses, &ids, &classes, &vendors, NULL};
    pci_machine_reset();
    pci_machine_add(0, 1, 0, 0x1af4, 0x1001);
    fake_put(pci_machine_add(0, 2, 0, 0x8086, 1), PCI_REVISION, 0x01060102, 4);
    fake_put(pci_machine_add(0, 3, 0, 0x8086, 1), PCI_REVISION, 0x01050102, 4);
    pci_machine_add(0, 4, 0, 0x1af4, 0x1002);
    probes = 0;
    pci_init(all);
    assert_ptr_equal(pci_machine_find(0, 1, 0)->driver, &ids);
    assert_ptr_equal(pci_machine_find(0, 2, 0)->driver, &classes);
    assert_ptr_equal(pci_machine_find(0, 3, 0)->driver, &vendors);
    assert_null(pci_machine_find(0, 4, 0)->driver);
    assert_int_equal(probes, 4);
}

UNIT_MAIN(cmocka_unit_test(test_identity), cmocka_unit_test(test_functions), cmocka_unit_test(test_bridges),
    cmocka_unit_test(test_bridge_loops), cmocka_unit_test(test_device_everywhere), cmocka_unit_test(test_no_memory),
    cmocka_unit_test(test_bars), cmocka_unit_test(test_bad_bars), cmocka_unit_test(test_bars_of_bridges),
    cmocka_unit_test(test_map_bar), cmocka_unit_test(test_capabilities), cmocka_unit_test(test_msix),
    cmocka_unit_test(test_bad_msix), cmocka_unit_test(test_msi), cmocka_unit_test(test_intx),
    cmocka_unit_test(test_no_interrupts), cmocka_unit_test(test_drivers))
