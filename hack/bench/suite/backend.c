// The server behind the proxies: backend PORT_HTTP1 PORT_HTTP2 PORT_SOURCE
// HTTP/1.1 and HTTP/2 requests get a fixed answer of six fields and 64 bytes (gRPC calls get trailers as well); a
// connection to the third port gets bytes for as long as it reads. One thread, epoll, no parsing beyond framing.
#include "common.h"

enum kind { http1, http2, source };
enum { input_max = 65536, output_max = 262144 };

struct connection {
    enum kind kind;
    bool greeted, isGRPC;
    int used, queued;
    uint8_t input[input_max], output[output_max];
};

static struct connection *connections[connections_max];
static int poller;
static char answer1[512];
static int answer1_length;
static uint8_t answer2_block[256], grpc_block[64], trailer_block[64];
static int answer2_length, grpc_length, trailer_length;
static uint8_t zeros[262144];

static void literal(uint8_t *block, int *length, int name, const char *value) {
    block[(*length)++] = 0x0f;
    block[(*length)++] = (uint8_t)(name - 15);
    block[(*length)++] = (uint8_t)strlen(value);
    memcpy(block + *length, value, strlen(value));
    *length += (int)strlen(value);
}

static void prepare(void) {
    static const char body[] = "0123456789012345678901234567890123456789012345678901234567890123";
    answer1_length = snprintf(answer1, sizeof answer1,
        "HTTP/1.1 200 OK\r\nserver: backend\r\ndate: Sat, 21 Nov 2026 09:00:00 GMT\r\ncontent-type: application/json\r\n"
        "cache-control: no-cache\r\nx-backend-id: backend-7d9f4c-1\r\ncontent-length: 64\r\n\r\n%s", body);
    answer2_block[answer2_length++] = 0x88;  // :status 200, RFC 7541 appendix A
    literal(answer2_block, &answer2_length, 31, "application/json");
    literal(answer2_block, &answer2_length, 54, "backend");
    literal(answer2_block, &answer2_length, 33, "Sat, 21 Nov 2026 09:00:00 GMT");
    literal(answer2_block, &answer2_length, 28, "64");
    grpc_block[grpc_length++] = 0x88;
    literal(grpc_block, &grpc_length, 31, "application/grpc");
    literal(grpc_block, &grpc_length, 33, "Sat, 21 Nov 2026 09:00:00 GMT");
    static const uint8_t status[] = "\x00\x0bgrpc-status\x01"  "0";
    memcpy(trailer_block, status, sizeof status - 1);
    trailer_length = sizeof status - 1;
}

static void frame(struct connection *c, int length, int type, int flags, uint32_t stream, const void *payload) {
    if (c->queued + 9 + length > output_max) return;
    uint8_t *out = c->output + c->queued;
    uint8_t head[9] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, (uint8_t)type, (uint8_t)flags,
        (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
    memcpy(out, head, 9);
    memcpy(out + 9, payload, (size_t)length);
    c->queued += 9 + length;
}

static void answer2(struct connection *c, uint32_t stream) {
    static const uint8_t body[69] = {0, 0, 0, 0, 64};  // a gRPC message of 64 bytes; without its head for others
    if (c->isGRPC) {
        frame(c, grpc_length, 1, 4, stream, grpc_block);
        frame(c, 69, 0, 0, stream, body);
        frame(c, trailer_length, 1, 5, stream, trailer_block);
    } else {
        frame(c, answer2_length, 1, 4, stream, answer2_block);
        frame(c, 64, 0, 1, stream, body + 5);
    }
}

static void receive2(struct connection *c) {
    uint8_t *at = c->input, *end = c->input + c->used;
    if (!c->greeted) {
        if (c->used < 24) return;
        at += 24;
        c->greeted = true;
        static const uint8_t settings[6] = {0, 3, 0, 0, 4, 0};
        frame(c, 6, 4, 0, 0, settings);
    }
    while (end - at >= 9) {
        int length = at[0] << 16 | at[1] << 8 | at[2], type = at[3], flags = at[4];
        uint32_t stream = (uint32_t)(at[5] & 127) << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8];
        if (end - at < 9 + length) break;
        if (type == 4 && !(flags & 1)) frame(c, 0, 4, 1, 0, "");
        if (type == 6 && !(flags & 1)) frame(c, 8, 6, 1, 0, at + 9);
        if (type == 0 && length > 0) {
            uint8_t credit[4] = {0, 0, (uint8_t)(length >> 8), (uint8_t)length};
            c->isGRPC = true;
            frame(c, 4, 8, 0, 0, credit);
        }
        if (type <= 1 && (flags & 1)) answer2(c, stream);
        at += 9 + length;
    }
    c->used = (int)(end - at);
    memmove(c->input, at, (size_t)c->used);
}

static void receive1(struct connection *c) {
    uint8_t *at = c->input, *end = c->input + c->used, *next;
    while ((next = memmem(at, (size_t)(end - at), "\r\n\r\n", 4))) {
        if (c->queued + answer1_length > output_max) break;
        memcpy(c->output + c->queued, answer1, (size_t)answer1_length);
        c->queued += answer1_length;
        at = next + 4;
    }
    c->used = (int)(end - at);
    memmove(c->input, at, (size_t)c->used);
}

// False when the connection has ended.
static bool flush(int fd, struct connection *c) {
    while (c->queued > 0) {
        ssize_t sent = send(fd, c->output, (size_t)c->queued, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN;
        memmove(c->output, c->output + sent, (size_t)(c->queued - sent));
        c->queued -= (int)sent;
    }
    return true;
}

static bool serve(int fd, struct connection *c, uint32_t events) {
    if (c->kind == source) {
        if (events & EPOLLIN && recv(fd, c->input, input_max, 0) == 0) return false;
        return !(events & EPOLLOUT) || send(fd, zeros, sizeof zeros, MSG_NOSIGNAL) > 0 || errno == EAGAIN;
    }
    if (events & EPOLLIN) {
        ssize_t count = recv(fd, c->input + c->used, (size_t)(input_max - c->used), 0);
        if (count == 0 || (count < 0 && errno != EAGAIN)) return false;
        if (count > 0) c->used += (int)count;
        if (c->kind == http1) receive1(c); else receive2(c);
    }
    return flush(fd, c);
}

static int listen_on(int port) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = socket_address("0.0.0.0", port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) stop("listen");
    watch(poller, fd, EPOLLIN);
    return fd;
}

static void accept_from(int listener, enum kind kind) {
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (!connections[fd]) connections[fd] = malloc(sizeof(struct connection));
        if (fd >= connections_max || !connections[fd]) stop("accept");
        struct connection *c = connections[fd];
        c->kind = kind;
        c->greeted = c->isGRPC = false;
        c->used = c->queued = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(poller, fd, kind == source ? EPOLLIN | EPOLLOUT : EPOLLIN | EPOLLOUT | EPOLLET);
    }
}

int main(int count, char **values) {
    if (count != 4) return 64;
    raise_descriptor_limit();
    prepare();
    poller = epoll_create1(0);
    int listeners[3];
    for (int kind = 0; kind < 3; kind++) listeners[kind] = listen_on(atoi(values[kind + 1]));
    struct epoll_event events[256];
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            int fd = events[index].data.fd, kind = 0;
            while (kind < 3 && listeners[kind] != fd) kind++;
            if (kind < 3) accept_from(fd, (enum kind)kind);
            else if (!serve(fd, connections[fd], events[index].events)) close(fd);
        }
    }
}
