// HTTP/2 with prior knowledge: a number of connections, on each a number of requests in flight; GET, or gRPC unary.
#include "load.h"

enum { input_max = 1 << 17, streams_max = 256, credit_step = 1 << 20 };

struct connection {
    int fd, used, queued, active;
    uint32_t next, consumed;
    uint64_t since[streams_max];  // by (stream / 2) % streams_max
    bool ok[streams_max];
    uint8_t input[input_max], output[input_max];
};

static uint8_t block[512];
static int block_length;
static bool is_grpc;

static void literal(int name, const char *name_text, const char *value) {
    // Without indexing; the name is an index of RFC 7541's static table or a text.
    if (name >= 15) block[block_length++] = 0x0f, block[block_length++] = (uint8_t)(name - 15);
    else block[block_length++] = (uint8_t)name;
    if (name == 0) {
        block[block_length++] = (uint8_t)strlen(name_text);
        memcpy(block + block_length, name_text, strlen(name_text));
        block_length += (int)strlen(name_text);
    }
    block[block_length++] = (uint8_t)strlen(value);
    memcpy(block + block_length, value, strlen(value));
    block_length += (int)strlen(value);
}

static void prepare(void) {
    block[block_length++] = is_grpc ? 0x83 : 0x82;  // :method
    block[block_length++] = 0x86;                   // :scheme http
    literal(4, "", is_grpc ? "/voting.Voting/Vote" : "/api/v1/items/12345?verbose=1");
    literal(1, "", "backend.default.svc.cluster.local");
    literal(58, "", "load/1.0 (linux; x86_64)");
    if (is_grpc) {
        literal(31, "", "application/grpc");
        literal(0, "te", "trailers");
    } else {
        literal(19, "", "application/json");
        literal(16, "", "gzip, deflate");
        literal(0, "x-request-id", "7b2d0a5e-3c0f-4a55-9f1e-0d6a8c1b2f34");
    }
    literal(0, "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

static void frame(struct connection *c, int length, int type, int flags, uint32_t stream, const void *payload) {
    uint8_t *out = c->output + c->queued;
    if (c->queued + 9 + length > input_max) stop("output");
    uint8_t head[9] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, (uint8_t)type, (uint8_t)flags,
        (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
    memcpy(out, head, 9);
    memcpy(out + 9, payload, (size_t)length);
    c->queued += 9 + length;
}

static void credit(struct connection *c, uint32_t count) {
    uint8_t payload[4] = {(uint8_t)(count >> 24), (uint8_t)(count >> 16), (uint8_t)(count >> 8), (uint8_t)count};
    frame(c, 4, 8, 0, 0, payload);
}

static void fill(struct connection *c) {
    static const uint8_t message[69] = {0, 0, 0, 0, 64};
    while (c->active < load.streams) {
        int slot = (int)(c->next / 2 % streams_max);
        c->since[slot] = now_ns();
        c->ok[slot] = false;
        frame(c, block_length, 1, is_grpc ? 4 : 5, c->next, block);
        if (is_grpc) frame(c, 69, 0, 1, c->next, message);
        c->next += 2;
        c->active++;
    }
}

static void flush(struct connection *c) {
    while (c->queued > 0) {
        ssize_t sent = send(c->fd, c->output, (size_t)c->queued, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent <= 0) stop("send");
        memmove(c->output, c->output + sent, (size_t)(c->queued - sent));
        c->queued -= (int)sent;
    }
}

static void opened(struct connection *c) {
    if ((c->fd = connect_to(&load.server)) < 0) stop("connect");
    c->used = c->queued = c->active = 0;
    c->next = 1;
    memcpy(c->output, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    c->queued = 24;
    static const uint8_t settings[12] = {0, 2, 0, 0, 0, 0, 0, 4, 0, 15, 66, 64};  // no push, windows of 1,000,000
    frame(c, 12, 4, 0, 0, settings);
    credit(c, 1 << 28);
    fill(c);
    flush(c);
}

static void frame_received(struct connection *c, const uint8_t *at, int length) {
    int type = at[3], flags = at[4], slot;
    uint32_t stream = (uint32_t)(at[5] & 127) << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8];
    slot = (int)(stream / 2 % streams_max);
    const uint8_t *payload = at + 9;
    if (type == 4 && !(flags & 1)) frame(c, 0, 4, 1, 0, "");
    if (type == 6 && !(flags & 1)) frame(c, 8, 6, 1, 0, payload);
    if (type == 7) stop("GOAWAY");
    if (type == 0) {
        c->consumed += (uint32_t)length;
        if (c->consumed > credit_step) credit(c, c->consumed), c->consumed = 0;
    }
    if (type == 1 && !c->ok[slot]) {
        // The first field is :status; a change of the table's size may stand before it.
        while (length > 0 && (*payload & 0xe0) == 0x20) payload++, length--;
        c->ok[slot] = length > 0 && *payload == 0x88;
    }
    if (type == 3 || (type <= 1 && flags & 1)) {
        load_done(c->since[slot], type != 3 && c->ok[slot]);
        c->active--;
    }
}

static void received(struct connection *c) {
    ssize_t count = recv(c->fd, c->input + c->used, (size_t)(input_max - c->used), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) stop("the proxy closed a connection");
    c->used += (int)count;
    uint8_t *at = c->input, *end = c->input + c->used;
    while (end - at >= 9) {
        int length = at[0] << 16 | at[1] << 8 | at[2];
        if (end - at < 9 + length) break;
        frame_received(c, at, length);
        at += 9 + length;
    }
    c->used = (int)(end - at);
    memmove(c->input, at, (size_t)c->used);
    fill(c);
    flush(c);
}

void http2_run(bool grpc) {
    is_grpc = grpc;
    prepare();
    struct connection *connections = calloc((size_t)load.connections, sizeof *connections);
    if (!connections) stop("memory");
    for (int index = 0; index < load.connections; index++) {
        opened(&connections[index]);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
        epoll_ctl(load.poller, EPOLL_CTL_ADD, connections[index].fd, &event);
    }
    struct epoll_event events[256];
    while (load_goes_on(now_ns())) {
        int ready = epoll_wait(load.poller, events, 256, 100);
        for (int index = 0; index < ready; index++) received(&connections[events[index].data.u32]);
    }
}
