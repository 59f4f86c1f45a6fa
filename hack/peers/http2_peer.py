"""A hand-made HTTP/2 client: frames as they are, and what the other side makes of them."""

import socket
import struct
import time

import hpack
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 10.0
REQUEST = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "web.example")]


class Failed(Exception):
    """The proxy did something other than what the case expects."""


def raw(kind, flags, stream, payload=b"", length=None):
    """A frame of any kind, also of kinds and sizes that nobody should send."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class Peer:
    """One connection; `read` collects what comes, the other methods wait for something in it."""

    def __init__(self, port, start=True, settings=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.buffer = b""
        self.block = b""
        self.frames = []
        self.heads = {}
        self.trailers = {}
        self.content = {}
        self.ended = set()
        self.resets = {}
        self.goaway = None
        self.closed = False
        self.pongs = []
        self.settings = {}
        self.acknowledged = 0
        if start:
            self.send(PREFACE, SettingsFrame(0, settings=settings or {}))

    def close(self):
        self.socket.close()

    def send(self, *parts):
        """Sends frames or bytes; that the other side has closed is seen when reading."""
        data = b"".join(part.serialize() if isinstance(part, Frame) else part for part in parts)
        try:
            self.socket.sendall(data)
        except (ConnectionError, socket.timeout):
            self.closed = True

    def head(self, fields=REQUEST, stream=1, flags=("END_HEADERS", "END_STREAM")):
        return HeadersFrame(stream, self.encoder.encode(fields), flags=flags)

    def block_of(self, fields):
        """Fields one by one without Huffman code and without the table, also those that an encoder would refuse."""
        block = b""
        for name, value in fields:
            name = name if isinstance(name, bytes) else name.encode()
            value = value if isinstance(value, bytes) else value.encode()
            block += b"\x00" + number(len(name), 7) + name + number(len(value), 7) + value
        return block

    def plain(self, fields, stream=1, flags=("END_HEADERS", "END_STREAM")):
        return HeadersFrame(stream, self.block_of(fields), flags=flags)

    # What comes.

    def step(self, until):
        """Reads once; False at the end of the connection."""
        if self.closed and not self.buffer:
            pass
        left = until - time.monotonic()
        if left <= 0:
            raise Failed("nothing more came in time")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 16)
        except socket.timeout:
            raise Failed("nothing more came in time")
        except ConnectionError:
            self.closed = True
            return False
        if not data:
            self.closed = True
            return False
        self.buffer += data
        while len(self.buffer) >= 9:
            length = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + length:
                break
            frame, _ = Frame.parse_frame_header(memoryview(self.buffer[:9]))
            frame.parse_body(memoryview(self.buffer[9 : 9 + length]))
            self.buffer = self.buffer[9 + length :]
            self.take(frame)
        return True

    def take(self, frame):
        self.frames.append(frame)
        stream = frame.stream_id
        if isinstance(frame, (HeadersFrame, ContinuationFrame)):
            self.block += frame.data
            if "END_HEADERS" in frame.flags:
                fields = [(bytes(n).decode(), bytes(v).decode()) for n, v in self.decoder.decode(self.block, raw=True)]
                self.block = b""
                if stream in self.heads:
                    self.trailers[stream] = fields
                else:
                    self.heads[stream] = fields
        elif isinstance(frame, DataFrame):
            self.content[stream] = self.content.get(stream, b"") + bytes(frame.data)
        elif isinstance(frame, RstStreamFrame):
            self.resets[stream] = frame.error_code
        elif isinstance(frame, GoAwayFrame):
            self.goaway = frame.error_code
        elif isinstance(frame, PingFrame) and "ACK" in frame.flags:
            self.pongs.append(bytes(frame.opaque_data))
        elif isinstance(frame, SettingsFrame):
            if "ACK" in frame.flags:
                self.acknowledged += 1
            else:
                self.settings.update(frame.settings)
                self.send(SettingsFrame(0, flags=("ACK",)))
        if "END_STREAM" in frame.flags:
            self.ended.add(stream)

    def wait(self, condition, what):
        """Reads until `condition` holds."""
        until = time.monotonic() + PATIENCE
        while not condition():
            if not self.step(until):
                if condition():
                    return
                raise Failed(f"closed before {what} ({self.summary()})")

    def summary(self):
        return f"goaway {self.goaway}, resets {self.resets}, heads {self.heads}"

    # What is expected.

    def expect_connection_error(self, *codes):
        """GOAWAY with one of `codes`, and the end of the connection."""
        until = time.monotonic() + PATIENCE
        while not self.closed:
            self.step(until)
        if self.goaway not in codes:
            raise Failed(f"expected GOAWAY with {codes}: {self.summary()}")

    def expect_stream_error(self, stream, *codes):
        """RST_STREAM with one of `codes`; a connection error is allowed instead (RFC 9113 §5.4)."""
        self.wait(lambda: stream in self.resets or self.goaway is not None, f"an error of stream {stream}")
        code = self.resets.get(stream, self.goaway)
        if code not in codes:
            raise Failed(f"expected an error of stream {stream} with {codes}: {self.summary()}")
        if self.goaway is None:
            self.expect_alive()

    def expect_answer(self, stream=1, status="200"):
        self.wait(
            lambda: stream in self.ended or stream in self.resets or self.goaway is not None, f"an answer on {stream}"
        )
        if stream not in self.ended or dict(self.heads[stream]).get(":status") != status:
            raise Failed(f"expected {status} on stream {stream}: {self.summary()}")

    def expect_alive(self):
        """The connection still answers."""
        mark = struct.pack(">d", time.monotonic())
        self.send(PingFrame(0, opaque_data=mark))
        self.wait(lambda: mark in self.pongs, "the answer to a ping")


def number(value, prefix, first=0):
    """An integer of HPACK (RFC 7541 §5.1)."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    data = [first | limit]
    value -= limit
    while value >= 128:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes(data + [value])


__all__ = [
    "ContinuationFrame", "DataFrame", "Failed", "Frame", "GoAwayFrame", "HeadersFrame", "PATIENCE", "PREFACE", "Peer",
    "PingFrame", "PriorityFrame", "REQUEST", "RstStreamFrame", "SettingsFrame", "WindowUpdateFrame", "number", "raw",
]  # fmt: skip
