/*
 * Options of sockets, at the level SOL_SOCKET: those that all families have.
 *
 * Source: socket(7).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/socket.h"
#include "net/unix.h"

enum option {
    SO_DEBUG = 1,
    SO_REUSEADDR,
    SO_TYPE,
    SO_ERROR,
    SO_DONTROUTE,
    SO_BROADCAST,
    SO_SNDBUF,
    SO_RCVBUF,
    SO_KEEPALIVE,
    SO_OOBINLINE,
    SO_NO_CHECK,
    SO_PRIORITY,
    SO_LINGER,
    SO_REUSEPORT = 15,
    SO_PASSCRED,
    SO_PEERCRED,
    SO_RCVLOWAT,
    SO_SNDLOWAT,
    SO_RCVTIMEO,
    SO_SNDTIMEO,
    SO_TIMESTAMP = 29,
    SO_ACCEPTCONN,
    SO_PEERSEC,
    SO_SNDBUFFORCE,
    SO_RCVBUFFORCE,
    SO_PROTOCOL = 38,
    SO_DOMAIN,
};

/* Those that are on or off, and make no difference here. */
#define REMEMBERED                                                                                                     \
    (1u << SO_DEBUG | 1u << SO_REUSEADDR | 1u << SO_DONTROUTE | 1u << SO_BROADCAST | 1u << SO_KEEPALIVE |              \
        1u << SO_OOBINLINE | 1u << SO_NO_CHECK | 1u << SO_REUSEPORT | 1u << SO_TIMESTAMP)

#define BUFFER_MIN 2304
#define BUFFER_MAX (2 * 212992)

struct timeval {
    int64_t seconds, microseconds;
};

static bool is_remembered(int option)
{
    return option > 0 && option < 32 && REMEMBERED >> option & 1;
}

static int answer(void *value, size_t *size, const void *what, size_t length)
{
    *size = min_u64(*size, length);
    memcpy(value, what, *size);
    return 0;
}

static int answer_number(void *value, size_t *size, int number)
{
    return answer(value, size, &number, sizeof number);
}

static int answer_timeout(void *value, size_t *size, uint64_t ns)
{
    struct timeval time = {0, 0};
    if (ns != THREAD_FOREVER)
        time = (struct timeval){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / NS_PER_US)};
    return answer(value, size, &time, sizeof time);
}

int socket_get_option(struct socket *socket, int option, void *value, size_t *size)
{
    struct socket_user user = {0, ~0u, ~0u};
    if (is_remembered(option))
        return answer_number(value, size, socket->options >> option & 1);
    switch (option) {
    case SO_TYPE: return answer_number(value, size, socket->type);
    case SO_DOMAIN: return answer_number(value, size, socket->family);
    case SO_PROTOCOL: return answer_number(value, size, socket->protocol);
    case SO_ERROR: return answer_number(value, size, __atomic_exchange_n(&socket->error, 0, __ATOMIC_RELAXED));
    case SO_SNDBUF: return answer_number(value, size, socket->send_buffer);
    case SO_RCVBUF: return answer_number(value, size, socket->receive_buffer);
    case SO_PRIORITY: return answer_number(value, size, socket->priority);
    case SO_LINGER: return answer(value, size, socket->linger, sizeof socket->linger);
    case SO_PASSCRED: return answer_number(value, size, socket->passes_user);
    case SO_RCVLOWAT:
    case SO_SNDLOWAT: return answer_number(value, size, 1);
    case SO_RCVTIMEO: return answer_timeout(value, size, socket->receive_timeout);
    case SO_SNDTIMEO: return answer_timeout(value, size, socket->send_timeout);
    case SO_ACCEPTCONN: return answer_number(value, size, socket->ops->listens && socket->ops->listens(socket));
    case SO_PEERCRED:
        if (socket->ops->peer_user)
            socket->ops->peer_user(socket, &user);
        return answer(value, size, &user, sizeof user);
    default: return -ENOPROTOOPT;
    }
}

/* Linux counts its own overhead, too: what is asked for is doubled. */
static int set_buffer(int32_t *buffer, int wanted, bool forced)
{
    int64_t doubled = 2 * (int64_t)wanted;
    if (!forced)
        doubled = (int64_t)min_u64((uint64_t)max_u64((uint64_t)(doubled < 0 ? INT32_MAX : doubled), 0), BUFFER_MAX);
    *buffer = (int32_t)(doubled < BUFFER_MIN ? BUFFER_MIN : doubled > INT32_MAX ? INT32_MAX : doubled);
    return 0;
}

static int set_timeout(uint64_t *timeout, const void *value, size_t size)
{
    struct timeval time;
    if (size < sizeof time)
        return -EINVAL;
    memcpy(&time, value, sizeof time);
    if (time.microseconds < 0 || time.microseconds >= 1000000)
        return -EDOM;
    if (time.seconds < 0)
        *timeout = 0;
    else if ((time.seconds == 0 && time.microseconds == 0) || time.seconds >= (int64_t)(THREAD_FOREVER / NS_PER_SECOND))
        *timeout = THREAD_FOREVER;
    else
        *timeout = (uint64_t)time.seconds * NS_PER_SECOND + (uint64_t)time.microseconds * NS_PER_US;
    return 0;
}

static int set_linger(struct socket *socket, const void *value, size_t size)
{
    if (size < sizeof socket->linger)
        return -EINVAL;
    memcpy(socket->linger, value, sizeof socket->linger);
    return 0;
}

int socket_set_option(struct socket *socket, int option, const void *value, size_t size, bool privileged)
{
    int number;
    if (size < sizeof number)
        return -EINVAL;
    memcpy(&number, value, sizeof number);
    if (is_remembered(option)) {
        uint32_t bit = 1u << option;
        socket->options = number ? socket->options | bit : socket->options & ~bit;
        return 0;
    }
    switch (option) {
    case SO_SNDBUFFORCE:
    case SO_RCVBUFFORCE:
        if (!privileged)
            return -EPERM;
        return set_buffer(option == SO_SNDBUFFORCE ? &socket->send_buffer : &socket->receive_buffer, number, true);
    case SO_SNDBUF: return set_buffer(&socket->send_buffer, number, false);
    case SO_RCVBUF: return set_buffer(&socket->receive_buffer, number, false);
    case SO_PRIORITY:
        if ((number < 0 || number > 6) && !privileged)
            return -EPERM;
        socket->priority = number;
        return 0;
    case SO_LINGER: return set_linger(socket, value, size);
    case SO_PASSCRED: socket->passes_user = number != 0; return 0;
    case SO_RCVLOWAT: return 0;
    case SO_RCVTIMEO: return set_timeout(&socket->receive_timeout, value, size);
    case SO_SNDTIMEO: return set_timeout(&socket->send_timeout, value, size);
    default: return -ENOPROTOOPT;
    }
}
