// The client before the proxies: load MODE HOST PORT CONNECTIONS STREAMS WARM SECONDS RATE PROCESSES
// MODE: http1, http2, grpc, read (opaque bytes), hold (one HTTP/1 request on each connection, then idle until killed).
// After WARM seconds the window of SECONDS begins; the CPU time that PROCESSES (comma-separated ids) use within it is read
// from schedstat here, at its edges. RATE 0 is a closed loop. With a rate, requests are due at fixed times, and
// latency counts from when a request was due, so a stalled server cannot hide what it delayed. Prints one JSON line.
#include "load.h"

struct load load;
static uint64_t window_start, window_end, cpu_start;
static uint64_t finished, failed, bytes_read;
static bool in_window;

void load_done(uint64_t since, bool ok) {
    if (!in_window) return;
    if (ok) record(now_ns() - since), finished++;
    else failed++;
}

void load_failed(void) { failed++; }
void load_bytes(uint64_t count) { if (in_window) bytes_read += count; }

// Opens or closes the window; false when the run is over.
bool load_goes_on(uint64_t now) {
    if (!in_window && now >= window_start) {
        in_window = true;
        cpu_start = cpu_ns(load.processes);
        window_end = now_ns() + (window_end - window_start);
        window_start = now_ns();
    }
    return now < window_end;
}

static void report(void) {
    double cpu = (double)(cpu_ns(load.processes) - cpu_start) / 1000, seconds = (double)(now_ns() - window_start) / 1e9;
    double units = load.mode == 'r' ? (double)bytes_read / 1e6 : (double)finished;
    printf("{\"units\":%.0f,\"rps\":%.1f,\"cpu_us\":%.3f,\"busy\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"failed\":%llu}\n", units,
        units / seconds, units > 0 ? cpu / units : 0, cpu / 1e6 / seconds, percentile_us(.5), percentile_us(.99),
        (unsigned long long)failed);
}

int main(int count, char **values) {
    if (count != 10) return 64;
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    load.mode = strcmp(values[1], "hold") == 0 ? 'o' : strcmp(values[1], "http2") == 0 ? '2' : values[1][0];
    load.server = socket_address(values[2], atoi(values[3]));
    load.connections = atoi(values[4]);
    load.streams = atoi(values[5]);
    load.rate = atof(values[8]);
    load.processes = values[9];
    load.poller = epoll_create1(0);
    window_start = now_ns() + (uint64_t)(atof(values[6]) * 1e9);
    window_end = window_start + (uint64_t)(atof(values[7]) * 1e9);
    switch (load.mode) {
    case 'o': hold_run(); break;
    case 'r': read_run(); break;
    case '2': http2_run(false); break;
    case 'g': http2_run(true); break;
    default: http1_run(); break;
    }
    report();
    return 0;
}
