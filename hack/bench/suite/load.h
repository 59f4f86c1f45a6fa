// One run of the load generator; load.c owns the window and the figures, load1.c and load2.c speak the protocols.
#pragma once
#include "common.h"

struct load {
    char mode;
    struct sockaddr_in server;
    int connections, streams, poller;
    double rate;
    const char *processes;
};
extern struct load load;

void load_done(uint64_t since, bool ok);
void load_failed(void);
void load_bytes(uint64_t count);
bool load_goes_on(uint64_t now);

void http1_run(void);
void http2_run(bool grpc);
void read_run(void);
void hold_run(void);
