"""MessagePack on the outside, typed frames on the inside. Nothing else parses the wire."""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec

from signaling.errors import MalformedFrame, Unreadable
from signaling.frames import MAX_FRAME_BYTES, AnyClientFrame, AnyServerFrame, ServerFrame


def decode_client(data: bytes) -> AnyClientFrame:
    """Decode one frame of a device.

    Raises `Unreadable` when it is not one MessagePack map within bounds (the connection closes),
    `MalformedFrame` when it is, but is no frame of ours (it is refused, the connection stays).
    """
    value = _unpack(data)
    try:
        # `builtin_types`: without it msgspec would take base64 text where bytes are due, a second
        # spelling of the same frame.
        frame: AnyClientFrame = msgspec.convert(
            value, AnyClientFrame, strict=True, builtin_types=(bytes,)
        )
    except (msgspec.ValidationError, RecursionError) as exc:
        raise MalformedFrame(_request_id(value)) from exc
    return frame


def encode(frame: ServerFrame | msgspec.Struct) -> bytes:
    """Encode a frame; the same bytes may go to many sockets."""
    return msgspec.msgpack.encode(frame)


def decode_server(data: bytes) -> AnyServerFrame:
    """Decode one frame of the hub (for headless clients). Raises `Unreadable`."""
    try:
        frame: AnyServerFrame = msgspec.msgpack.decode(data, type=AnyServerFrame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable("not a frame of the hub") from exc
    return frame


def _unpack(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_FRAME_BYTES:
        raise Unreadable("frame over 256 KiB")
    try:
        # A map's keys must be text: bytes or nested keys are nobody's frame. `max_*` follow the
        # input's own length, so a header that promises a billion items allocates nothing.
        value = msgpack.unpackb(
            data, raw=False, strict_map_key=True, use_list=True, object_pairs_hook=_unique
        )
    except (ValueError, TypeError, RecursionError, OverflowError, msgpack.UnpackException) as exc:
        raise Unreadable("not MessagePack") from exc
    if not isinstance(value, dict):
        raise Unreadable("not a map")
    return value


def _unique(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    # Of two values under one key, one reader takes the first and another the last.
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in a map")
    return value


def _request_id(value: dict[str, Any]) -> str:
    request_id = value.get("id")
    return request_id if isinstance(request_id, str) and 1 <= len(request_id) <= 64 else ""
