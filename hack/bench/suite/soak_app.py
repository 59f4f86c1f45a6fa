"""The application behind the proxies of hack/soak: soak_app.py HTTP_PORT GATED_PORT GRPC_PORT TCP_PORT

HTTP/1.1 and HTTP/2 on the first two ports, gRPC (grpcio) on the third, raw TCP on the last. A request names a seed and a size;
the answer is the content that the seed stands for. A body that arrives whole but is not what its digest says is
reported as `corrupt`. With `fate=reset` the connection (HTTP/2: the stream) is reset in the middle of the answer.
"""

import asyncio
import socket
import struct
import sys
from urllib.parse import parse_qs, urlsplit

import grpc
import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from soak_bytes import content, digest


def reset(writer):
    """Ends a connection with RST rather than FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def query(target):
    values = {key: value[0] for key, value in parse_qs(urlsplit(target).query).items()}
    return int(values.get("seed", 0)), int(values.get("size", 0)), values


async def read_body(reader, fields):
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body
    return await reader.readexactly(int(fields.get("content-length", 0)))


def chunked(body):
    step = 3001
    pieces = (body[index:index + step] for index in range(0, len(body), step))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


async def serve_http1(reader, writer, start):
    head = start
    while True:
        first, fields = await read_head(reader, head)
        head = b""
        body = await read_body(reader, fields)
        seed, size, values = query(first.split(" ")[1])
        verdict = "corrupt" if "x-digest" in fields and fields["x-digest"] != digest(body) else "good"
        answer = content(seed, size)
        whole = chunked(answer) if "chunked" in values else answer
        framing = "transfer-encoding: chunked" if "chunked" in values else f"content-length: {len(answer)}"
        writer.write(f"HTTP/1.1 200 OK\r\nx-verdict: {verdict}\r\n{framing}\r\n\r\n".encode())
        if values.get("fate") == "reset":
            writer.write(whole[:len(whole) // 2])
            await asyncio.wait_for(writer.drain(), 10)
            return reset(writer)
        writer.write(whole)
        await asyncio.wait_for(writer.drain(), 30)


async def read_head(reader, start=b""):
    rest = await reader.readuntil(b"\r\n\r\n")
    first, *lines = (start + rest).decode("latin-1").split("\r\n")[:-2]
    return first, {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}


class Session2:
    """One HTTP/2 connection of the server."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.requests = {}
        self.answers = {}

    async def run(self, start):
        self.connection.initiate_connection()
        data = start
        while data:
            for event in self.connection.receive_data(data):
                self.handle(event)
            self.send()
            await asyncio.wait_for(self.writer.drain(), 30)
            data = await self.reader.read(65536)

    def handle(self, event):
        if isinstance(event, h2.events.RequestReceived):
            fields = {name.decode(): value.decode() for name, value in event.headers}
            self.requests[event.stream_id] = (fields, bytearray())
        elif isinstance(event, h2.events.DataReceived):
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self.requests:
                self.requests[event.stream_id][1].extend(event.data)
        elif isinstance(event, h2.events.StreamReset):
            self.requests.pop(event.stream_id, None)
            self.answers.pop(event.stream_id, None)
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.requests:
            self.answer(event.stream_id, *self.requests.pop(event.stream_id))

    def answer(self, stream, fields, body):
        seed, size, values = query(fields[":path"])
        verdict = "corrupt" if "x-digest" in fields and fields["x-digest"] != digest(body) else "good"
        self.connection.send_headers(stream, [(":status", "200"), ("x-verdict", verdict)])
        whole = content(seed, size)
        self.answers[stream] = (whole, values.get("fate") == "reset")

    def send(self):
        for stream, (whole, is_reset) in list(self.answers.items()):
            try:
                room = min(self.connection.local_flow_control_window(stream), len(whole))
                while room > 0:
                    step = min(room, self.connection.max_outbound_frame_size)
                    self.connection.send_data(stream, whole[:step])
                    whole, room = whole[step:], room - step
                    if is_reset:
                        break
                if is_reset:
                    self.connection.reset_stream(stream, 2)
                elif not whole:
                    self.connection.end_stream(stream)
                if is_reset or not whole:
                    del self.answers[stream]
                else:
                    self.answers[stream] = (whole, is_reset)
            except (h2.exceptions.StreamClosedError, h2.exceptions.ProtocolError):
                self.answers.pop(stream, None)
        self.writer.write(self.connection.data_to_send())


async def serve_http(reader, writer):
    start = await reader.readexactly(4)
    if start == b"PRI ":
        await Session2(reader, writer).run(start)
    else:
        await serve_http1(reader, writer, start)


async def serve_tcp(reader, writer):
    """seed, size, size of the answer, fate; then the content of the seed. The answer is the content of seed + 1."""
    seed, size, answer_size, fate = struct.unpack("!QIIB", await reader.readexactly(17))
    good = await reader.readexactly(size) == content(seed, size)
    answer = content(seed + 1, answer_size)
    writer.write(b"\1" if good else b"\0")
    writer.write(answer[:len(answer) // 2] if fate else answer)
    await asyncio.wait_for(writer.drain(), 30)
    if fate:
        return reset(writer)
    writer.write_eof()
    await reader.read(1)


async def guarded(serve, reader, writer):
    try:
        await serve(reader, writer)
    except (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError,
            h2.exceptions.ProtocolError):
        pass  # Clients and proxies break off by design here.
    finally:
        writer.close()


class Calls(grpc.GenericRpcHandler):
    """/soak.Soak/Unary and /soak.Soak/Stream, with bytes as messages."""

    def service(self, details):
        if details.method == "/soak.Soak/Unary":
            return grpc.unary_unary_rpc_method_handler(self.unary)
        return grpc.unary_stream_rpc_method_handler(self.stream)

    @staticmethod
    async def unary(request, context):
        seed, size, answer_size, fate = struct.unpack("!QIIB", request[:17])
        if fate:
            await context.abort(grpc.StatusCode.ABORTED, "as asked")
        return (b"\1" if request[17:] == content(seed, size) else b"\0") + content(seed + 1, answer_size)

    @staticmethod
    async def stream(request, context):
        seed, _, answer_size, fate = struct.unpack("!QIIB", request[:17])
        for index in range(8):
            yield content(seed + index, answer_size // 8)
            if fate and index == 3:
                await context.abort(grpc.StatusCode.ABORTED, "as asked")


async def main(http_port, gated_port, grpc_port, tcp_port):
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Calls(),))
    server.add_insecure_port(f"0.0.0.0:{grpc_port}")
    await server.start()
    for port in (http_port, gated_port):
        http = await asyncio.start_server(lambda *pair: guarded(serve_http, *pair), "0.0.0.0", port, backlog=512)
    await asyncio.start_server(lambda *pair: guarded(serve_tcp, *pair), "0.0.0.0", tcp_port, backlog=512)
    await http.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:5])))
