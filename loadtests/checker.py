"""The judge of what was acknowledged: nothing lost, doubled, reordered or left out of the log.

Pure. It is given what clients wrote down while the hub lived and died, what a fresh reader was
told afterwards, and the pharmacy's logs as an officer reads them over the wire. It never looks
into the hub's own files: what an outsider can prove is what counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crypto.errors import CryptoError
from crypto.log import canonical
from crypto.log.checkpoint import Checkpoint, UnverifiedCheckpoint, VerifierKey
from crypto.log.tree import leaf_hash, node_hash, root_from
from crypto.log.verify import VerifiedReceipt


class Fault(StrEnum):
    """What can be found wrong."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    OUT_OF_ORDER = "out of order"
    GAP = "gap"
    DISAGREEMENT = "disagreement"
    """Two readers were told different things, or a message is not the one that was sent."""
    SIGNATURE = "signature"
    ALTERED_ENTRY = "altered entry"
    ALTERED_LOG = "altered log"
    """The entries do not lead to the signed root."""
    MISSING_ENTRY = "missing entry"
    EXTRA_ENTRY = "extra entry"
    RECEIPT = "receipt"
    """A receipt given earlier does not fit the log as it is now."""
    COUNT = "count"
    """Accepted audited frames and entries are not equally many."""
    UNREADABLE = "unreadable"
    """A message that was acknowledged did not decrypt, for somebody, to what was written."""


LOG_FAULTS = frozenset({Fault.SIGNATURE, Fault.ALTERED_ENTRY, Fault.ALTERED_LOG, Fault.RECEIPT})
TRACE_FAULTS = frozenset({Fault.MISSING_ENTRY, Fault.EXTRA_ENTRY, Fault.COUNT})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, and where."""

    fault: Fault
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message as its sender remembers it. Instants are of one clock, in any unit."""

    device: str
    conversation: str
    message: str
    ciphertexts: frozenset[str]
    """SHA-256, in hex, of every body made for it (one more after each `E_EPOCH`)."""
    text: str = ""
    """What was written."""
    began: float
    answered: float | None = None
    seq: int | None = None
    """Where the hub acknowledged it to stand; None while it never did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One event as a reader got it."""

    seq: int
    what: str
    ciphertext: str
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything one reader got of one conversation, in the order it arrived."""

    reader: str
    conversation: str
    since: int
    """The reader was admitted by the event of this number; its stream begins after it."""
    events: tuple[Seen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decrypted:
    """What one device read of one conversation, by `seq`; None where it refused a message."""

    reader: str
    conversation: str
    texts: Mapping[int, str | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a log as an officer reads it; `entry` is None where it is withheld."""

    index: int
    entry: bytes | None
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedLog:
    """One whole log and the signed checkpoint it must lead to."""

    key: VerifierKey
    checkpoint: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many audited frames of one entry type were answered ok, and how many never answered.

    An act whose answer died with the hub may stand in the log or not; only such acts give room.
    """

    accepted: int
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the judge is given."""

    sent: tuple[Sent, ...]
    readings: tuple[Reading, ...]
    decrypted: tuple[Decrypted, ...]
    """Of every device that is in a conversation's group."""
    logs: tuple[AuditedLog, ...]
    receipts: tuple[VerifiedReceipt, ...]
    tallies: Mapping[tuple[str, ...], Tally]
    """By the entry types that one frame may leave (a hello registers a device or does not)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and out of how much."""

    acknowledged: int
    receipts: int
    entries: int
    findings: tuple[Finding, ...]

    def count(self, *faults: Fault) -> int:
        """Return how many findings are of these kinds."""
        return sum(finding.fault in faults for finding in self.findings)


def judge(evidence: Evidence) -> Verdict:
    """Hold the three accounts against one another and return everything that does not agree."""
    streams = _reference_streams(evidence.readings)
    entries = [_Entry.of(log, row) for log in evidence.logs for row in log.rows]
    readable = [entry for entry in entries if entry is not None]
    findings = [
        *_check_readings(evidence.readings, streams),
        *_check_sent(evidence.sent, streams),
        *_check_order_of_acknowledgements(evidence.sent),
        *_check_decrypted(evidence.sent, evidence.decrypted),
        *_check_logs(evidence.logs),
        *_check_receipts(evidence.receipts, evidence.logs),
        *_check_traces(streams, readable),
        *_check_numbers(readable),
        *_check_tallies(evidence.tallies, readable),
    ]
    return Verdict(
        acknowledged=sum(one.seq is not None for one in evidence.sent),
        receipts=len(evidence.receipts),
        entries=len(entries),
        findings=tuple(findings),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A log entry, read. Only what the judge compares."""

    log: str
    index: int
    type: str
    conversation: str | None
    number: int | None
    object: Mapping[str, Any]

    @classmethod
    def of(cls, log: AuditedLog, row: Row) -> _Entry | None:
        """Read one row; None where it is withheld or is no entry (the log's checks name it)."""
        value = _decoded(row.entry)
        if value is None:
            return None
        return cls(
            log.key.name,
            row.index,
            str(value.get("type")),
            value.get("conversation"),
            value.get("conversation_entry"),
            value.get("object") or {},
        )

    @property
    def where(self) -> str:
        return f"{self.log} entry {self.index}"


_Stream = Mapping[int, Seen]


def _reference_streams(readings: Iterable[Reading]) -> dict[str, _Stream]:
    """Return each conversation as the readers together tell it; the first to tell a seq counts."""
    streams: dict[str, dict[int, Seen]] = defaultdict(dict)
    for reading in sorted(readings, key=lambda one: one.since):
        stream = streams[reading.conversation]
        for seen in reading.events:
            stream.setdefault(seen.seq, seen)
    return dict(streams)


def _check_readings(
    readings: Iterable[Reading], streams: Mapping[str, _Stream]
) -> Iterator[Finding]:
    """Each reader: every event once, in order, none skipped, the same as everyone's."""
    for reading in readings:
        stream = streams[reading.conversation]
        last = reading.since
        told: set[int] = set()
        for seen in reading.events:
            where = f"{reading.reader} in {reading.conversation} at {seen.seq}"
            if seen.seq in told:
                yield Finding(Fault.DUPLICATED, where)
            elif seen.seq <= last:
                yield Finding(Fault.OUT_OF_ORDER, where)
            if seen != stream[seen.seq]:
                yield Finding(Fault.DISAGREEMENT, where)
            told.add(seen.seq)
            last = max(last, seen.seq)
        for seq in range(reading.since + 1, max(stream, default=0) + 1):
            if seq not in told:
                where = f"{reading.reader} in {reading.conversation} at {seq}"
                yield Finding(Fault.GAP, where)


def _check_sent(sent: Iterable[Sent], streams: Mapping[str, _Stream]) -> Iterator[Finding]:
    """Each message: acknowledged means there, where it was said to be, once; none is invented."""
    places: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for conversation, stream in streams.items():
        for _, seen in sorted(stream.items()):
            if seen.what == "message":
                places[conversation, str(seen.message)].append(seen)
    for one in sent:
        yield from _check_one_sent(one, places.pop((one.conversation, one.message), []))
    for (conversation, message), _ in places.items():
        yield Finding(Fault.DISAGREEMENT, f"message {message} in {conversation} was sent by nobody")


def _check_one_sent(one: Sent, places: Sequence[Seen]) -> Iterator[Finding]:
    where = f"message {one.message} in {one.conversation}"
    if one.seq is not None and not places:
        yield Finding(Fault.LOST, where)
    if len(places) > 1:
        yield Finding(Fault.DUPLICATED, where)
    if one.seq is not None and places and one.seq not in {seen.seq for seen in places}:
        yield Finding(Fault.OUT_OF_ORDER, where)
    if any(seen.ciphertext not in one.ciphertexts for seen in places):
        yield Finding(Fault.DISAGREEMENT, where)


def _check_order_of_acknowledgements(sent: Iterable[Sent]) -> Iterator[Finding]:
    """A message begun after another was acknowledged stands after it in the conversation."""
    moments: list[tuple[float, int, Sent]] = []
    for one in sent:
        if one.seq is not None and one.answered is not None:
            moments += [(one.began, 0, one), (one.answered, 1, one)]
    floor: dict[str, int] = defaultdict(int)
    floors: dict[tuple[str, str], int] = {}
    # At one instant a beginning comes first: the two may have overlapped.
    for _, end, one in sorted(moments, key=lambda moment: moment[:2]):
        seq = one.seq or 0
        if end:
            floor[one.conversation] = max(floor[one.conversation], seq)
            if seq <= floors[one.conversation, one.message]:
                where = f"message {one.message} in {one.conversation} overtook an earlier one"
                yield Finding(Fault.OUT_OF_ORDER, where)
        else:
            floors[one.conversation, one.message] = floor[one.conversation]


def _check_decrypted(sent: Iterable[Sent], decrypted: Iterable[Decrypted]) -> Iterator[Finding]:
    """Every device of a conversation read what was written, its author's own device too."""
    readers: dict[str, list[Decrypted]] = defaultdict(list)
    for reader in decrypted:
        readers[reader.conversation].append(reader)
    for one in sent:
        there = readers[one.conversation]
        if one.seq is None:
            continue
        if not there:
            yield Finding(Fault.UNREADABLE, f"{one.conversation}: nobody reads it")
        for reader in there:
            if reader.texts.get(one.seq) != one.text:
                yield Finding(Fault.UNREADABLE, f"{one.message} for {reader.reader}")


def _check_logs(logs: Iterable[AuditedLog]) -> Iterator[Finding]:
    for log in logs:
        yield from _check_rows(log)
        try:
            checkpoint = UnverifiedCheckpoint.parse(log.checkpoint).verify(log.key)
        except CryptoError:
            yield Finding(Fault.SIGNATURE, log.key.name)
            continue
        yield from _check_root(log, checkpoint)


def _check_rows(log: AuditedLog) -> Iterator[Finding]:
    """Every row is there, says its own index, and hashes to the leaf stored beside it."""
    for expected, row in enumerate(log.rows):
        where = f"{log.key.name} entry {expected}"
        if row.index != expected or row.entry is None:
            yield Finding(Fault.MISSING_ENTRY, where)
            return
        value = _decoded(row.entry)
        if leaf_hash(row.entry) != row.leaf or value is None or value.get("seq") != expected:
            yield Finding(Fault.ALTERED_ENTRY, where)


def _check_root(log: AuditedLog, checkpoint: Checkpoint) -> Iterator[Finding]:
    if checkpoint.size != len(log.rows):
        fault = Fault.MISSING_ENTRY if checkpoint.size > len(log.rows) else Fault.EXTRA_ENTRY
        yield Finding(fault, f"{log.key.name}: {len(log.rows)} rows of {checkpoint.size}")
    elif _Tree.of(log).root(checkpoint.size) != checkpoint.root:
        yield Finding(Fault.ALTERED_LOG, log.key.name)


def _check_receipts(
    receipts: Iterable[VerifiedReceipt], logs: Iterable[AuditedLog]
) -> Iterator[Finding]:
    """Each receipt: its entry stands at its index, and its checkpoint is a beginning of the log."""
    known = {log.key.name: (log, _Tree.of(log)) for log in logs}
    for receipt in receipts:
        origin, size = receipt.checkpoint.origin, receipt.checkpoint.size
        where = f"{origin} entry {receipt.index}"
        if origin not in known:
            yield Finding(Fault.RECEIPT, where)
            continue
        log, tree = known[origin]
        here = log.rows[receipt.index].entry if receipt.index < len(log.rows) else None
        begins = size <= len(log.rows) and tree.root(size) == receipt.checkpoint.root
        if here != receipt.entry or not begins:
            yield Finding(Fault.RECEIPT, where)


def _check_traces(streams: Mapping[str, _Stream], entries: Iterable[_Entry]) -> Iterator[Finding]:
    """Each event has exactly one entry, of its message and ciphertext; and the reverse."""
    kinds = {"message.sent": "message", "group.committed": "commit"}
    traces: dict[tuple[str | None, int], list[_Entry]] = defaultdict(list)
    for entry in entries:
        if entry.type in kinds:
            traces[entry.conversation, entry.object.get("seq", 0)].append(entry)
    for conversation, stream in streams.items():
        for seq, seen in stream.items():
            of_it = traces.pop((conversation, seq), [])
            fitting = [one for one in of_it if _fits(one, seen, kinds)]
            if not fitting:
                yield Finding(Fault.MISSING_ENTRY, f"{conversation} at {seq}")
            for extra in [one for one in of_it if one not in fitting[:1]]:
                yield Finding(Fault.EXTRA_ENTRY, extra.where)
    for left in traces.values():
        for entry in left:
            yield Finding(Fault.EXTRA_ENTRY, entry.where)


def _fits(entry: _Entry, seen: Seen, kinds: Mapping[str, str]) -> bool:
    told = (entry.object.get("message"), entry.object.get("ciphertext"))
    return kinds[entry.type] == seen.what and told == (seen.message, seen.ciphertext)


def _check_numbers(entries: Iterable[_Entry]) -> Iterator[Finding]:
    """Inside one conversation entries are numbered 1, 2, 3: a withheld one would show."""
    last: Counter[str] = Counter()
    for entry in entries:
        if entry.conversation is None:
            continue
        last[entry.conversation] += 1
        if entry.number != last[entry.conversation]:
            yield Finding(Fault.MISSING_ENTRY, f"{entry.where}: number {entry.number}")
            last[entry.conversation] = entry.number or 0


def _check_tallies(
    tallies: Mapping[tuple[str, ...], Tally], entries: Iterable[_Entry]
) -> Iterator[Finding]:
    """As many entries of each type as frames accepted, and no entry of a type nobody asked for."""
    found = Counter(entry.type for entry in entries)
    for types, tally in tallies.items():
        count = sum(found.pop(one, 0) for one in types)
        if not tally.accepted <= count <= tally.accepted + tally.unanswered:
            where = f"{' or '.join(types)}: {count} entries of {tally.accepted} frames"
            yield Finding(Fault.COUNT, where)
    for left, count in found.items():
        yield Finding(Fault.COUNT, f"{left}: {count} entries of no frame")


class _Tree:
    """The Merkle tree over a log's own entries, for the root at any size."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._levels = [leaves]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            pairs = range(0, len(below) - 1, 2)
            self._levels.append([node_hash(below[i], below[i + 1]) for i in pairs])
        self._roots: dict[int, bytes] = {}

    @classmethod
    def of(cls, log: AuditedLog) -> _Tree:
        """Hash the entries themselves where they are there; the leaves beside them may lie."""
        return cls([row.leaf if row.entry is None else leaf_hash(row.entry) for row in log.rows])

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries."""
        if size not in self._roots:
            self._roots[size] = root_from(size, lambda level, index: self._levels[level][index])
        return self._roots[size]


def _decoded(entry: bytes | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    try:
        value = canonical.decode(entry)
    except CryptoError:
        return None
    return value if isinstance(value, dict) else None
