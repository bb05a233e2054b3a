/*
 * The PCI transport of virtio devices, version 1: their registers are in memory BARs, where vendor-specific
 * capabilities say. Transitional devices have these too, beside the old ones, and are driven as modern ones.
 *
 * Interrupts: with MSI-X each queue has a vector of its own, if the device has enough, else all share one. Without
 * MSI-X there is one interrupt for everything, and the ISR register, which is cleared by reading it, says whether it
 * was us.
 *
 * Every capability is checked against the BAR that it is in before it is mapped (pci_map_bar); offsets that come later
 * from the device's registers are checked against the length of what was mapped.
 *
 * A device that no driver wants, or whose driver gives up, is reset and left alone. Those that are driven stay for
 * ever.
 *
 * Source: VIRTIO 1.2, 4.1.2 (discovery), 4.1.4 (layout), 4.1.5.1.2 (MSI-X vectors).
 */
#include "drivers/virtio/virtio_pci.h"

#include "drivers/drivers.h"
#include "drivers/virtio/virtio_internal.h"
#include "lib/errno.h"
#include "log.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#define LOG_NAME "virtio"

#define VENDOR_VIRTIO 0x1af4
#define TRANSITIONAL_FIRST 0x1000
#define MODERN_FIRST 0x1040 /* and the type */
#define MODERN_LAST 0x107f

/* Vendor-specific capability: what it is, in which BAR, and where there. */
enum { CAP_LENGTH = 2, CAP_KIND = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_SIZE = 12, CAP_END = 16, CAP_MULTIPLIER = 16 };
enum { KIND_COMMON = 1, KIND_NOTIFY = 2, KIND_ISR = 3, KIND_DEVICE = 4, KINDS };
#define CAPABILITIES_MOST 48

/* The common configuration, 4.1.4.3. */
struct common {
    uint32_t device_feature_select;
    uint32_t device_feature;
    uint32_t driver_feature_select;
    uint32_t driver_feature;
    uint16_t config_msix_vector;
    uint16_t num_queues;
    uint8_t device_status;
    uint8_t config_generation;
    uint16_t queue_select;
    uint16_t queue_size;
    uint16_t queue_msix_vector;
    uint16_t queue_enable;
    uint16_t queue_notify_off;
    uint32_t queue_descriptors[2]; /* low, high */
    uint32_t queue_available[2];
    uint32_t queue_used[2];
};
_Static_assert(sizeof(struct common) == 56, "common configuration");

#define NO_VECTOR 0xffff
#define ISR_QUEUE 1

/* How much of each part there must be at least, and what more than enough is. */
static const struct {
    uint32_t least, most;
} part_sizes[KINDS] = {
    [KIND_COMMON] = {sizeof(struct common), PAGE_SIZE},
    [KIND_NOTIFY] = {2, MIB(1)},
    [KIND_ISR] = {1, PAGE_SIZE},
    [KIND_DEVICE] = {1, PAGE_SIZE},
};

struct part {
    volatile uint8_t *memory; /* NULL: it is not there */
    uint32_t size;
};

struct virtio_pci {
    struct virtio_device device;
    struct pci_device *pci;
    struct part parts[KINDS];
    uint32_t notify_multiplier;
    bool interrupts_on;
    bool vector_each; /* every queue has an MSI-X vector of its own */
    bool shared_requested;
};

static struct virtio_pci *pci_of(struct virtio_device *device)
{
    return container_of(device, struct virtio_pci, device);
}

static volatile struct common *common_of(struct virtio_device *device)
{
    return (volatile struct common *)pci_of(device)->parts[KIND_COMMON].memory;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Registers
 */

static uint64_t read_features(struct virtio_device *device)
{
    volatile struct common *common = common_of(device);
    uint64_t features = 0;
    for (unsigned i = 0; i < 2; i++) {
        common->device_feature_select = i;
        features |= (uint64_t)common->device_feature << 32 * i;
    }
    return features;
}

static void write_features(struct virtio_device *device, uint64_t features)
{
    volatile struct common *common = common_of(device);
    for (unsigned i = 0; i < 2; i++) {
        common->driver_feature_select = i;
        common->driver_feature = (uint32_t)(features >> 32 * i);
    }
}

static uint8_t read_status(struct virtio_device *device)
{
    return common_of(device)->device_status;
}

static void write_status(struct virtio_device *device, uint8_t status)
{
    common_of(device)->device_status = status;
}

static uint8_t config_generation(struct virtio_device *device)
{
    return common_of(device)->config_generation;
}

static bool read_config(struct virtio_device *device, unsigned offset, void *to, size_t size)
{
    const struct part *part = &pci_of(device)->parts[KIND_DEVICE];
    uint8_t *bytes = to;
    if (part->memory == NULL || offset > part->size || size > part->size - offset)
        return false;
    for (size_t i = 0; i < size; i++)
        bytes[i] = part->memory[offset + i];
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Interrupts
 */

static void queue_interrupt(void *argument)
{
    struct virtio_queue *queue = argument;
    queue->handler(queue, queue->argument);
}

static void all_queues_interrupt(void *argument)
{
    struct virtio_pci *v = argument;
    if (v->pci->interrupt_mode != PCI_MSIX && !(*v->parts[KIND_ISR].memory & ISR_QUEUE))
        return; /* another device's on the same wire, or no queue's */
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        struct virtio_queue *queue = __atomic_load_n(&v->device.queues[i], __ATOMIC_ACQUIRE);
        if (queue != NULL && queue->handler != NULL)
            queue->handler(queue, queue->argument);
    }
}

static int turn_interrupts_on(struct virtio_pci *v)
{
    unsigned queues = (unsigned)min_u64(common_of(&v->device)->num_queues, VIRTIO_QUEUES_MAX);
    int count = pci_interrupts_enable(v->pci, queues);
    if (count < 0)
        return count;
    v->interrupts_on = true;
    v->vector_each = v->pci->interrupt_mode == PCI_MSIX && (unsigned)count >= queues;
    return 0;
}

/* Requests what brings the queue's interrupts; *entry: the MSI-X entry to name to the device. */
static int request_interrupt(
    struct virtio_pci *v, struct virtio_queue *queue, const char *name, unsigned cpu, uint16_t *entry)
{
    int result = v->interrupts_on ? 0 : turn_interrupts_on(v);
    if (result < 0)
        return result;
    *entry = v->pci->interrupt_mode != PCI_MSIX ? NO_VECTOR : v->vector_each ? queue->index : 0;
    if (v->vector_each)
        return pci_interrupt_request(v->pci, queue->index, queue_interrupt, queue, name, cpu);
    if (v->shared_requested)
        return 0;
    result = pci_interrupt_request(v->pci, 0, all_queues_interrupt, v, name, cpu);
    v->shared_requested = result == 0;
    return result;
}

static void stop(struct virtio_device *device)
{
    struct virtio_pci *v = pci_of(device);
    pci_interrupts_disable(v->pci);
    v->interrupts_on = v->vector_each = v->shared_requested = false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Queues
 */

static unsigned queue_size(struct virtio_device *device, unsigned index)
{
    volatile struct common *common = common_of(device);
    if (index >= common->num_queues)
        return 0;
    common->queue_select = (uint16_t)index;
    return common->queue_size;
}

static void write_address(volatile uint32_t *to, paddr_t address)
{
    to[0] = (uint32_t)address;
    to[1] = (uint32_t)(address >> 32);
}

static int queue_start(struct virtio_device *device, struct virtio_queue *queue,
    const struct virtio_ring_addresses *addresses, const char *name, unsigned cpu)
{
    struct virtio_pci *v = pci_of(device);
    volatile struct common *common = common_of(device);
    uint16_t entry = NO_VECTOR;
    int result = queue->handler != NULL ? request_interrupt(v, queue, name, cpu, &entry) : 0;
    if (result < 0)
        return result;

    common->queue_select = queue->index;
    uint64_t at = (uint64_t)common->queue_notify_off * v->notify_multiplier;
    if (at + 2 > v->parts[KIND_NOTIFY].size)
        return -EIO;
    queue->transport_data = (void *)(v->parts[KIND_NOTIFY].memory + at);
    common->queue_size = queue->size;
    common->queue_msix_vector = entry;
    if (common->queue_msix_vector != entry)
        return -EIO; /* the device has no room for another vector */
    write_address(common->queue_descriptors, addresses->descriptors);
    write_address(common->queue_available, addresses->available);
    write_address(common->queue_used, addresses->used);
    pci_enable(v->pci, PCI_COMMAND_MASTER);
    common->queue_enable = 1;
    return 0;
}

static void notify(struct virtio_queue *queue)
{
    *(volatile uint16_t *)queue->transport_data = queue->index;
}

static const struct virtio_transport_ops transport = {
    .read_features = read_features,
    .write_features = write_features,
    .read_status = read_status,
    .write_status = write_status,
    .queue_size = queue_size,
    .queue_start = queue_start,
    .notify = notify,
    .stop = stop,
    .config_generation = config_generation,
    .read_config = read_config,
    .allocate = virtio_memory_allocate,
    .release = virtio_memory_release,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Discovery
 */

/* Maps the part of the registers that the capability at AT describes, if it is one that is needed and sound. */
static void map_part(struct virtio_pci *v, unsigned at)
{
    unsigned length = pci_read8(v->pci, at + CAP_LENGTH), kind = pci_read8(v->pci, at + CAP_KIND);
    unsigned needed = kind == KIND_NOTIFY ? CAP_MULTIPLIER + 4 : CAP_END;
    if (kind == 0 || kind >= KINDS || v->parts[kind].memory != NULL || length < needed || at + needed > 256)
        return;
    uint32_t offset = pci_read32(v->pci, at + CAP_OFFSET), size = pci_read32(v->pci, at + CAP_SIZE);
    if (size < part_sizes[kind].least || !is_aligned(offset, 4))
        return;
    size = (uint32_t)min_u64(size, part_sizes[kind].most);
    v->parts[kind].memory = pci_map_bar(v->pci, pci_read8(v->pci, at + CAP_BAR), offset, size);
    v->parts[kind].size = size;
    if (kind == KIND_NOTIFY)
        v->notify_multiplier = pci_read32(v->pci, at + CAP_MULTIPLIER);
}

static void unmap_parts(struct virtio_pci *v)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (v->parts[kind].memory != NULL)
            vmap_free((void *)v->parts[kind].memory);
    }
}

/* A transitional device has its type in the subsystem ID. */
static uint16_t type_of(const struct pci_device *pci)
{
    return pci->device >= MODERN_FIRST ? (uint16_t)(pci->device - MODERN_FIRST) : pci->subsystem;
}

static const struct virtio_driver *driver_for(uint16_t type)
{
    for (const struct virtio_driver *const *driver = virtio_drivers; *driver != NULL; driver++) {
        if ((*driver)->type == type)
            return *driver;
    }
    return NULL;
}

static int start(struct virtio_pci *v, const struct virtio_driver *driver)
{
    unsigned at = 0;
    pci_enable(v->pci, PCI_COMMAND_MEMORY);
    for (unsigned i = 0; i < CAPABILITIES_MOST && (at = pci_capability(v->pci, PCI_CAP_VENDOR, at)) != 0; i++)
        map_part(v, at);
    if (v->parts[KIND_COMMON].memory == NULL || v->parts[KIND_NOTIFY].memory == NULL ||
        v->parts[KIND_ISR].memory == NULL)
        return -ENODEV; /* it only knows what came before version 1 */
    common_of(&v->device)->config_msix_vector = NO_VECTOR;
    int result = driver->probe(&v->device);
    if (result < 0)
        pci_disable(v->pci, PCI_COMMAND_MASTER);
    return result;
}

static int probe(struct pci_device *pci)
{
    uint16_t type = type_of(pci);
    const struct virtio_driver *driver = pci->device <= MODERN_LAST ? driver_for(type) : NULL;
    if (driver == NULL || pci->device < TRANSITIONAL_FIRST)
        return -ENODEV;
    struct virtio_pci *v = kmalloc(sizeof *v, ALLOC_ZERO);
    if (v == NULL) {
        log_warning("no memory to drive %02x:%02x.%u", pci->address.bus, pci->address.device, pci->address.function);
        return -ENOMEM;
    }
    v->pci = pci;
    v->device = (struct virtio_device){.type = type, .transport = &transport, .driver = driver};
    int result = start(v, driver);
    if (result < 0) {
        if (result == -EEXIST)
            log_info("one %s is enough: %02x:%02x.%u is left alone", driver->name, pci->address.bus,
                pci->address.device, pci->address.function);
        else
            log_warning("%s cannot drive %02x:%02x.%u (error %d)", driver->name, pci->address.bus, pci->address.device,
                pci->address.function, -result);
        unmap_parts(v);
        kfree(v);
        return result;
    }
    pci->driver_data = v;
    return 0;
}

void virtio_pci_release(struct virtio_device *device)
{
    struct virtio_pci *v = pci_of(device);
    virtio_fail(device);
    pci_disable(v->pci, PCI_COMMAND_MASTER);
    v->pci->driver = NULL;
    v->pci->driver_data = NULL;
    unmap_parts(v);
    kfree(v);
}

static const struct pci_match matches[] = {{.vendor = VENDOR_VIRTIO, .device = PCI_ANY}};

const struct pci_driver virtio_pci_driver = {
    .name = "virtio-pci",
    .matches = matches,
    .match_count = ARRAY_LENGTH(matches),
    .probe = probe,
};
