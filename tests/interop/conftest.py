"""The other language's process, one for all the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.node import Node
from tests.interop.room import Room


@pytest.fixture(scope="package")
def node() -> Iterator[Node]:
    """The TypeScript core, in a process of its own."""
    started = Node()
    yield started
    started.close()


@pytest.fixture
def room(node: Node) -> Room:
    """A place for a group of suite 1."""
    return Room(node=node)
