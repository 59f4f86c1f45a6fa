#include "CMeshLinux.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Static_assert(MESH_READABLE == EPOLLIN && MESH_WRITABLE == EPOLLOUT, "event bits");
_Static_assert(MESH_ERROR == EPOLLERR && MESH_HANGUP == EPOLLHUP && MESH_READ_HANGUP == EPOLLRDHUP, "event bits");

// From linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h, which are not always installed.
#define MESH_SO_ORIGINAL_DST 80

#define RESULT(expression)                 \
    do {                                   \
        long result_ = (expression);       \
        return result_ < 0 ? -errno : result_; \
    } while (0)

// MARK: Reactor

int mesh_epoll_create(void) { RESULT(epoll_create1(EPOLL_CLOEXEC)); }

static int epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    RESULT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int mesh_epoll_add_edge(int epoll, int fd, uint64_t token) {
    return epoll_add(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, token);
}

int mesh_epoll_add_level(int epoll, int fd, uint64_t token) { return epoll_add(epoll, fd, EPOLLIN, token); }

int mesh_epoll_remove(int epoll, int fd) {
    struct epoll_event event = {0};
    RESULT(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event));
}

int mesh_epoll_wait(int epoll, mesh_event *events, int capacity, int64_t timeout_ns) {
    enum { batch = 256 };
    struct epoll_event ready[batch];
    // Rounded up: waking before the deadline would spin until it has passed.
    int64_t timeout = timeout_ns < 0 ? -1 : (timeout_ns + 999999) / 1000000;
    if (timeout > 60000) timeout = 60000;
    int count = epoll_wait(epoll, ready, capacity < batch ? capacity : batch, (int)timeout);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        events[i].events = ready[i].events;
        events[i].token = ready[i].data.u64;
    }
    return count;
}

int mesh_eventfd(void) { RESULT(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int mesh_eventfd_signal(int fd) {
    uint64_t one = 1;
    RESULT(write(fd, &one, sizeof one));
}

int mesh_eventfd_drain(int fd) {
    uint64_t count;
    RESULT(read(fd, &count, sizeof count));
}

int mesh_signalfd(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error) return -error;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -errno;
    RESULT(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int mesh_signalfd_read(int fd) {
    struct signalfd_siginfo info;
    long count = read(fd, &info, sizeof info);
    if (count < 0) return -errno;
    return count == sizeof info ? (int)info.ssi_signo : -EIO;
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t mesh_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t mesh_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }

// MARK: Addresses

static socklen_t to_sockaddr(const mesh_address *from, struct sockaddr_storage *to) {
    memset(to, 0, sizeof *to);
    if (from->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)to;
        in->sin_family = AF_INET;
        in->sin_port = htons(from->port);
        memcpy(&in->sin_addr, from->bytes, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(from->port);
    memcpy(&in6->sin6_addr, from->bytes, 16);
    return sizeof *in6;
}

// An IPv4 peer of a dual-stack socket is v4-mapped; it becomes plain IPv4 here, so that one peer has one address.
static void from_sockaddr(const struct sockaddr_storage *from, mesh_address *to) {
    memset(to, 0, sizeof *to);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        to->family = 4;
        to->port = ntohs(in->sin_port);
        memcpy(to->bytes, &in->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        to->port = ntohs(in6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            to->family = 4;
            memcpy(to->bytes, in6->sin6_addr.s6_addr + 12, 4);
        } else {
            to->family = 6;
            memcpy(to->bytes, &in6->sin6_addr, 16);
        }
    }
}

// MARK: Sockets

static int set_int(int fd, int level, int name, int value) {
    RESULT(setsockopt(fd, level, name, &value, sizeof value));
}

int mesh_listen(const mesh_address *address, int backlog, int reuse_port) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(address, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!error && reuse_port) error = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    // The unspecified IPv6 address serves IPv4 as well; any other address serves its own family.
    if (!error && address->family == 6) {
        static const uint8_t unspecified[16];
        error = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, memcmp(address->bytes, unspecified, 16) != 0);
    }
    if (!error && bind(fd, (struct sockaddr *)&storage, length) < 0) error = -errno;
    if (!error && listen(fd, backlog) < 0) error = -errno;
    if (error) {
        close(fd);
        return error;
    }
    return fd;
}

int mesh_accept(int fd, mesh_address *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int accepted = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return -errno;
    from_sockaddr(&storage, peer);
    return accepted;
}

int mesh_socket(int family) {
    RESULT(socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int mesh_connect(int fd, const mesh_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(address, &storage);
    RESULT(connect(fd, (struct sockaddr *)&storage, length));
}

int mesh_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

long mesh_recv(int fd, void *bytes, size_t count) { RESULT(recv(fd, bytes, count, 0)); }

long mesh_peek(int fd, void *bytes, size_t count) { RESULT(recv(fd, bytes, count, MSG_PEEK)); }

long mesh_send(int fd, const void *bytes, size_t count, int more) {
    RESULT(send(fd, bytes, count, MSG_NOSIGNAL | (more ? MSG_MORE : 0)));
}

long mesh_send2(int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
    struct iovec parts[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    RESULT(sendmsg(fd, &message, MSG_NOSIGNAL));
}

int mesh_shutdown_write(int fd) { RESULT(shutdown(fd, SHUT_WR)); }

int mesh_close(int fd) { RESULT(close(fd)); }

int mesh_local_address(int fd, mesh_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    from_sockaddr(&storage, address);
    return 0;
}

int mesh_peer_address(int fd, mesh_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getpeername(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    from_sockaddr(&storage, address);
    return 0;
}

int mesh_original_destination(int fd, mesh_address *address) {
    mesh_address local;
    int error = mesh_local_address(fd, &local);
    if (error) return error;
    struct sockaddr_storage storage = {0};
    socklen_t length = sizeof storage;
    // `local` is folded, so a v4-mapped connection is asked for at the IPv4 level, where its conntrack entry lives.
    int level = local.family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
    if (getsockopt(fd, level, MESH_SO_ORIGINAL_DST, &storage, &length) < 0) return -errno;
    from_sockaddr(&storage, address);
    return 0;
}

int mesh_set_nodelay(int fd) { return set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

int mesh_set_keepalive(int fd, int seconds) {
    int error = set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (!error) error = set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    return error ? error : set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
}

int mesh_set_user_timeout(int fd, int milliseconds) {
    return set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds);
}

int mesh_set_reset_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    RESULT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int mesh_set_buffer_sizes(int fd, int receive, int send) {
    int error = receive > 0 ? set_int(fd, SOL_SOCKET, SO_RCVBUF, receive) : 0;
    return error || send <= 0 ? error : set_int(fd, SOL_SOCKET, SO_SNDBUF, send);
}

int mesh_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return limit.rlim_cur > INT32_MAX ? INT32_MAX : (int)limit.rlim_cur;
}

// Bounds of the program's code, set by the linker.
extern const char __executable_start[], etext[];

int mesh_release_code(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)__executable_start + page - 1) & ~(page - 1), end = (uintptr_t)etext & ~(page - 1);
    if (start >= end) return 0;
    // Code is mapped from the program's file and never written: what is needed again comes back from the page cache.
    RESULT(madvise((void *)start, end - start, MADV_DONTNEED));
}

// MARK: Pipes

int mesh_pipe(int *ends, int size) {
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
    // Best effort: an unprivileged user may be past the pipe-user-pages limit, and the default size works too.
    int actual = fcntl(ends[1], F_SETPIPE_SZ, size);
    return actual < 0 ? 65536 : actual;
}

long mesh_splice(int from, int to, size_t count) {
    RESULT(splice(from, NULL, to, NULL, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}

// MARK: Datagrams

int mesh_udp(const mesh_address *peer) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(peer, &storage);
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&storage, length) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

// MARK: Threads

struct start {
    void (*run)(void *);
    void *context;
    char name[16];
};

static void *trampoline(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.context);
    return NULL;
}

int mesh_thread_start(const char *name, void (*run)(void *), void *context) {
    struct start *start = malloc(sizeof *start);
    if (!start) return -ENOMEM;
    start->run = run;
    start->context = context;
    strncpy(start->name, name, sizeof start->name - 1);
    start->name[sizeof start->name - 1] = 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, trampoline, start);
    pthread_attr_destroy(&attributes);
    if (error) free(start);
    return -error;
}
