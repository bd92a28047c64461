"""The audit log in tables: entries, Merkle tiles, signed heads. Appends only.

Entries gather in memory while a transaction runs and are written once by `seal`, with the tiles
and the signed checkpoint they lead to: one batch, one signature, one commit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.errors import CryptoError
from crypto.log import tiles, tree
from crypto.log.checkpoint import (
    Checkpoint,
    UnverifiedCheckpoint,
    VerifierKey,
    sign_checkpoint,
)
from crypto.log.proof import LogProof
from crypto.log.tiles import TILE_WIDTH, TileId
from server.domain import audit
from server.domain.audit import EVERY_PATIENT, Draft, LogClass, Place
from server.domain.people import Person
from server.ports import Access, Altered, Located, LogHead, Proven, StoredEntry
from server.storage.keys import KeyRing
from server.storage.schema import checkpoint, conversation, entry, head, tile

ARCHIVE_EVERY = 60_000_000
"""Microseconds between checkpoints kept for good."""
HASH_BYTES = 32
MAX_INDEX = 2**63 - 1

_NUMBER = (
    update(conversation)
    .where(conversation.c.id == bindparam("conversation"))
    .values(entries=conversation.c.entries + 1)
    .returning(conversation.c.entries)
)


class TileCache:
    """The growing right edge of each log, so that an append need not read it back."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[str, TileId], bytes] = {}
        self.held: set[str] = set()
        """Logs whose tiles this process found to make their signed head."""

    def get(self, log: str, tile_id: TileId) -> bytes | None:
        """Return a tile's bytes if they are at hand."""
        return self._tiles.get((log, tile_id))

    def put(self, log: str, tile_id: TileId, hashes: bytes) -> None:
        """Keep a tile while it grows; a full one never changes again and is let go."""
        if len(hashes) < TILE_WIDTH * HASH_BYTES:
            self._tiles[(log, tile_id)] = hashes
        else:
            self._tiles.pop((log, tile_id), None)

    def forget(self) -> None:
        """Drop everything: a transaction was undone."""
        self._tiles.clear()


@dataclass(slots=True)
class _Growing:
    """One log during a transaction."""

    name: str
    tenant: str
    log_class: LogClass
    size: int
    root: bytes
    checkpoint: str
    archived_at: int
    fresh: list[dict[str, Any]] = field(default_factory=list)
    last_ts: int = 0


def _accesses(log: _Growing) -> list[Access]:
    """Return those of the entries about to be written that a patient is told of."""
    return [
        _access(Located(log.name, row["idx"], row["bytes"]), log.tenant, row["about"])
        for row in log.fresh
        if row["about"] is not None
    ]


def _access(located: Located, tenant: str, about: str) -> Access:
    actor = json.loads(located.entry)["actor"]["person"]
    return Access(located, tenant, actor, None if about == EVERY_PATIENT else about)


class LogTables:
    """`ports.AuditLog`, `ports.AuditReader` and `ports.Accesses`."""

    def __init__(
        self, connection: Connection, *, keys: KeyRing, tiles: TileCache, deployment: str, node: str
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._cache = tiles
        self._deployment = deployment
        self._node = node
        self._logs: dict[tuple[str, LogClass], _Growing] = {}
        self._hashes: dict[str, tree.HashReader] = {}
        self._told: list[Access] = []

    def start(self, tenant: str) -> None:
        """Start the logs of a new tenant: empty, and signed so."""
        for log_class in LogClass:
            name = self._name(tenant, log_class)
            note = self._sign(tenant, Checkpoint(origin=name, size=0, root=tree.EMPTY_ROOT))
            values: dict[str, Any] = {
                "log": name,
                "tenant": tenant,
                "class": log_class.value,
                "size": 0,
                "root": tree.EMPTY_ROOT,
                "checkpoint": note,
                "archived_at": 0,
            }
            self._connection.execute(insert(head).values(values))

    def append(self, draft: Draft, now: int) -> Located:
        """Give the entry its place; durable with the transaction."""
        log = self._log(draft.actor.tenant, draft.log_class)
        if log.name not in self._cache.held:
            self._hold_against_head(log)
        index = log.size + len(log.fresh)
        number = self._number(draft.conversation)
        place = Place(index=index, ts=now, conversation_entry=number, node=self._node)
        data = audit.encode(draft, place)
        log.fresh.append(
            {
                "log": log.name,
                "idx": index,
                "bytes": data,
                "conversation": draft.conversation,
                "conversation_entry": number,
                "about": draft.about,
            }
        )
        log.last_ts = now
        return Located(log.name, index, data)

    def prove(self, located: Located) -> Proven:
        """Return the inclusion proof under this transaction's signed head."""
        log = next(one for one in self._logs.values() if one.name == located.log)
        hashes = tree.inclusion_proof(located.index, log.size, self._reader(located.log))
        proof = LogProof(index=located.index, hashes=hashes, checkpoint_text=log.checkpoint)
        return Proven(located, proof.encode())

    def head(self, tenant: str, log_class: LogClass) -> LogHead:
        """Return the end of a log as it was last sealed."""
        log = self._log(tenant, log_class)
        key = VerifierKey.of(log.name, self._keys.log_key(tenant))
        return LogHead(log.name, log_class, log.size, log.checkpoint, key.encode())

    def located(self, tenant: str, log_class: LogClass, index: int) -> Located:
        """Return a stored entry; raises `KeyError`."""
        log = self._log(tenant, log_class)
        data = self._connection.scalar(
            select(entry.c.bytes).where(entry.c.log == log.name, entry.c.idx == index)
        )
        if data is None:
            raise KeyError(index)
        return Located(log.name, index, data)

    def numbered(self, tenant: str, conversation_id: str, number: int) -> Located:
        """Return a conversation's entry by its number (1 founds it); raises `KeyError`."""
        log = self._log(tenant, LogClass.CARE)
        row = self._connection.execute(
            select(entry.c.idx, entry.c.bytes).where(
                entry.c.log == log.name,
                entry.c.conversation == conversation_id,
                entry.c.conversation_entry == number,
            )
        ).first()
        if row is None:
            raise KeyError(number)
        return Located(log.name, row.idx, row.bytes)

    def entries(self, log: str, *, after: int, size: int, limit: int) -> list[StoredEntry]:
        """Return the rows with index in (after, size), in order, at most `limit`.

        A row that is gone is told as such: its leaf still stands in the tile.
        """
        wanted = range(after + 1, min(size, after + 1 + limit))
        rows = self._connection.execute(
            select(entry.c.idx, entry.c.bytes).where(
                entry.c.log == log, entry.c.idx >= wanted.start, entry.c.idx < wanted.stop
            )
        )
        found = {row.idx: row.bytes for row in rows}
        read = self._reader(log)
        return [StoredEntry(i, found.get(i), read(0, i)) for i in wanted]

    def of_conversation(
        self, log: str, conversation_id: str, *, after: int, size: int, limit: int
    ) -> list[StoredEntry]:
        """Return the rows that name a conversation."""
        rows = self._connection.execute(
            select(entry.c.idx, entry.c.bytes)
            .where(
                entry.c.log == log,
                entry.c.conversation == conversation_id,
                entry.c.idx > after,
                entry.c.idx < size,
            )
            .order_by(entry.c.idx)
            .limit(limit)
        )
        read = self._reader(log)
        return [StoredEntry(row.idx, row.bytes, read(0, row.idx)) for row in rows]

    def count(self, conversation_id: str) -> int:
        """Count the entries that named a conversation when the log was last sealed."""
        waiting: int = sum(
            row["conversation"] == conversation_id
            for growing in self._logs.values()
            for row in growing.fresh
        )
        told = select(conversation.c.entries).where(conversation.c.id == conversation_id)
        counted: int = self._connection.execute(told).scalar_one()
        return counted - waiting

    def inclusion(self, log: str, index: int, size: int) -> tuple[bytes, ...]:
        """Return the inclusion proof of `index` in the tree of the first `size` entries."""
        return tree.inclusion_proof(index, size, self._reader(log))

    def consistency(self, log: str, first: int, second: int) -> tuple[bytes, ...]:
        """Return the proof that the tree of `second` entries begins with that of `first`."""
        return tree.consistency_proof(first, second, self._reader(log))

    def about(self, patient: Person, *, before: int | None, limit: int) -> list[Access]:
        """Return the newest entries about a patient with an index below `before`."""
        name = self._name(patient.tenant, LogClass.CARE)
        rows = self._connection.execute(
            select(entry.c.idx, entry.c.bytes, entry.c.about)
            .where(
                entry.c.log == name,
                entry.c.about.in_((patient.id, EVERY_PATIENT)),
                entry.c.idx < (MAX_INDEX if before is None else before),
            )
            .order_by(entry.c.idx.desc())
            .limit(limit)
        )
        return [
            _access(Located(name, row.idx, row.bytes), patient.tenant, row.about) for row in rows
        ]

    def sealed(self) -> list[Access]:
        """Return the entries about patients that this transaction brought (after `Tx.seal`)."""
        return self._told

    def mark(self) -> dict[tuple[str, LogClass], int]:
        """Remember where each log stands, for `rewind`."""
        return {key: len(log.fresh) for key, log in self._logs.items()}

    def rewind(self, mark: dict[tuple[str, LogClass], int]) -> None:
        """Forget the entries appended since `mark`."""
        for key, log in self._logs.items():
            del log.fresh[mark.get(key, 0) :]

    def seal(self) -> None:
        """Write entries, tiles and the signed head of every log touched."""
        for log in self._logs.values():
            if log.fresh:
                self._seal(log)

    def _hold_against_head(self, log: _Growing) -> None:
        """Raise `Altered` unless the stored tree is the one that was signed last.

        Once for each log and process: from then on only this process writes it. What somebody did
        to the file in between must not be signed.
        """
        key = VerifierKey.of(log.name, self._keys.log_key(log.tenant))
        try:
            signed = UnverifiedCheckpoint.parse(log.checkpoint).verify(key)
            root = tree.root_from(log.size, self._reader(log.name))
        except CryptoError as exc:
            raise Altered(log.name) from exc
        if (signed.size, signed.root) != (log.size, log.root) or root != log.root:
            raise Altered(log.name)
        if self._longest(log.name) > log.size:
            raise Altered(log.name)
        self._cache.held.add(log.name)

    def _longest(self, log: str) -> int:
        """Return how long the log once was, by the checkpoints and entries that are kept."""
        kept = select(func.max(checkpoint.c.size)).where(checkpoint.c.log == log)
        last = select(func.max(entry.c.idx)).where(entry.c.log == log)
        size: int | None = self._connection.scalar(kept)
        index: int | None = self._connection.scalar(last)
        return max(size or 0, 0 if index is None else index + 1)

    def _seal(self, log: _Growing) -> None:
        self._connection.execute(insert(entry), log.fresh)
        leaves = [tree.leaf_hash(row["bytes"]) for row in log.fresh]
        changed = tiles.append(log.size, leaves, lambda tile_id: self._tile(log.name, tile_id))
        self._write_tiles(log.name, changed)
        log.size += len(leaves)
        self._told += _accesses(log)
        log.fresh = []
        self._hashes.pop(log.name, None)
        log.root = tree.root_from(log.size, self._reader(log.name))
        log.checkpoint = self._sign(
            log.tenant, Checkpoint(origin=log.name, size=log.size, root=log.root)
        )
        self._archive(log)
        self._connection.execute(
            update(head)
            .where(head.c.log == log.name)
            .values(
                size=log.size, root=log.root, checkpoint=log.checkpoint, archived_at=log.archived_at
            )
        )

    def _write_tiles(self, log: str, changed: dict[TileId, bytes]) -> None:
        statement = upsert(tile)
        statement = statement.on_conflict_do_update(
            index_elements=[tile.c.log, tile.c.level, tile.c.idx],
            set_={"hashes": statement.excluded.hashes},
        )
        rows = [
            {"log": log, "level": t.level, "idx": t.index, "hashes": hashes}
            for t, hashes in changed.items()
        ]
        self._connection.execute(statement, rows)
        for tile_id, hashes in changed.items():
            self._cache.put(log, tile_id, hashes)

    def _archive(self, log: _Growing) -> None:
        if log.last_ts - log.archived_at < ARCHIVE_EVERY:
            return
        log.archived_at = log.last_ts
        self._connection.execute(
            insert(checkpoint).values(
                log=log.name, size=log.size, ts=log.last_ts, note=log.checkpoint
            )
        )

    def _number(self, conversation_id: str | None) -> int | None:
        if conversation_id is None:
            return None
        values = {"conversation": conversation_id}
        number: int = self._connection.execute(_NUMBER, values).scalar_one()
        return number

    def _name(self, tenant: str, log_class: LogClass) -> str:
        return f"{self._deployment}/{tenant}/{log_class.value}"

    def _sign(self, tenant: str, unsigned: Checkpoint) -> str:
        return sign_checkpoint(unsigned, self._keys.log_key(tenant))

    def _log(self, tenant: str, log_class: LogClass) -> _Growing:
        key = (tenant, log_class)
        if key not in self._logs:
            row = self._connection.execute(
                select(head).where(head.c.tenant == tenant, head.c["class"] == log_class.value)
            ).one()
            self._logs[key] = self._growing(row)
        return self._logs[key]

    @staticmethod
    def _growing(row: Row[Any]) -> _Growing:
        columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        return _Growing(
            name=row.log,
            tenant=row.tenant,
            log_class=LogClass(columns["class"]),
            size=row.size,
            root=row.root,
            checkpoint=row.checkpoint,
            archived_at=row.archived_at,
        )

    def _reader(self, log: str) -> tree.HashReader:
        if log not in self._hashes:
            self._hashes[log] = tiles.hash_reader(lambda tile_id: self._tile(log, tile_id))
        return self._hashes[log]

    def _tile(self, log: str, tile_id: TileId) -> bytes:
        cached = self._cache.get(log, tile_id)
        if cached is not None:
            return cached
        hashes = self._connection.scalar(
            select(tile.c.hashes).where(
                tile.c.log == log, tile.c.level == tile_id.level, tile.c.idx == tile_id.index
            )
        )
        return hashes or b""
