"""The tree cut into tiles of 256 hashes (c2sp.org/tlog-tiles), the unit of storage and export.

Level 0 holds leaf hashes; every hash at level L+1 is the root of one full tile at level L.
A full tile never changes again, so a reader may cache it for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from crypto.errors import MalformedInput
from crypto.log.tree import HASH_BYTES, HashReader, node_hash, root_hash

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
MAX_TILE_LEVEL: Final = 63


@dataclass(frozen=True, slots=True)
class TileId:
    """Where a tile is: its level, counted in tiles, and its index within the level."""

    level: int
    index: int


TileReader: TypeAlias = Callable[[TileId], bytes]
"""Returns the whole content of a stored tile, full or partial."""


def tile_path(tile: TileId, width: int = TILE_WIDTH) -> str:
    """Return the path of `tile` with `width` hashes, such as `tile/0/x001/x234/067.p/8`."""
    if not (0 <= tile.level <= MAX_TILE_LEVEL and tile.index >= 0 and 1 <= width <= TILE_WIDTH):
        raise MalformedInput("there is no such tile")
    path = f"{tile.index % 1000:03d}"
    rest = tile.index // 1000
    while rest:
        path = f"x{rest % 1000:03d}/{path}"
        rest //= 1000
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{tile.level}/{path}{partial}"


def append(size: int, leaves: Sequence[bytes], read_tile: TileReader) -> dict[TileId, bytes]:
    """Return every tile that changes when `leaves` follow the first `size`, with its new content.

    Only the partial tiles at the right edge are read, at most one a level.
    """
    changed: dict[TileId, bytes] = {}
    level, width, added = 0, size, list(leaves)
    if any(len(leaf) != HASH_BYTES for leaf in added):
        raise MalformedInput("a leaf hash is 32 bytes")
    while added:
        tiles = _fill(TileId(level, width // TILE_WIDTH), width % TILE_WIDTH, added, read_tile)
        changed.update(tiles)
        added = [tile_root(data) for data in tiles.values() if len(data) == _FULL_BYTES]
        level, width = level + 1, width // TILE_WIDTH
    return changed


def tile_root(data: bytes) -> bytes:
    """Return the root of a full tile: its one hash at the level above."""
    if len(data) != _FULL_BYTES:
        raise MalformedInput("only a full tile has a hash at the level above")
    return root_hash([data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])


def hash_reader(read_tile: TileReader) -> HashReader:
    """Return a reader of complete subtrees that fetches each tile, and hashes each node, once.

    It remembers for its whole life: make one for each tree size and drop it with the answer.
    """
    tiles: dict[TileId, bytes] = {}
    nodes: dict[tuple[int, int], bytes] = {}

    def stored(level: int, index: int) -> bytes:
        tile = TileId(level, index // TILE_WIDTH)
        if tile not in tiles:
            tiles[tile] = read_tile(tile)
        at = index % TILE_WIDTH * HASH_BYTES
        found = tiles[tile][at : at + HASH_BYTES]
        if len(found) != HASH_BYTES:
            raise MalformedInput("a stored tile is shorter than the tree says")
        return found

    def read(level: int, index: int) -> bytes:
        known = nodes.get((level, index))
        if known is not None:
            return known
        if level % TILE_HEIGHT == 0:
            found = stored(level // TILE_HEIGHT, index)
        else:
            found = node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))
        nodes[level, index] = found
        return found

    return read


_FULL_BYTES: Final = TILE_WIDTH * HASH_BYTES


def _fill(
    first: TileId, width: int, added: Sequence[bytes], read_tile: TileReader
) -> dict[TileId, bytes]:
    """Continue tile `first`, which holds `width` hashes, and as many tiles after it as needed."""
    begun = read_tile(first) if width else b""
    if len(begun) != width * HASH_BYTES:
        # Another size than the caller's: to go on would fork the log.
        raise MalformedInput("a stored tile is not as wide as the tree says")
    data = begun + b"".join(added)
    return {
        TileId(first.level, first.index + n): data[at : at + _FULL_BYTES]
        for n, at in enumerate(range(0, len(data), _FULL_BYTES))
    }
