"""Carries connections from behind a lab's walls to one port of the host's loopback, and to nothing else."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading

_PIECE = 1 << 16
_MOST = 64  # connections at a time: each costs this process three descriptors and a thread


class Relay:
    """Serves a socket that listens behind the walls, until it is closed. Bytes are passed on as they come."""

    def __init__(self, listening: socket.socket, port: int) -> None:
        self._listening = listening
        self._port = port
        self._room = threading.BoundedSemaphore(_MOST)
        threading.Thread(target=self._serve, name=f"to port {port}", daemon=True).start()

    def close(self) -> None:
        """Take no more connections; those that are open end with their two ends."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                self._room.acquire()
                inside, _ = self._listening.accept()
                threading.Thread(target=self._carried, args=(inside,), daemon=True).start()

    def _carried(self, inside: socket.socket) -> None:
        try:
            _carry(inside, self._port)
        finally:
            self._room.release()


def _carry(inside: socket.socket, port: int) -> None:
    with inside, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as outside:
        to = {inside: outside, outside: inside}
        with selectors.DefaultSelector() as waiting:
            for end in to:
                waiting.register(end, selectors.EVENT_READ, end)
            while waiting.get_map():
                for key, _ in waiting.select():
                    if piece := key.data.recv(_PIECE):
                        to[key.data].sendall(piece)
                        continue
                    waiting.unregister(key.data)
                    with contextlib.suppress(OSError):
                        to[key.data].shutdown(socket.SHUT_WR)
