// The Linux calls that Swift's Glibc overlay cannot express: variadic functions, unions, macros, GNU extensions.
// Every function returns a count or descriptor ≥ 0, or the negated errno, so that no caller reads errno itself.
#ifndef HEDDLE_CMESHLINUX_H
#define HEDDLE_CMESHLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/// An address in a shape that Swift can read: IPv4 in the first four bytes, network order.
typedef struct {
    uint8_t family;  // 4 or 6; 0: none (a Unix socket, say)
    uint16_t port;   // host order
    uint8_t bytes[16];
} mesh_address;

/// One ready descriptor: what happened, and the token given at registration.
typedef struct {
    uint32_t events;
    uint64_t token;
} mesh_event;

// Event bits of mesh_event.
#define MESH_READABLE 0x001u
#define MESH_WRITABLE 0x004u
#define MESH_ERROR 0x008u
#define MESH_HANGUP 0x010u
#define MESH_READ_HANGUP 0x2000u

// Reactor
int mesh_epoll_create(void);
int mesh_epoll_add_edge(int epoll, int fd, uint64_t token);
int mesh_epoll_add_level(int epoll, int fd, uint64_t token);
int mesh_epoll_remove(int epoll, int fd);
/// Waits at most `timeout_ns` nanoseconds, forever when negative.
int mesh_epoll_wait(int epoll, mesh_event *events, int capacity, int64_t timeout_ns);
int mesh_eventfd(void);
int mesh_eventfd_signal(int fd);
int mesh_eventfd_drain(int fd);
/// Blocks SIGTERM, SIGINT and SIGUSR1 for this thread and those it starts, ignores SIGPIPE, and returns a signalfd.
int mesh_signalfd(void);
/// The next signal number, or -EAGAIN.
int mesh_signalfd_read(int fd);
int64_t mesh_monotonic_ns(void);
int64_t mesh_realtime_ns(void);

// Sockets
int mesh_listen(const mesh_address *address, int backlog, int reuse_port);
int mesh_accept(int fd, mesh_address *peer);
/// A non-blocking stream socket; 4 or 6.
int mesh_socket(int family);
/// 0: connected, -EINPROGRESS: wait for writability.
int mesh_connect(int fd, const mesh_address *address);
int mesh_socket_error(int fd);
long mesh_recv(int fd, void *bytes, size_t count);
long mesh_peek(int fd, void *bytes, size_t count);
long mesh_send(int fd, const void *bytes, size_t count, int more);
/// Sends two runs of bytes with one call.
long mesh_send2(int fd, const void *first, size_t first_count, const void *second, size_t second_count);
int mesh_shutdown_write(int fd);
int mesh_close(int fd);
int mesh_local_address(int fd, mesh_address *address);
int mesh_peer_address(int fd, mesh_address *address);
/// Where the client meant to go before the kernel redirected it; -ENOENT without redirection.
int mesh_original_destination(int fd, mesh_address *address);
int mesh_set_nodelay(int fd);
/// Idle time until the first probe and between probes, in seconds.
int mesh_set_keepalive(int fd, int seconds);
int mesh_set_user_timeout(int fd, int milliseconds);
/// Makes the next close send RST instead of FIN.
int mesh_set_reset_on_close(int fd);
int mesh_set_buffer_sizes(int fd, int receive, int send);
int mesh_raise_descriptor_limit(void);
/// Lets go of the pages of the program's code; those that are needed again are mapped again.
int mesh_release_code(void);

// Pipes, for splice
int mesh_pipe(int *ends, int size);
long mesh_splice(int from, int to, size_t count);

// Datagrams, for DNS
int mesh_udp(const mesh_address *peer);

// Threads
/// Starts `run(context)` on a new thread of this name; the thread is detached.
int mesh_thread_start(const char *name, void (*run)(void *), void *context);

#endif
