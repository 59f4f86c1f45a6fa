"""WebSockets of the websockets library: a server that prints its port, and a client that talks to it.

    python hack/peers/websocket_peer.py serve
    python hack/peers/websocket_peer.py call PORT
"""

import sys

from websockets.sync.client import connect
from websockets.sync.server import serve


def echo(socket):
    for message in socket:
        socket.send(message)


def main():
    if sys.argv[1] == "serve":
        with serve(echo, "127.0.0.1", 0, max_size=8 << 20) as server:
            print(server.socket.getsockname()[1], flush=True)
            server.serve_forever()
    with connect(f"ws://127.0.0.1:{sys.argv[2]}/chat", max_size=8 << 20, open_timeout=10) as socket:
        for message in ["hello", b"\0\1\2", "", "ü" * 100_000, bytes(2_000_000)]:
            socket.send(message)
            if socket.recv(timeout=10) != message:
                sys.exit("another message came back")
        if not socket.ping().wait(10):
            sys.exit("no pong")
    print("ok", socket.close_code)


if __name__ == "__main__":
    main()
