"""The hub's front door as somebody meets it who speaks HTTP and WebSocket byte by byte."""

from __future__ import annotations

import base64
import os
import socket
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """One hub's port on this machine."""

    port: int

    def host(self, name: str = "claire") -> str:
        """Return the `Host` of a persona."""
        return f"{name}.localhost:{self.port}"

    def knock(self) -> socket.socket:
        """Open a TCP connection, with nothing said yet."""
        knocking = socket.create_connection((LOOPBACK, self.port), timeout=PATIENCE)
        knocking.settimeout(PATIENCE)
        return knocking

    def say(self, request: bytes) -> bytes:
        """Send bytes and return all that comes until the hub closes."""
        with self.knock() as knocking:
            knocking.sendall(request)
            return read_to_end(knocking)

    def ask(self, line: str, *headers: str, body: str = "") -> int:
        """Send one request with these very headers; return the status."""
        lines = [f"{line} HTTP/1.1", *headers, "Connection: close"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        answer = self.say(("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"))
        return int(answer.split(b" ", 2)[1])

    def sign_in(self, name: str) -> str:
        """Sign a persona in; return the `Cookie` header."""
        host = self.host(name)
        request = (
            f"POST /api/session HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Connection: close\r\nContent-Length: 2\r\n\r\n{}"
        )
        head = self.say(request.encode()).partition(b"\r\n\r\n")[0].decode()
        lines = [line for line in head.split("\r\n") if line.lower().startswith("set-cookie: ")]
        return "Cookie: " + lines[0].partition(": ")[2].partition(";")[0]

    def upgrade(self, *headers: str) -> tuple[socket.socket, int]:
        """Ask for the WebSocket; return the connection and the status."""
        lines = [
            "GET /ws HTTP/1.1",
            *headers,
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: colloque.v1",
        ]
        knocking = self.knock()
        knocking.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += knocking.recv(1)
        return knocking, int(head.split(b" ", 2)[1])

    def enter(self, name: str) -> socket.socket:
        """Sign a persona in and open their WebSocket."""
        host = self.host(name)
        entered, status = self.upgrade(
            f"Host: {host}", f"Origin: http://{host}", self.sign_in(name)
        )
        assert status == 101
        return entered


def read_to_end(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    read = bytearray()
    try:
        while piece := connection.recv(65536):
            read += piece
    except ConnectionResetError:
        pass
    return bytes(read)


def ws_frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """Return one masked WebSocket frame (RFC 6455, 5.2) of less than 64 KiB."""
    first = bytes([(0x80 if fin else 0) | opcode])
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return first + length + bytes(4) + payload
