// HTTP/1.1 on keep-alive connections, opaque bytes, and connections that are held idle.
#include "load.h"
#include <sys/timerfd.h>

static const char request[] =
    "GET /api/v1/items/12345?verbose=1 HTTP/1.1\r\nhost: backend.default.svc.cluster.local\r\n"
    "user-agent: load/1.0 (linux; x86_64)\r\naccept: application/json\r\naccept-encoding: gzip, deflate\r\n"
    "x-request-id: 7b2d0a5e-3c0f-4a55-9f1e-0d6a8c1b2f34\r\n"
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
    "cookie: session=0123456789abcdef0123456789abcdef\r\n\r\n";

static struct { uint64_t since; int got, need; bool ok; } states[connections_max];
static int unused[connections_max], unused_count;
static char buffer[1 << 18];

static int opened(void) {
    int fd = connect_to(&load.server);
    if (fd < 0) stop("connect");
    watch(load.poller, fd, EPOLLIN);
    return fd;
}

static void send_request(uint64_t since) {
    int fd = unused[--unused_count];
    states[fd].since = since;
    states[fd].got = states[fd].need = 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1) load_failed();
}

static void replace(int fd) {
    load_failed();
    close(fd);
    unused[unused_count++] = opened();
}

// Takes what has come of an answer; true when it is whole.
static bool received(int fd) {
    ssize_t count = recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
        replace(fd);
        return false;
    }
    if (states[fd].got == 0) {
        buffer[count] = 0;
        char *end = strstr(buffer, "\r\n\r\n"), *length = strcasestr(buffer, "content-length:");
        states[fd].ok = end && length && strncmp(buffer, "HTTP/1.1 200", 12) == 0;
        states[fd].need = states[fd].ok ? (int)(end - buffer) + 4 + atoi(length + 15) : (int)count;
    }
    states[fd].got += (int)count;
    if (states[fd].got < states[fd].need) return false;
    load_done(states[fd].since, states[fd].ok);
    unused[unused_count++] = fd;
    return true;
}

void http1_run(void) {
    for (int index = 0; index < load.connections; index++) unused[unused_count++] = opened();
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(load.poller, timer, EPOLLIN);
    uint64_t start = now_ns(), next = 0, now;
    double gap = load.rate > 0 ? 1e9 / load.rate : 0;
    struct epoll_event events[512];
    while (load_goes_on(now = now_ns())) {
        if (load.rate > 0) {
            uint64_t due;
            while ((due = start + (uint64_t)((double)next * gap)) <= now && unused_count > 0) send_request(due), next++;
            struct itimerspec alarm = {.it_value = {(time_t)(due / 1000000000), (long)(due % 1000000000)}};
            if (unused_count > 0) timerfd_settime(timer, TFD_TIMER_ABSTIME, &alarm, NULL);
        } else {
            while (unused_count > 0) send_request(now_ns());
        }
        int ready = epoll_wait(load.poller, events, 512, 100);
        for (int index = 0; index < ready; index++) {
            uint64_t ticks;
            if (events[index].data.fd == timer) (void)!read(timer, &ticks, sizeof ticks);
            else received(events[index].data.fd);
        }
    }
}

void read_run(void) {
    for (int index = 0; index < load.connections; index++) opened();
    struct epoll_event events[512];
    while (load_goes_on(now_ns())) {
        int ready = epoll_wait(load.poller, events, 512, 100);
        for (int index = 0; index < ready; index++) {
            ssize_t count = recv(events[index].data.fd, buffer, sizeof buffer, MSG_DONTWAIT);
            if (count > 0) load_bytes((uint64_t)count);
            else if (count == 0 || errno != EAGAIN) {
                close(events[index].data.fd);
                load_failed();
                opened();
            }
        }
    }
}

void hold_run(void) {
    for (int index = 0; index < load.connections; index++) {
        int fd = unused[unused_count++] = opened();
        send_request(now_ns());
        struct epoll_event event;
        do {
            if (epoll_wait(load.poller, &event, 1, 5000) <= 0) stop("no answer");
        } while (event.data.fd == fd && !received(fd));
        unused_count = 0;
    }
    puts("held");
    fflush(stdout);
    pause();
}
