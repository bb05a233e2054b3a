/*
 * The PCI transport of virtio (kernel/drivers/virtio/virtio_pci.c) on devices that are made up. Their registers are
 * plain memory: what is written can be read back, which is enough of a device for all that is tested here.
 */
#include "tests/unit/unit.h"

#include "drivers/virtio/virtio_internal.h"
#include "drivers/virtio/virtio_pci.h"
#include "lib/errno.h"
#include "tests/unit/pci_machine.h"
#include "tests/unit/virtio_driver.h"

#include <string.h>

#define BAR 0x800000000ull
#define BAR_SIZE 0x4000u
#define COMMON 0x50 /* where the capabilities are */
#define ISR 0x60
#define DEVICE 0x70
#define NOTIFY 0x80
#define MSIX 0xa0

/* The common configuration, as far as it matters here. */
static struct {
    uint32_t feature; /* shown for both halves: bit 0 is VERSION_1, too */
    uint16_t queues, queue_size, notify_off;
    uint8_t isr;
} registers;

static uint8_t *common_memory, *isr_memory;

static void fill(uint64_t address, uint8_t *memory, size_t size)
{
    if (address == BAR) {
        common_memory = memory;
        memcpy(memory + 4, &registers.feature, 4);
        memcpy(memory + 18, &registers.queues, 2);
        memcpy(memory + 24, &registers.queue_size, 2);
        memcpy(memory + 30, &registers.notify_off, 2);
    } else if (address == BAR + 0x1000) {
        isr_memory = memory;
    }
}

static void put_part(struct fake_function *f, unsigned at, uint8_t next, uint8_t kind, uint32_t offset, uint32_t size)
{
    fake_capability(f, at, PCI_CAP_VENDOR, next);
    fake_put(f, at + 2, kind == 2 ? 20 : 16, 1);
    fake_put(f, at + 3, kind, 1);
    fake_put(f, at + 4, 4, 1);
    fake_put(f, at + 8, offset, 4);
    fake_put(f, at + 12, size, 4);
}

/* A transitional entropy device like QEMU's, with VECTORS MSI-X vectors. */
static struct fake_function *make(unsigned vectors)
{
    pci_machine_reset();
    memset(test_interrupts, 0, sizeof test_interrupts);
    test_device = NULL;
    test_driver_queues = 2;
    registers.feature = 1;
    registers.queues = 2;
    registers.queue_size = 64;
    registers.notify_off = 1;
    fake_fill = fill;
    struct fake_function *f = pci_machine_add(0, 3, 0, 0x1af4, 0x1005);
    fake_put(f, PCI_SUBSYSTEM, 4, 2);
    fake_put(f, PCI_INTERRUPT_LINE, 0x010b, 2);
    fake_bar64(f, 4, BAR, BAR_SIZE);
    put_part(f, COMMON, ISR, 1, 0, 0x1000);
    put_part(f, ISR, DEVICE, 3, 0x1000, 0x1000);
    put_part(f, DEVICE, NOTIFY, 4, 0x2000, 0x1000);
    put_part(f, NOTIFY, vectors != 0 ? MSIX : 0, 2, 0x3000, 0x800);
    fake_put(f, NOTIFY + 16, 4, 4);
    if (vectors != 0) {
        fake_capability(f, MSIX, PCI_CAP_MSIX, 0);
        fake_put(f, MSIX + 2, vectors - 1, 2);
        fake_put(f, MSIX + 4, 0x3800 | 4, 4);
    }
    return f;
}

static void end(void)
{
    if (test_device != NULL) {
        struct pci_device *pci = pci_machine_find(0, 3, 0);
        virtio_pci_release(test_device);
        assert_int_equal(pci->interrupt_mode, PCI_NO_INTERRUPTS);
        assert_null(pci->driver);
        assert_false(pci_read16(pci, PCI_COMMAND) & PCI_COMMAND_MASTER);
    }
    pci_machine_reset();
    assert_int_equal(fake_allocated, 0);
    assert_int_equal(fake_mapped, 0);
}

static void assert_driven(bool driven)
{
    pci_init(pci_drivers);
    assert_int_equal(test_device != NULL, driven);
    assert_int_equal(pci_machine_find(0, 3, 0)->driver != NULL, driven);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_probe(void **state)
{
    struct fake_function *f = make(3);
    assert_driven(true);
    assert_int_equal(test_device->features, VIRTIO_F_VERSION_1);
    assert_int_equal(common_memory[20], 15); /* all steps of the status */
    assert_int_equal(common_memory[28], 1);  /* the queue is enabled */
    assert_int_equal(common_memory[24], 16); /* with our size */
    uint16_t config_vector;
    memcpy(&config_vector, common_memory + 16, 2);
    assert_int_equal(config_vector, 0xffff);
    assert_true(fake_get(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    end();
}

static void test_modern_id(void **state)
{
    struct fake_function *f = make(3);
    fake_put(f, PCI_DEVICE, 0x1044, 2);
    fake_put(f, PCI_SUBSYSTEM, 0x1100, 2);
    assert_driven(true);
    end();
    static const uint16_t others[] = {0x1041, 0x1080, 0x0fff, 0xffff};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        f = make(3);
        fake_put(f, PCI_DEVICE, others[i], 2);
        assert_driven(false);
        end();
    }
}

/* Each part that is needed is missing, elsewhere, too small, or described badly. */
static void test_bad_parts(void **state)
{
    static const unsigned parts[] = {COMMON, ISR, NOTIFY};
    for (size_t i = 0; i < 3; i++) {
        static const struct {
            unsigned at, size;
            uint32_t value;
        } bad[] = {{3, 1, 9}, {3, 1, 0}, {2, 1, 15}, {4, 1, 3}, {4, 1, 6}, {8, 4, BAR_SIZE}, {8, 4, 0xfffffffc},
            {8, 4, 0x0001}, {12, 4, 0}, {12, 4, 0xffffffff}};
        for (size_t j = 0; j < ARRAY_LENGTH(bad); j++) {
            struct fake_function *f = make(3);
            fake_put(f, parts[i] + bad[j].at, bad[j].value, bad[j].size);
            bool huge = bad[j].value == 0xffffffff && parts[i] != NOTIFY; /* cut to a page, which the BAR has */
            assert_driven(huge);
            end();
        }
    }
    struct fake_function *f = make(3); /* no room for all of it in configuration space */
    put_part(f, ISR, 0xec, 3, 0x1000, 0x1000);
    put_part(f, 0xec, 0, 2, 0x3000, 0x800);
    fake_put(f, 0xee, 20, 1);
    pci_init(pci_drivers);
    assert_non_null(test_device); /* 0xec + 20 is the end */
    end();
    f = make(3);
    put_part(f, ISR, 0xf0, 3, 0x1000, 0x1000);
    fake_put(f, 0xf0, 0x0009, 2);
    fake_put(f, 0xf2, 0x0210, 2);
    assert_driven(false);
    end();
}

static void test_bad_registers(void **state)
{
    make(3);
    registers.feature = 0; /* from before version 1 */
    assert_driven(false);
    assert_int_equal(test_driver_begin, -ENOTSUP);
    end();
    make(3);
    registers.queues = 1; /* the driver wants two */
    assert_driven(false);
    end();
    make(3);
    registers.queue_size = 0;
    assert_driven(false);
    end();
    static const uint16_t offsets[] = {0x200, 0xffff};
    for (size_t i = 0; i < ARRAY_LENGTH(offsets); i++) {
        make(3);
        registers.notify_off = offsets[i];
        assert_driven(false);
        end();
    }
    make(3);
    registers.notify_off = 0x1ff; /* the last that there is room for */
    assert_driven(true);
    end();
}

static void test_interrupts_of_each(void **state)
{
    make(3);
    assert_driven(true);
    for (unsigned i = 0; i < 2; i++) {
        const struct fake_vector *v = &fake_vectors[INTERRUPT_FIRST + i];
        assert_int_equal(v->cpu, i);
        v->handler(v->argument);
        assert_int_equal(test_interrupts[i], 1);
    }
    assert_int_equal(test_interrupts[0], 1);
    end();
}

static void test_interrupt_for_all(void **state)
{
    make(1);
    assert_driven(true);
    assert_null(fake_vectors[INTERRUPT_FIRST + 1].handler);
    fake_vectors[INTERRUPT_FIRST].handler(fake_vectors[INTERRUPT_FIRST].argument);
    assert_int_equal(test_interrupts[0], 1);
    assert_int_equal(test_interrupts[1], 1);
    end();
}

/* On a wire it counts only when the device says that it was its own. */
static void test_wire(void **state)
{
    make(0);
    assert_driven(true);
    uint16_t vector;
    memcpy(&vector, common_memory + 26, 2);
    assert_int_equal(vector, 0xffff);
    const struct fake_gsi *gsi = &fake_gsis[11];
    gsi->handler(gsi->argument);
    assert_int_equal(test_interrupts[0], 0);
    *isr_memory = 2; /* only the configuration has changed */
    gsi->handler(gsi->argument);
    assert_int_equal(test_interrupts[0], 0);
    *isr_memory = 3;
    gsi->handler(gsi->argument);
    assert_int_equal(test_interrupts[0], 1);
    assert_int_equal(test_interrupts[1], 1);
    end();
}

static void test_no_vectors(void **state)
{
    make(3);
    fake_no_vectors = true;
    assert_driven(false);
    end();
    struct fake_function *f = make(0);
    fake_put(f, PCI_INTERRUPT_LINE, 0, 2);
    assert_driven(false);
    end();
}

/* Whichever allocation fails, all that was taken is given back. */
static void test_no_memory(void **state)
{
    unsigned failures = 0;
    for (bool driven = false; !driven; failures++) {
        make(3);
        fake_memory = failures + 1; /* the first is for struct pci_device */
        pci_init(pci_drivers);
        driven = test_device != NULL;
        end();
    }
    assert_true(failures >= 8);
}

UNIT_MAIN(cmocka_unit_test(test_probe), cmocka_unit_test(test_modern_id), cmocka_unit_test(test_bad_parts),
    cmocka_unit_test(test_bad_registers), cmocka_unit_test(test_interrupts_of_each),
    cmocka_unit_test(test_interrupt_for_all), cmocka_unit_test(test_wire), cmocka_unit_test(test_no_vectors),
    cmocka_unit_test(test_no_memory))
