"""The clients of hack/soak: each asks for content that proves itself, resets now and then, and judges every answer."""

import asyncio
import random
import struct

import grpc
import h2.config
import h2.connection
import h2.events
import h2.exceptions

from soak_app import read_body, read_head, reset
from soak_bytes import content, digest

BROKEN = (OSError, EOFError, ValueError, IndexError, asyncio.TimeoutError, asyncio.LimitOverrunError,
          h2.exceptions.ProtocolError)


class Tally:
    """What came of all requests."""

    def __init__(self):
        self.counts = {}
        self.violations = []

    def add(self, client, outcome):
        self.counts.setdefault(client, {}).setdefault(outcome, 0)
        self.counts[client][outcome] += 1

    def violate(self, client, text):
        self.add(client, "VIOLATION")
        if len(self.violations) < 100:
            self.violations.append(f"{client}: {text}")
            print(f"VIOLATION {client}: {text}", flush=True)


class Verdict:
    """Judges a client's answers: `expects` is open, closed, or a function that says so (or None for either)."""

    def __init__(self, tally, client, expects="open"):
        self.tally, self.client, self.expects = tally, client, expects

    def begin(self):
        """What must hold for a request that begins now."""
        return self.expects if isinstance(self.expects, str) else self.expects()

    def admitted(self, before, is_right, what):
        after = self.begin()
        if before == "closed" and after == "closed":
            self.tally.violate(self.client, f"admitted against policy: {what}")
        elif not is_right:
            self.tally.violate(self.client, f"wrong bytes: {what}")
        else:
            self.tally.add(self.client, "good")

    def refused(self, before, what):
        after = self.begin()
        if before == "open" and after == "open":
            self.tally.violate(self.client, f"refused against policy: {what}")
        else:
            self.tally.add(self.client, "refused")

    def failed(self, what):
        self.tally.add(self.client, what)


def plan(choice):
    """Seed, sizes of body and answer, whether the server resets, whether the client does."""
    size = choice.choice((0, 1, 100, 5_000, 70_000, 300_000))
    answer = choice.choice((0, 64, 64, 2_000, 66_000, 400_000))
    return choice.getrandbits(40), size, answer, choice.random() < 0.03, choice.random() < 0.03


async def http1(address, verdict, pause, stop):
    choice, streams = random.Random(), None
    while not stop.is_set():
        await asyncio.sleep(choice.random() * pause)
        before = verdict.begin()
        seed, size, answer, fate, breaks = plan(choice)
        try:
            async with asyncio.timeout(20):
                if streams is None:
                    streams = await asyncio.open_connection(*address, limit=1 << 20)
                reader, writer = streams
                is_chunked = choice.random() < 0.3
                body = content(seed, size)
                head = (f"POST /blob?seed={seed + 1}&size={answer}{'&fate=reset' if fate else ''}"
                        f"{'&chunked=1' if choice.random() < 0.3 else ''} HTTP/1.1\r\nhost: soak.example\r\n"
                        f"x-digest: {digest(body)}\r\n")
                if is_chunked:
                    pieces = [b"%x\r\n%s\r\n" % (len(body[at:at + 4096]), body[at:at + 4096])
                              for at in range(0, size, 4096)]
                    message = f"{head}transfer-encoding: chunked\r\n\r\n".encode() + b"".join(pieces) + b"0\r\n\r\n"
                else:
                    message = f"{head}content-length: {size}\r\n\r\n".encode() + body
                if breaks:
                    writer.write(message[:choice.randrange(len(message))])
                    await writer.drain()
                    reset(writer)
                    streams = None
                    verdict.failed("broken off")
                    continue
                writer.write(message)
                first, fields = await read_head(reader)
                got = await read_body(reader, fields)
                status = first.split(" ")[1]
                if status == "200":
                    is_right = got == content(seed + 1, answer) and fields.get("x-verdict") == "good"
                    verdict.admitted(before, is_right, f"{first} seed {seed} size {size} answer {answer}")
                elif status == "403":
                    verdict.refused(before, first)
                else:
                    verdict.failed(status)
                if fields.get("connection", "").lower() == "close" or choice.random() < 0.02:
                    writer.close()
                    streams = None
        except BROKEN:
            verdict.failed("reset as asked" if fate else "failed")
            if streams:
                streams[1].close()
            streams = None


class Call2:
    """One HTTP/2 request and what came of it."""

    def __init__(self):
        self.status, self.verdict, self.body, self.ended = "", "", bytearray(), asyncio.Event()
        self.is_reset = False


class Client2:
    """One HTTP/2 connection with several requests at a time."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.calls, self.uploads, self.is_open = {}, {}, True
        self.connection.initiate_connection()
        self.flush()

    def flush(self):
        for stream, body in list(self.uploads.items()):
            try:
                while body and (room := self.connection.local_flow_control_window(stream)) > 0:
                    step = min(room, self.connection.max_outbound_frame_size, len(body))
                    self.connection.send_data(stream, body[:step])
                    body = body[step:]
                self.uploads[stream] = body
                if not body:
                    self.connection.end_stream(stream)
                    del self.uploads[stream]
            except h2.exceptions.ProtocolError:
                self.uploads.pop(stream, None)
        self.writer.write(self.connection.data_to_send())

    async def run(self):
        try:
            while data := await self.reader.read(65536):
                for event in self.connection.receive_data(data):
                    self.handle(event)
                self.flush()
        except BROKEN:
            pass
        finally:
            self.is_open = False
            for call in self.calls.values():
                call.is_reset = True
                call.ended.set()
            self.writer.close()

    def handle(self, event):
        call = self.calls.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.DataReceived):
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if call:
                call.body.extend(event.data)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.is_open = False
        elif call and isinstance(event, h2.events.ResponseReceived):
            fields = {bytes(name).decode(): bytes(value).decode() for name, value in event.headers}
            call.status, call.verdict = fields[":status"], fields.get("x-verdict", "")
        elif call and isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            call.is_reset = isinstance(event, h2.events.StreamReset)
            self.uploads.pop(event.stream_id, None)
            call.ended.set()

    async def request(self, path, body, breaks):
        call, stream = Call2(), self.connection.get_next_available_stream_id()
        self.calls[stream] = call
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "soak.example"), (":path", path),
                  ("x-digest", digest(body))]
        try:
            self.connection.send_headers(stream, fields)
            self.uploads[stream] = body
            self.flush()
            if breaks:
                await asyncio.sleep(random.random() * 0.02)
                if not call.ended.is_set():
                    self.uploads.pop(stream, None)
                    self.connection.reset_stream(stream, 8)
                    self.flush()
                return None
            await asyncio.wait_for(call.ended.wait(), 20)
            return call
        finally:
            self.calls.pop(stream, None)


async def http2(address, verdict, pause, stop, width=4):
    """Connections one after another, `width` requests at a time on each."""
    while not stop.is_set():
        try:
            client = Client2(*await asyncio.open_connection(*address))
        except OSError:
            verdict.failed("failed")
            await asyncio.sleep(0.2)
            continue
        async with asyncio.TaskGroup() as group:
            running = group.create_task(client.run())
            users = [group.create_task(http2_user(client, verdict, pause, stop)) for _ in range(width)]
            await asyncio.gather(*users)
            running.cancel()


async def http2_user(client, verdict, pause, stop):
    choice = random.Random()
    left = choice.randrange(100, 400)  # Then the connection is given up.
    while client.is_open and left > 0 and not stop.is_set():
        left -= 1
        await asyncio.sleep(choice.random() * pause)
        before = verdict.begin()
        seed, size, answer, fate, breaks = plan(choice)
        path = f"/blob?seed={seed + 1}&size={answer}{'&fate=reset' if fate else ''}"
        try:
            call = await client.request(path, content(seed, size), breaks)
        except BROKEN:
            verdict.failed("failed")
            continue
        if call is None:
            verdict.failed("broken off")
        elif call.status == "200" and not call.is_reset:
            is_right = bytes(call.body) == content(seed + 1, answer) and call.verdict == "good"
            verdict.admitted(before, is_right, f"{path} size {size}")
        elif call.status == "403":
            verdict.refused(before, path)
        else:
            verdict.failed("reset as asked" if fate else call.status if call.status != "200" and call.status else "failed")


async def calls(address, verdict, pause, stop):
    """gRPC, unary and server streams."""
    choice = random.Random()
    options = [("grpc.max_receive_message_length", 1 << 22), ("grpc.enable_retries", 0)]
    while not stop.is_set():
        async with grpc.aio.insecure_channel(f"{address[0]}:{address[1]}", options=options) as channel:
            unary = channel.unary_unary("/soak.Soak/Unary")
            stream = channel.unary_stream("/soak.Soak/Stream")
            for _ in range(choice.randrange(50, 200)):
                if stop.is_set():
                    return
                await asyncio.sleep(choice.random() * pause)
                before = verdict.begin()
                seed, size, answer, fate, breaks = plan(choice)
                head = struct.pack("!QIIB", seed, size, answer, fate)
                timeout = 0.01 if breaks else 20
                try:
                    if choice.random() < 0.5:
                        got = await unary(head + content(seed, size), timeout=timeout)
                        is_right = got == b"\1" + content(seed + 1, answer)
                    else:
                        got = [part async for part in stream(head, timeout=timeout)]
                        is_right = got == [content(seed + index, answer // 8) for index in range(8)]
                    verdict.admitted(before, is_right, f"gRPC seed {seed} size {size} answer {answer}")
                except grpc.aio.AioRpcError as error:
                    if error.code() == grpc.StatusCode.PERMISSION_DENIED:
                        verdict.refused(before, "gRPC")
                    else:
                        asked = fate and error.code() == grpc.StatusCode.ABORTED
                        verdict.failed("reset as asked" if asked else "broken off" if breaks else error.code().name)


async def tcp(address, verdict, pause, stop):
    """Opaque connections: refused is whatever ends without a byte."""
    choice = random.Random()
    while not stop.is_set():
        await asyncio.sleep(choice.random() * pause)
        before, got, writer = verdict.begin(), b"", None
        seed, size, answer, fate, breaks = plan(choice)
        try:
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection(*address)
                message = struct.pack("!QIIB", seed, size, answer, fate) + content(seed, size)
                if breaks:
                    writer.write(message[:choice.randrange(len(message))])
                    await writer.drain()
                    reset(writer)
                    verdict.failed("broken off")
                    continue
                writer.write(message)
                while part := await reader.read(65536):
                    got += part
        except BROKEN:
            pass
        finally:
            if writer:
                writer.close()
        if len(got) == answer + 1:
            verdict.admitted(before, got == b"\1" + content(seed + 1, answer), f"TCP seed {seed} size {size}")
        elif got and before == "closed":
            verdict.tally.violate(verdict.client, "bytes against policy")
        elif got != (b"\1" + content(seed + 1, answer))[:len(got)]:
            verdict.tally.violate(verdict.client, f"wrong bytes before the end: TCP seed {seed} size {size}")
        elif before == "closed":
            verdict.failed("refused")
        else:
            verdict.failed("reset as asked" if fate else "failed")
