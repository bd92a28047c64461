"""Tiles: the same tree, cut into pieces that a store can keep."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import MalformedInput
from crypto.log import tiles, tree
from crypto.log.tiles import TileId
from tests.crypto.log.builders import golden, some_leaves

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAVES = some_leaves(2000)


def stored(batches: Sequence[int]) -> dict[TileId, bytes]:
    """Return the tiles after appending batches of these sizes."""
    store: dict[TileId, bytes] = {}
    size = 0
    for batch in batches:
        store |= tiles.append(size, LEAVES[size : size + batch], store.__getitem__)
        size += batch
    return store


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "tile/0/000"),
        (999, 256, "tile/0/999"),
        (1000, 256, "tile/0/x001/000"),
        (1234067, 256, "tile/0/x001/x234/067"),
        (1234067, 8, "tile/0/x001/x234/067.p/8"),
        (0, 255, "tile/0/000.p/255"),
    ],
)
def test_a_tile_is_found_at_its_path(index: int, width: int, path: str) -> None:
    """The path is the one that c2sp.org/tlog-tiles gives."""
    assert tiles.tile_path(TileId(0, index), width) == path


@pytest.mark.parametrize(
    ("tile", "width"),
    [(TileId(0, 0), 0), (TileId(0, 0), 257), (TileId(64, 0), 1), (TileId(-1, 0), 1)],
    ids=str,
)
def test_a_tile_that_cannot_be_has_no_path(tile: TileId, width: int) -> None:
    """Empty tiles, wider ones and levels above 63 do not exist."""
    with pytest.raises(MalformedInput):
        tiles.tile_path(tile, width)


def test_a_negative_index_has_no_path() -> None:
    """Indices count from 0."""
    with pytest.raises(MalformedInput):
        tiles.tile_path(TileId(0, -1))


@settings(deadline=None)
@given(st.lists(st.integers(0, 600), max_size=5).filter(lambda sizes: sum(sizes) <= 2000))
def test_tiles_hold_the_tree_however_it_was_batched(batches: list[int]) -> None:
    """Batches of any size leave the same tiles as one batch, and the tree's own root."""
    size = sum(batches)
    store = stored(batches)

    assert store == stored([size])
    assert tree.root_from(size, tiles.hash_reader(store.__getitem__)) == tree.root_hash(
        LEAVES[:size]
    )


@settings(deadline=None)
@given(st.integers(1, 2000), st.data())
def test_proofs_read_from_tiles_verify(size: int, data: st.DataObject) -> None:
    """An older tree's proofs can be read from tiles that have grown since."""
    read = tiles.hash_reader(stored([2000]).__getitem__)
    index = data.draw(st.integers(0, size - 1))
    root = tree.root_hash(LEAVES[:size])

    tree.verify_inclusion(
        leaf=LEAVES[index],
        index=index,
        size=size,
        proof=tree.inclusion_proof(index, size, read),
        root=root,
    )
    tree.verify_consistency(
        old_size=index,
        new_size=size,
        old_root=tree.root_hash(LEAVES[:index]),
        new_root=root,
        proof=tree.consistency_proof(index, size, read),
    )


def test_an_append_returns_changed_tiles_and_no_other() -> None:
    """From 255 to 257 leaves: a tile fills, the next begins, and the level above gets a hash."""
    store = stored([255])

    changed = tiles.append(255, LEAVES[255:257], store.__getitem__)

    assert {tile: len(data) // 32 for tile, data in changed.items()} == {
        TileId(0, 0): 256,
        TileId(0, 1): 1,
        TileId(1, 0): 1,
    }


def test_nothing_appended_changes_nothing() -> None:
    """An empty batch touches no tile, nor reads one."""
    assert tiles.append(300, [], stored([]).__getitem__) == {}


def test_a_store_of_another_size_is_refused_rather_than_forked() -> None:
    """A stored tile narrower or wider than the size says stops the append."""
    store = stored([10])

    for size in (9, 11):
        with pytest.raises(MalformedInput):
            tiles.append(size, LEAVES[:1], store.__getitem__)


def test_a_leaf_is_a_hash() -> None:
    """An entry handed in where its hash belongs is refused."""
    with pytest.raises(MalformedInput):
        tiles.append(0, [b"entry"], stored([]).__getitem__)


def test_a_tile_cut_short_gives_no_hash() -> None:
    """Storage that lost the end of a tile is an error, not a shorter tree."""
    store = stored([10])
    store[TileId(0, 0)] = store[TileId(0, 0)][:-1]

    with pytest.raises(MalformedInput):
        tree.root_from(10, tiles.hash_reader(store.__getitem__))


def test_only_full_tiles_have_a_hash_at_the_level_above() -> None:
    """c2sp.org/tlog-tiles: a partial tile must not be hashed into the level above."""
    with pytest.raises(MalformedInput):
        tiles.tile_root(bytes(255 * 32))


def test_a_reader_fetches_each_tile_once() -> None:
    """Every proof of a batch together costs one read per tile."""
    store = stored([2000])
    fetched: list[TileId] = []

    def fetch(tile: TileId) -> bytes:
        fetched.append(tile)
        return store[tile]

    read = tiles.hash_reader(fetch)
    for index in range(1488, 2000):
        tree.inclusion_proof(index, 2000, read)

    assert len(fetched) == len(set(fetched))


def test_tiles_are_those_of_go() -> None:
    """Go's checksum database cuts a tree of 70,000 leaves into the same tiles."""
    vectors = golden("trees.json")
    size = vectors["tiles_size"]
    store = tiles.append(0, some_leaves(size), stored([]).__getitem__)
    found = {
        tiles.tile_path(tile, len(data) // 32): hashlib.sha256(data).hexdigest()
        for tile, data in store.items()
    }

    assert {one["path"]: one["sha256"] for one in vectors["tiles"]}.items() <= found.items()
    read = tiles.hash_reader(store.__getitem__)
    for one in vectors["inclusion"]:
        proof = tree.inclusion_proof(one["index"], one["size"], read)
        assert [part.hex() for part in proof] == one["proof"]
    for one in vectors["consistency"]:
        proof = tree.consistency_proof(one["old_size"], one["new_size"], read)
        assert [part.hex() for part in proof] == one["proof"]
    for one in vectors["roots"]:
        assert tree.root_from(one["size"], read).hex() == one["root"]
