"""HTTP/2 as RFC 9113 wants it, asked of a proxy over sockets: framing by section, then attacks.

    python hack/peers/http2_cases.py PORT PID [PATTERN]

PORT is a listener of the proxy whose server answers with the content it got; PID is the process whose memory is
watched. After each case another connection, opened before the first, has to be served. One line for each case.
"""

import sys
import time

from http2_peer import *

NO_ERROR, PROTOCOL, INTERNAL, FLOW, TIMEOUT, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION = range(10)
CALM = 11
CASES = []


def case(name):
    def add(function):
        CASES.append((name, function))
        return function

    return add


def connection_errors(table):
    """Cases of the form: frames that end the connection with a code."""
    for name, code, parts in table:
        def run(peer, parts=parts, code=code):
            peer.send(*(parts(peer) if callable(parts) else parts))
            peer.expect_connection_error(code)

        CASES.append((name, run))


def stream_errors(table):
    """Cases of the form: a head that is malformed, so that its stream is reset (RFC 9113 §8.1.1)."""
    for name, fields in table:
        def run(peer, fields=fields):
            peer.send(peer.plain(fields))
            peer.expect_stream_error(1, PROTOCOL)

        CASES.append((name, run))


def without(name):
    return [field for field in REQUEST if field[0] != name]


def open_request(peer):
    return peer.head(flags=("END_HEADERS",))


connection_errors([
    ("4.2 a DATA frame above the limit", SIZE, lambda p: [open_request(p), raw(0, 0, 1, bytes(16385))]),
    ("4.2 a HEADERS frame above the limit", SIZE, lambda p: [raw(1, 5, 1, bytes(16385))]),
    ("4.3 a header block that does not decode", COMPRESSION, [raw(1, 5, 1, b"\xff\xff\xff\xff\xff\xff")]),
    ("4.3 PRIORITY inside a header block", PROTOCOL, lambda p: [p.head(flags=()), raw(2, 0, 1, bytes(5))]),
    ("4.3 HEADERS of another stream inside a header block", PROTOCOL, lambda p: [p.head(flags=()), p.head(stream=3)]),
    ("5.1 idle: DATA", PROTOCOL, [raw(0, 1, 1, b"x")]),
    ("5.1 idle: RST_STREAM", PROTOCOL, [RstStreamFrame(1, 8)]),
    ("5.1 idle: WINDOW_UPDATE", PROTOCOL, [WindowUpdateFrame(1, 100)]),
    ("5.1 idle: CONTINUATION", PROTOCOL, [raw(9, 4, 1, b"\x82")]),
    ("5.1 half-closed: CONTINUATION", PROTOCOL, lambda p: [p.head(), raw(9, 4, 1, b"\x82")]),
    ("5.1.1 an even stream", PROTOCOL, lambda p: [p.head(stream=2)]),
    ("5.5 an unknown frame inside a header block", PROTOCOL, lambda p: [p.head(flags=()), raw(22, 0, 0, b"x")]),
    ("6.1 DATA on the connection", PROTOCOL, [raw(0, 1, 0, b"x")]),
    ("6.1 padding as long as the frame", PROTOCOL, lambda p: [open_request(p), raw(0, 9, 1, b"\x06hello")]),
    ("6.1 padded without a length", SIZE, lambda p: [open_request(p), raw(0, 9, 1)]),
    ("6.2 HEADERS on the connection", PROTOCOL, [raw(1, 5, 0, b"\x82")]),
    ("6.2 padding longer than the frame", PROTOCOL, [raw(1, 0xD, 1, b"\x09\x82")]),
    ("6.2 too short for its priority", SIZE, [raw(1, 0x25, 1, b"\x00\x00")]),
    ("6.3 PRIORITY on the connection", PROTOCOL, [raw(2, 0, 0, bytes(5))]),
    ("6.3 PRIORITY of a wrong size", SIZE, [raw(2, 0, 1, bytes(4))]),
    ("6.4 RST_STREAM on the connection", PROTOCOL, [raw(3, 0, 0, bytes(4))]),
    ("6.4 RST_STREAM of a wrong size", SIZE, lambda p: [open_request(p), raw(3, 0, 1, bytes(3))]),
    ("6.5 an acknowledgement with content", SIZE, [raw(4, 1, 0, bytes(6))]),
    ("6.5 SETTINGS on a stream", PROTOCOL, [raw(4, 0, 1)]),
    ("6.5 SETTINGS of a wrong size", SIZE, [raw(4, 0, 0, bytes(5))]),
    ("6.5.2 ENABLE_PUSH of 2", PROTOCOL, [raw(4, 0, 0, b"\0\x02\0\0\0\x02")]),
    ("6.5.2 INITIAL_WINDOW_SIZE of 2^31", FLOW, [raw(4, 0, 0, b"\0\x04\x80\0\0\0")]),
    ("6.5.2 MAX_FRAME_SIZE of 16,383", PROTOCOL, [raw(4, 0, 0, b"\0\x05\0\0\x3f\xff")]),
    ("6.5.2 MAX_FRAME_SIZE of 2^24", PROTOCOL, [raw(4, 0, 0, b"\0\x05\x01\0\0\0")]),
    ("6.6 PUSH_PROMISE of a client", PROTOCOL, lambda p: [open_request(p), raw(5, 4, 1, b"\0\0\0\x02\x82")]),
    ("6.7 PING on a stream", PROTOCOL, [raw(6, 0, 1, bytes(8))]),
    ("6.7 PING of a wrong size", SIZE, [raw(6, 0, 0, bytes(6))]),
    ("6.8 GOAWAY on a stream", PROTOCOL, [raw(7, 0, 1, bytes(8))]),
    ("6.8 GOAWAY of a wrong size", SIZE, [raw(7, 0, 0, bytes(7))]),
    ("6.9 WINDOW_UPDATE by 0 on the connection", PROTOCOL, [raw(8, 0, 0, bytes(4))]),
    ("6.9 WINDOW_UPDATE of a wrong size", SIZE, [raw(8, 0, 0, bytes(3))]),
    ("6.9.1 the connection's window above 2^31-1", FLOW, [WindowUpdateFrame(0, (1 << 31) - 1)]),
    ("6.9.2 a stream's window above 2^31-1 by SETTINGS", FLOW,
     lambda p: [open_request(p), WindowUpdateFrame(1, (1 << 31) - 1 - 65535), raw(4, 0, 0, b"\0\x04\0\x01\0\0")]),
    ("6.10 CONTINUATION behind a whole block", PROTOCOL, lambda p: [open_request(p), raw(9, 4, 1, b"\x82")]),
    ("6.10 CONTINUATION on the connection", PROTOCOL, lambda p: [p.head(flags=()), raw(9, 4, 0, b"\x82")]),
    ("6.10 CONTINUATION of another stream", PROTOCOL, lambda p: [p.head(flags=()), raw(9, 4, 3, b"\x82")]),
    ("HPACK: index 0", COMPRESSION, [raw(1, 5, 1, b"\x80")]),
    ("HPACK: an index beyond the table", COMPRESSION, [raw(1, 5, 1, b"\xc0")]),
    ("HPACK: a table above the limit", COMPRESSION, [raw(1, 5, 1, number(4097, 5, 0x20) + b"\x82")]),
    ("HPACK: a table size behind a field", COMPRESSION, [raw(1, 5, 1, b"\x82\x20")]),
    ("HPACK: a cut integer", COMPRESSION, [raw(1, 5, 1, b"\xff\x80")]),
    ("HPACK: an integer without end", COMPRESSION, [raw(1, 5, 1, b"\xff" + b"\x80" * 20 + b"\x01")]),
    ("HPACK: a string beyond the block", COMPRESSION, [raw(1, 5, 1, b"\x00\x7e\x61")]),
    ("HPACK: Huffman code with the end of string", COMPRESSION, [raw(1, 5, 1, b"\x04\x84\xff\xff\xff\xff")]),
    ("HPACK: Huffman padding of a byte", COMPRESSION, [raw(1, 5, 1, b"\x04\x82\x07\xff")]),
    ("HPACK: Huffman padding of zeros", COMPRESSION, [raw(1, 5, 1, b"\x04\x81\x00")]),
])  # fmt: skip

stream_errors([
    ("8.2.1 an upper-case name", REQUEST + [("X-A", "b")]),
    ("8.2.1 a space in a name", REQUEST + [("x a", "b")]),
    ("8.2.1 a colon in a name", REQUEST + [("x:a", "b")]),
    ("8.2.1 an empty name", REQUEST + [("", "b")]),
    ("8.2.1 NUL in a value", REQUEST + [("a", "b\0c")]),
    ("8.2.1 a line end in a value", REQUEST + [("a", "b\r\nc: d")]),
    ("8.2.1 a bare line feed in a value", REQUEST + [("a", "b\nc: d")]),
    ("8.2.1 white space before a value", REQUEST + [("a", " b")]),
    ("8.2.1 white space behind a value", REQUEST + [("a", "b\t")]),
    ("8.2.2 connection", REQUEST + [("connection", "keep-alive")]),
    ("8.2.2 keep-alive", REQUEST + [("keep-alive", "5")]),
    ("8.2.2 proxy-connection", REQUEST + [("proxy-connection", "keep-alive")]),
    ("8.2.2 transfer-encoding", REQUEST + [("transfer-encoding", "chunked")]),
    ("8.2.2 upgrade", REQUEST + [("upgrade", "websocket")]),
    ("8.2.2 te other than trailers", REQUEST + [("te", "gzip")]),
    ("8.3 an unknown pseudo-header field", REQUEST + [(":test", "x")]),
    ("8.3 :status in a request", REQUEST + [(":status", "200")]),
    ("8.3 a pseudo-header field behind others", without(":path") + [("a", "b"), (":path", "/")]),
    ("8.3.1 no :method", without(":method")),
    ("8.3.1 no :scheme", without(":scheme")),
    ("8.3.1 no :path", without(":path")),
    ("8.3.1 :method twice", REQUEST + [(":method", "GET")]),
    ("8.3.1 :path twice", REQUEST + [(":path", "/other")]),
    ("8.3.1 :authority twice", REQUEST + [(":authority", "web.example")]),
    ("8.3.1 an empty :path", without(":path") + [(":path", "")]),
    ("8.3.1 a path that is none", without(":path") + [(":path", "a")]),
    ("8.3.1 a space in :path", without(":path") + [(":path", "/ HTTP/1.1\r\nhost: x")]),
    ("8.3.1 a method that is no token", without(":method") + [(":method", "GET / HTTP/1.1")]),
    ("8.3.1 a user in :authority", without(":authority") + [(":authority", "user@web.example")]),
    ("8.3.1 host other than :authority", REQUEST + [("host", "other.example")]),
    ("8.3.1 host in another case than :authority", REQUEST + [("host", "WEB.example")]),
    ("8.3.1 host twice", REQUEST + [("host", "web.example"), ("host", "web.example")]),
    ("8.5 CONNECT with a path", [(":method", "CONNECT"), (":path", "/"), (":authority", "a:1")]),
    ("8.5 CONNECT without :authority", [(":method", "CONNECT")]),
    ("8.1.1 content-length without content", REQUEST + [("content-length", "5")]),
    ("8.1.1 content-length twice", REQUEST + [("content-length", "0"), ("content-length", "0")]),
    ("8.1.1 content-length that is no number", REQUEST + [("content-length", "+0")]),
])  # fmt: skip


@case("3.4 a broken preface")
def broken_preface(port):
    peer = Peer(port, start=False)
    peer.send(PREFACE[:16] + b"X" * 8, SettingsFrame(0))
    peer.expect_connection_error(PROTOCOL)


@case("3.4 the first frame is no SETTINGS")
def no_settings(port):
    peer = Peer(port, start=False)
    peer.send(PREFACE, PingFrame(0, opaque_data=bytes(8)))
    peer.expect_connection_error(PROTOCOL)


@case("3.4 a preface byte by byte")
def slow_preface(port):
    peer = Peer(port, start=False)
    for byte in PREFACE + SettingsFrame(0).serialize() + peer.head().serialize():
        peer.send(bytes([byte]))
    peer.expect_answer()


@case("4.1 unknown frames, flags and the reserved bit are ignored")
def unknown_frames(peer):
    peer.send(raw(22, 0xFF, 0, b"hello"), raw(6, 0x16, 0, bytes(8)), raw(6, 0, 1 << 31, b"reserved"))
    peer.wait(lambda: b"reserved" in peer.pongs, "the answer to a ping")
    peer.expect_alive()


@case("5.1 half-closed: DATA")
def data_half_closed(peer):
    # A window of nothing keeps the stream open: its answer cannot end.
    peer.send(raw(4, 0, 0, b"\0\x04\0\0\0\0"), open_request(peer), DataFrame(1, b"x", flags=("END_STREAM",)))
    peer.expect_alive()
    peer.send(DataFrame(1, b"more"))
    peer.expect_stream_error(1, CLOSED)


@case("5.1 half-closed: HEADERS")
def headers_half_closed(peer):
    peer.send(raw(4, 0, 0, b"\0\x04\0\0\0\0"), open_request(peer), DataFrame(1, b"x", flags=("END_STREAM",)))
    peer.expect_alive()
    peer.send(peer.head())
    peer.expect_stream_error(1, CLOSED)


@case("5.1 closed: frames behind RST_STREAM")
def data_behind_reset(peer):
    peer.send(open_request(peer), RstStreamFrame(1, CANCEL), DataFrame(1, b"x"))
    peer.expect_stream_error(1, CLOSED)


@case("5.1 closed: HEADERS behind the end")
def headers_behind_end(peer):
    peer.send(peer.head())
    peer.expect_answer()
    peer.send(peer.head())
    peer.expect_stream_error(1, CLOSED, PROTOCOL)


@case("5.1 closed: WINDOW_UPDATE, RST_STREAM and PRIORITY are ignored")
def late_frames(peer):
    peer.send(peer.head())
    peer.expect_answer()
    peer.send(WindowUpdateFrame(1, 10), RstStreamFrame(1, CANCEL), raw(2, 0, 1, b"\0\0\0\0\x10"))
    peer.expect_alive()


@case("5.1.1 a stream below an earlier one")
def lower_stream(peer):
    peer.send(peer.head(stream=5))
    peer.expect_answer(5)
    peer.send(peer.head(stream=3))
    peer.expect_stream_error(3, PROTOCOL, CLOSED)


@case("5.1.2 more streams than allowed")
def too_many_streams(peer):
    peer.wait(lambda: 3 in peer.settings, "the limit")
    limit = peer.settings[3]
    peer.send(*[peer.head(stream=2 * index + 1, flags=("END_HEADERS",)) for index in range(limit + 1)])
    peer.expect_stream_error(2 * limit + 1, REFUSED, PROTOCOL)


@case("6.1 and 6.2 padding and priority do no harm")
def padding(peer):
    block = peer.encoder.encode(REQUEST)
    peer.send(raw(1, 0x2C, 1, b"\x04\0\0\0\0\x10" + block + bytes(4)))
    peer.send(raw(0, 8, 1, b"\x02hello\0\0"), raw(0, 9, 1, b"\xff" + bytes(255)))
    peer.expect_answer()
    if peer.content[1] != b"hello":
        raise Failed(f"another content: {peer.content[1]}")


@case("6.5.3 SETTINGS are acknowledged, unknown ones too")
def acknowledged(peer):
    peer.send(raw(4, 0, 0, b"\x7f\xff\0\0\0\x01"))
    peer.wait(lambda: peer.acknowledged == 2, "two acknowledgements")


@case("6.7 a PING is answered, an answer is not")
def pings(peer):
    peer.send(PingFrame(0, opaque_data=b"not this", flags=("ACK",)))
    peer.expect_alive()
    if b"not this" in peer.pongs:
        raise Failed("an answer was answered")


@case("6.9 WINDOW_UPDATE by 0 on a stream")
def empty_update(peer):
    peer.send(open_request(peer), WindowUpdateFrame(1, 1), raw(8, 0, 1, bytes(4)))
    peer.expect_stream_error(1, PROTOCOL)


@case("6.9.1 a stream's window above 2^31-1")
def stream_overflow(peer):
    peer.send(open_request(peer), WindowUpdateFrame(1, (1 << 31) - 1))
    peer.expect_stream_error(1, FLOW)


@case("6.9.1 more content than the stream's window")
def beyond_window(peer):
    # The server is asked nothing else, so that no credit comes back: the stream is refused at its head.
    peer.send(open_request(peer))
    for _ in range(80):
        peer.send(raw(0, 0, 1, bytes(16384)))
    peer.wait(lambda: 1 in peer.resets or peer.goaway is not None or peer.closed, "an error")
    if peer.resets.get(1, peer.goaway) != FLOW:
        raise Failed(peer.summary())


@case("6.9.2 windows of a byte, of none, and below none")
def small_windows(peer):
    peer.send(raw(4, 0, 0, b"\0\x04\0\0\0\x01"), open_request(peer), DataFrame(1, b"abcdef", flags=("END_STREAM",)))
    peer.wait(lambda: peer.content.get(1) == b"a", "the first byte")
    # From 1 down to 0 while a byte is out: the window is -1 and takes two to open by one.
    peer.send(raw(4, 0, 0, b"\0\x04\0\0\0\0"), WindowUpdateFrame(1, 1))
    peer.expect_alive()
    if peer.content[1] != b"a":
        raise Failed(f"content beyond the window: {peer.content[1]}")
    peer.send(WindowUpdateFrame(1, 1))
    peer.wait(lambda: peer.content[1] == b"ab", "the second byte")
    peer.send(WindowUpdateFrame(1, 100))
    peer.expect_answer()
    if peer.content[1] != b"abcdef":
        raise Failed(f"another content: {peer.content[1]}")


@case("6.10 a head in many CONTINUATION frames")
def continuations(peer):
    block = peer.block_of(REQUEST + [("x-long", "y" * 300)])
    peer.send(raw(1, 1, 1, block[:1]))
    peer.send(*[raw(9, 0, 1, block[index : index + 10]) for index in range(1, len(block), 10)])
    peer.send(raw(9, 4, 1))
    peer.expect_answer()


@case("8.1 trailers, and nothing behind them")
def trailers(peer):
    peer.send(open_request(peer), DataFrame(1, b"x"), peer.head([("x-sum", "1")]))
    peer.expect_answer()


@case("8.1 a second head that does not end the stream")
def second_head(peer):
    peer.send(open_request(peer), DataFrame(1, b"x"), peer.head([("x-sum", "1")], flags=("END_HEADERS",)))
    peer.expect_stream_error(1, PROTOCOL)


@case("8.1 a pseudo-header field in trailers")
def pseudo_trailers(peer):
    peer.send(open_request(peer), peer.head([(":path", "/")]))
    peer.expect_stream_error(1, PROTOCOL)


@case("8.1.1 less content than content-length")
def short_content(peer):
    peer.send(peer.head(REQUEST + [("content-length", "5")], flags=("END_HEADERS",)))
    peer.send(DataFrame(1, b"abcd", flags=("END_STREAM",)))
    peer.expect_stream_error(1, PROTOCOL)


@case("8.1.1 less content than content-length, with trailers")
def short_content_trailers(peer):
    peer.send(peer.head(REQUEST + [("content-length", "5")], flags=("END_HEADERS",)))
    peer.send(DataFrame(1, b"abcd"), peer.head([("x", "y")]))
    peer.expect_stream_error(1, PROTOCOL)


@case("8.1.1 more content than content-length")
def long_content(peer):
    peer.send(peer.head(REQUEST + [("content-length", "5")], flags=("END_HEADERS",)))
    peer.send(DataFrame(1, b"abc"), DataFrame(1, b"def"))
    peer.expect_stream_error(1, PROTOCOL)


@case("8.2.2 te: trailers is allowed")
def te_trailers(peer):
    peer.send(peer.plain(REQUEST + [("te", "trailers"), ("host", "web.example")]))
    peer.expect_answer()


@case("8.2.3 several cookie fields")
def cookies(peer):
    peer.send(peer.plain(REQUEST + [("cookie", "a=b"), ("cookie", "c=d")]))
    peer.expect_answer()


# Attacks: whatever is asked for, memory stays and others are served.


def flood(peer, frames, count, *codes):
    """Sends `frames` so many times and expects to be told to calm down."""
    data = b"".join(part.serialize() if isinstance(part, Frame) else part for part in frames)
    batch = max(1, 65536 // len(data))
    sent = 0
    while sent < count and not peer.closed:
        peer.send(data * batch)
        sent += batch
    peer.expect_connection_error(*(codes or (CALM,)))


@case("attack: CONTINUATION without end")
def continuation_flood(peer):
    peer.send(raw(1, 1, 1, b"\x82"))
    flood(peer, [raw(9, 0, 1, b"\x00\x01a\x01b" * 100)], 10_000)


@case("attack: empty CONTINUATION without end")
def empty_continuation_flood(peer):
    peer.send(raw(1, 1, 1, b"\x82"))
    flood(peer, [raw(9, 0, 1)], 10_000)


@case("attack: rapid reset")
def rapid_reset(peer):
    block = peer.block_of(REQUEST)
    stream = 1
    while stream < 60_000 and not peer.closed:
        batch = b""
        for _ in range(500):
            batch += raw(1, 5, stream, block) + RstStreamFrame(stream, CANCEL).serialize()
            stream += 2
        peer.send(batch)
    peer.expect_connection_error(CALM)


@case("attack: made to reset")
def made_to_reset(peer):
    # Heads that have to be reset by the proxy, without a RST_STREAM of the client.
    block = peer.block_of(without(":path"))
    stream = 1
    while stream < 60_000 and not peer.closed:
        peer.send(b"".join(raw(1, 5, number, block) for number in range(stream, stream + 1000, 2)))
        stream += 1000
    peer.expect_connection_error(CALM)


@case("attack: made to reset by windows")
def made_to_reset_by_windows(peer):
    block = peer.block_of(REQUEST)
    stream = 1
    while stream < 60_000 and not peer.closed:
        peer.send(
            b"".join(
                raw(1, 4, number, block) + raw(8, 0, number, bytes(4)) for number in range(stream, stream + 1000, 2)
            )
        )
        stream += 1000
    peer.expect_connection_error(CALM)


@case("attack: SETTINGS")
def settings_flood(peer):
    flood(peer, [raw(4, 0, 0, b"\0\x04\0\0\xff\xff")], 100_000)


@case("attack: PING")
def ping_flood(peer):
    flood(peer, [raw(6, 0, 0, bytes(8))], 100_000)


@case("attack: PRIORITY")
def priority_flood(peer):
    flood(peer, [raw(2, 0, 1, b"\0\0\0\0\x10")], 100_000)


@case("attack: empty DATA")
def empty_data_flood(peer):
    peer.send(open_request(peer))
    flood(peer, [raw(0, 0, 1)], 100_000)


@case("attack: unknown frames")
def unknown_flood(peer):
    flood(peer, [raw(99, 0, 0)], 100_000)


@case("attack: DATA of a stream that is closed")
def closed_data_flood(peer):
    peer.send(peer.head())
    peer.expect_answer()
    flood(peer, [raw(0, 0, 1, b"x")], 50_000)


@case("attack: HPACK bomb of indices")
def index_bomb(peer):
    value = b"v" * 4000
    bomb = b"\x40\x01a" + number(len(value), 7) + value
    peer.send(raw(1, 5, 1, peer.block_of(REQUEST) + bomb + b"\xbe" * 12_000))
    peer.expect_stream_error(1, CALM)


@case("attack: HPACK bomb of names")
def name_bomb(peer):
    name = b"n" * 4000
    bomb = b"\x40" + number(len(name), 7) + name + b"\x00"
    peer.send(raw(1, 5, 1, peer.block_of(REQUEST) + bomb + b"\x0f\x2f\x00" * 4_000))
    peer.expect_stream_error(1, CALM)


@case("attack: a head above the limit")
def large_head(peer):
    many = peer.block_of(REQUEST) + b"\x00\x01a\x00" * 3_000  # 33 bytes each, and 4 on the wire.
    peer.send(raw(1, 5, 1, many))
    peer.expect_stream_error(1, CALM)


# Content of all requests that follow fits into the connection's window of a megabyte: none is credited.


@case("attack: a client that never reads")
def never_reads(port):
    peer = Peer(port, receive_buffer=4096, settings={4: (1 << 31) - 1})
    peer.send(WindowUpdateFrame(0, (1 << 31) - 1 - 65535))
    for stream in range(1, 801, 2):
        peer.send(peer.head(stream=stream, flags=("END_HEADERS",)), raw(0, 1, stream, bytes(2400)))
    if peer.closed:
        raise Failed("closed")
    return peer


@case("attack: answers that nobody opens a window for")
def window_stall(port):
    peer = Peer(port, settings={4: 0})
    for stream in range(1, 41, 2):
        peer.send(peer.head(stream=stream, flags=("END_HEADERS",)))
        peer.send(*[raw(0, 0, stream, bytes(16000)) for _ in range(2)], raw(0, 1, stream, bytes(16000)))
    peer.expect_alive()
    return peer


@case("attack: windows opened byte by byte")
def dribble(port):
    peer = Peer(port, settings={4: 1 << 20})
    for stream in range(1, 31, 2):
        peer.send(peer.head(stream=stream, flags=("END_HEADERS",)))
        peer.send(*[raw(0, 0, stream, bytes(16000)) for _ in range(3)], raw(0, 1, stream, bytes(16000)))
    peer.wait(lambda: len(peer.heads) == 15, "all heads")
    peer.wait(lambda: sum(map(len, peer.content.values())) == 65_535, "a full window")
    peer.expect_alive()
    for _ in range(20):
        peer.send(WindowUpdateFrame(0, 1).serialize() * 1000)
    peer.wait(lambda: sum(map(len, peer.content.values())) == 85_535, "all that the window admits")
    # All streams get their turn, not the first alone.
    if min(len(peer.content.get(stream, b"")) for stream in range(1, 31, 2)) == 0:
        raise Failed(f"no turn for some streams: { {k: len(v) for k, v in peer.content.items()} }")
    return peer


@case("attack: two hundred connections that say nothing")
def silent(port):
    peers = [Peer(port, start=index % 2 == 0) for index in range(200)]
    for peer in peers[1::2]:
        peer.send(PREFACE[:10])
    return peers


def memory(process):
    """Resident kilobytes."""
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def main():
    port, process = int(sys.argv[1]), int(sys.argv[2])
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    witness, stream = Peer(port), 1
    witness.send(witness.head())
    witness.expect_answer()
    before = memory(process)
    failures, kept = 0, []
    for name, run in CASES:
        if pattern not in name:
            continue
        started = time.monotonic()
        try:
            kept.append(run(port if run.__code__.co_varnames[0] == "port" else kept.append(Peer(port)) or kept[-1]))
            stream += 2
            witness.send(witness.head(stream=stream, flags=("END_HEADERS",)))
            witness.send(DataFrame(stream, b"still here", flags=("END_STREAM",)))
            witness.expect_answer(stream)
            if witness.content[stream] != b"still here":
                raise Failed("another connection got a wrong answer")
            grown = memory(process) - before
            if grown > 64 << 10:
                raise Failed(f"{grown} kB more memory")
            print(f"ok {name} ({time.monotonic() - started:.1f} s)")
        except Failed as failure:
            failures += 1
            print(f"FAIL {name}: {failure}")
    print(f"{len(CASES)} cases, {failures} failed, {memory(process) - before} kB more memory")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
