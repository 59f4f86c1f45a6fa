// What the load generator and the backend share: clock, sockets, histogram, CPU time of other processes.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { connections_max = 32768 };

static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void stop(const char *what) {
    perror(what);
    exit(1);
}

static inline void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static inline struct sockaddr_in socket_address(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) stop("address");
    return address;
}

// A blocking connect, so that the server has accepted (or queued) it; reads and writes do not block afterwards.
static inline int connect_to(const struct sockaddr_in *address) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || fd >= connections_max) stop("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void watch(int poller, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) stop("epoll_ctl");
}

// Nanoseconds that all threads of the processes in the comma-separated list have run.
static inline uint64_t cpu_ns(const char *processes) {
    uint64_t sum = 0;
    char list[256], path[300];
    snprintf(list, sizeof list, "%s", processes);
    for (char *rest = list, *pid; (pid = strtok_r(rest, ",", &rest));) {
        snprintf(path, sizeof path, "/proc/%s/task", pid);
        DIR *tasks = opendir(path);
        if (!tasks) continue;
        for (struct dirent *task; (task = readdir(tasks));) {
            if (task->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "/proc/%s/task/%.32s/schedstat", pid, task->d_name);
            FILE *file = fopen(path, "r");
            unsigned long long run = 0;
            if (file && fscanf(file, "%llu", &run) == 1) sum += run;
            if (file) fclose(file);
        }
        closedir(tasks);
    }
    return sum;
}

// Latencies in nanoseconds, log-linear: 64 buckets for each power of two, so within 1.6 %.
static uint64_t histogram[64 * 64], recorded;

static inline void record(uint64_t value) {
    int power = value < 64 ? 0 : 63 - __builtin_clzll(value);
    int index = value < 64 ? (int)value : (power - 5) * 64 + (int)((value >> (power - 6)) & 63);
    histogram[index]++;
    recorded++;
}

static inline double percentile_us(double share) {
    uint64_t target = (uint64_t)(share * (double)recorded), seen = 0;
    for (int index = 0; index < 64 * 64; index++) {
        seen += histogram[index];
        if (seen <= target) continue;
        int power = index / 64 + 5;
        double value = index < 64 ? index : (double)((1ull << power) + ((uint64_t)(index % 64) << (power - 6)));
        return value / 1000;
    }
    return 0;
}
