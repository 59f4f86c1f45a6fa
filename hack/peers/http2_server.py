"""An HTTP/2 server on the h2 library that answers each request with its content and trailers; prints its port.

    python hack/peers/http2_server.py
"""

import socket
import sys
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, TrailersReceived, WindowUpdated
from h2.exceptions import ProtocolError


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.http = H2Connection(H2Configuration(client_side=False, header_encoding=False))
        self.content = {}
        self.waiting = {}
        self.trailers = {}

    def run(self):
        self.http.initiate_connection()
        self.sock.sendall(self.http.data_to_send())
        while data := self.sock.recv(1 << 16):
            for event in self.http.receive_data(data):
                try:
                    self.handle(event)
                except ProtocolError:
                    pass  # Reset further on in the same bytes.
            self.sock.sendall(self.http.data_to_send())

    def handle(self, event):
        if isinstance(event, RequestReceived):
            self.content[event.stream_id] = bytearray()
        elif isinstance(event, DataReceived):
            if event.stream_id in self.content:
                self.content[event.stream_id] += event.data
            if event.flow_controlled_length:
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            self.trailers[event.stream_id] = [(b"x-got-" + name, value) for name, value in event.headers]
        elif isinstance(event, StreamEnded):
            content = bytes(self.content.pop(event.stream_id, b""))
            self.http.send_headers(event.stream_id, [(":status", "200"), ("server", "h2")])
            self.waiting[event.stream_id] = content
            self.send(event.stream_id)
        elif isinstance(event, WindowUpdated):
            for stream in [event.stream_id] if event.stream_id else list(self.waiting):
                self.send(stream)
        elif isinstance(event, StreamReset):
            self.content.pop(event.stream_id, None)
            self.waiting.pop(event.stream_id, None)
            self.trailers.pop(event.stream_id, None)

    def send(self, stream):
        """As much of the answer as the windows admit."""
        while stream in self.waiting:
            content = self.waiting[stream]
            room = min(self.http.local_flow_control_window(stream), self.http.max_outbound_frame_size)
            if content and room <= 0:
                return
            piece, rest = content[:room], content[room:]
            if piece:
                self.http.send_data(stream, piece)
            if rest:
                self.waiting[stream] = rest
            else:
                del self.waiting[stream]
                end = self.trailers.pop(stream, []) + [(b"x-end", b"1")]
                self.http.send_headers(stream, end, end_stream=True)


def serve(sock):
    try:
        Connection(sock).run()
    except (OSError, ProtocolError) as error:
        print(f"connection ended: {error!r}", file=sys.stderr)
    finally:
        sock.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main()
