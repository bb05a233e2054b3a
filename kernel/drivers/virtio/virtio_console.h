/*
 * The virtio console device: ports, through which bytes go to the machine monitor and come from it. Port 0 is a
 * console, which tty/port_tty.h makes the terminal /dev/hvc0; the others are what their users agree on: /dev/vport0p1
 * and so on (virtio_port_file.c).
 *
 *     struct virtio_port *port = virtio_port(1);
 *     error = virtio_port_open(port);                         memory for its buffers; the monitor is told
 *     bytes = virtio_port_peek(port, 0, &length);             what has come and not been skipped
 *     virtio_port_skip(port, length);
 *     buffer = virtio_port_room(port);                        VIRTIO_PORT_BUFFER bytes; the caller's, until
 *     virtio_port_send(port, buffer, length);                 it goes
 *
 * Reading is one reader's at a time, and the reader's business. All but open and close may be called in any context.
 *
 * Source: VIRTIO 1.2, 5.3.
 */
#ifndef CORRODE_DRIVERS_VIRTIO_CONSOLE_H
#define CORRODE_DRIVERS_VIRTIO_CONSOLE_H

#include "drivers/virtio/virtio.h"
#include "sched/wait.h"

extern const struct virtio_driver virtio_console_driver;

#define VIRTIO_PORTS 7 /* as far as VIRTIO_QUEUES_MAX goes: four queues for port 0 and control, two for each other */
#define VIRTIO_PORT_BUFFER 16384

struct virtio_port;
struct virtio_port *virtio_port(unsigned number); /* NULL: there is none */
bool virtio_port_is_terminal(const struct virtio_port *port);

/* As often as it is opened it has to be closed. 0 or -ENOMEM. Thread context. */
int virtio_port_open(struct virtio_port *port);
void virtio_port_close(struct virtio_port *port);

/* Is there somebody at the other end? If not, nothing will come but what is there, and what is sent is lost. */
bool virtio_port_is_connected(const struct virtio_port *port);

/* Piece INDEX of what has come, the first being 0; NULL: there are not so many. Skipping goes from piece to piece. */
const uint8_t *virtio_port_peek(struct virtio_port *port, unsigned index, size_t *length);
void virtio_port_skip(struct virtio_port *port, size_t length);
bool virtio_port_has_input(const struct virtio_port *port); /* a hint */
size_t virtio_port_count(struct virtio_port *port);         /* bytes that have come */

/* A buffer to fill; NULL: all are under way. LENGTH 0 gives it back. */
struct virtio_port_buffer;
void *virtio_port_room(struct virtio_port *port);
void virtio_port_send(struct virtio_port *port, void *buffer, size_t length);
bool virtio_port_has_room(struct virtio_port *port);
bool virtio_port_is_sent(struct virtio_port *port); /* nothing is under way any more */

/* Woken when something has come (readers), room has (writers), and both when the other end comes or goes. */
struct wait_queue *virtio_port_readers(struct virtio_port *port);
struct wait_queue *virtio_port_writers(struct virtio_port *port);

/* The same as calls, with no lock held; NULL: nobody wants to know. */
void virtio_port_set_notify(
    struct virtio_port *port, void (*input)(void *context), void (*room)(void *context), void *context);

/* virtio_port_file.c: makes the port a device. Thread context. */
void virtio_port_register(struct virtio_port *port, unsigned number);

#endif
