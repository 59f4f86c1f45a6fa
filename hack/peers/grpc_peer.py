"""gRPC of the grpcio library: a server that prints its port, and a client that tries every kind of call.

    python hack/peers/grpc_peer.py serve
    python hack/peers/grpc_peer.py call PORT
"""

import concurrent.futures
import sys
import threading
import time

import grpc

OPTIONS = [("grpc.max_receive_message_length", 8 << 20), ("grpc.max_send_message_length", 8 << 20)]
cancelled = threading.Event()


def unary(request, context):
    context.set_trailing_metadata((("x-got", str(len(request))), ("x-bytes-bin", b"\0\xff")))
    return request


def failing(request, context):
    context.set_trailing_metadata((("x-reason", "tested"),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "nö: %1")


def slow(request, context):
    context.add_callback(cancelled.set)
    time.sleep(float(request))
    return b"late"


def was_cancelled(request, context):
    return b"yes" if cancelled.wait(10) else b"no"


def count(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def total(requests, context):
    return b"%d" % sum(map(len, requests))


def echo(requests, context):
    for request in requests:
        yield request


def forever(request, context):
    context.add_callback(cancelled.set)
    while context.is_active():
        yield bytes(1000)
        time.sleep(0.005)


def serve():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(32), options=OPTIONS)
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Failing": grpc.unary_unary_rpc_method_handler(failing),
        "Slow": grpc.unary_unary_rpc_method_handler(slow),
        "WasCancelled": grpc.unary_unary_rpc_method_handler(was_cancelled),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Forever": grpc.unary_stream_rpc_method_handler(forever),
        "Total": grpc.stream_unary_rpc_method_handler(total),
        "Echo": grpc.stream_stream_rpc_method_handler(echo),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Peer", handlers),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


class Client:
    def __init__(self, port):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS)

    def unary(self, name):
        return self.channel.unary_unary(f"/test.Peer/{name}")

    def call_unary(self):
        answer, call = self.unary("Unary").with_call(b"hello", metadata=(("x-a", "b"),), timeout=10)
        assert answer == b"hello"
        assert dict(call.trailing_metadata())["x-got"] == "5"
        assert dict(call.trailing_metadata())["x-bytes-bin"] == b"\0\xff"

    def call_large_messages(self):
        message = bytes(index * 31 & 255 for index in range(1 << 16)) * 64  # 4 MB
        for _ in range(2):
            assert self.unary("Unary")(message, timeout=20) == message

    def call_empty(self):
        assert self.unary("Unary")(b"", timeout=10) == b""

    def call_status(self):
        try:
            self.unary("Failing")(b"", timeout=10)
            raise AssertionError("no error")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
            assert error.details() == "nö: %1", error
            assert dict(error.trailing_metadata())["x-reason"] == "tested", error

    def call_unknown(self):
        try:
            self.unary("Missing")(b"", timeout=10)
            raise AssertionError("no error")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error

    def call_server_stream(self):
        answers = list(self.channel.unary_stream("/test.Peer/Count")(b"2000", timeout=20))
        assert answers == [b"%d" % number for number in range(2000)]

    def call_client_stream(self):
        sent = (bytes(1000) for _ in range(1000))
        assert self.channel.stream_unary("/test.Peer/Total")(sent, timeout=20) == b"1000000"

    def call_both_ways(self):
        # Each message waits for the answer to the one before: nothing may be held back.
        turns = threading.Semaphore(1)

        def requests():
            for number in range(200):
                assert turns.acquire(timeout=10)
                yield b"%d" % number * 100

        for number, answer in enumerate(self.channel.stream_stream("/test.Peer/Echo")(requests(), timeout=20)):
            assert answer == b"%d" % number * 100
            turns.release()
        assert number == 199

    def call_deadline(self):
        started = time.monotonic()
        try:
            self.unary("Slow")(b"3", timeout=0.3)
            raise AssertionError("no error")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
            assert time.monotonic() - started < 2

    def call_cancel(self):
        call = self.channel.unary_stream("/test.Peer/Forever")(b"")
        assert len(next(call)) == 1000
        call.cancel()
        assert self.unary("WasCancelled")(b"", timeout=15) == b"yes"
        assert call.code() == grpc.StatusCode.CANCELLED

    def call_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            messages = [b"%d" % number * 1000 for number in range(400)]
            answers = list(pool.map(lambda message: self.unary("Unary")(message, timeout=20), messages))
            assert answers == messages


def call(port):
    client, failures = Client(port), 0
    for name in [name for name in dir(client) if name.startswith("call_")]:
        started = time.monotonic()
        try:
            getattr(client, name)()
            print(f"ok {name} ({time.monotonic() - started:.1f} s)")
        except Exception as error:  # Whatever it is, the other calls are tried too.
            failures += 1
            print(f"FAIL {name}: {error!r}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else call(int(sys.argv[2]))
