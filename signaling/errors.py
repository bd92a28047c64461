"""Errors of the wire.

SignalingError (never raised itself)
├── Unreadable       not one MessagePack map within bounds: the connection closes with 4400
├── MalformedFrame   a map, but no frame of ours: refused E_MALFORMED, the connection stays
└── CallRefused      a frame that this call does not take now; says its `call.*` code
"""

from __future__ import annotations

from signaling.codes import Code


class SignalingError(Exception):
    """Root of what a peer on the wire can do wrong."""


class Unreadable(SignalingError):
    """The bytes are not one MessagePack map within bounds."""


class MalformedFrame(SignalingError):
    """A MessagePack map that is no frame; `request_id` is what the refusal repeats."""

    def __init__(self, request_id: str) -> None:
        super().__init__("malformed frame")
        self.request_id = request_id


class CallRefused(SignalingError):
    """A frame that a call does not take now; nothing changed."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code
