"""An officer's reading of the logs, whole, over the wire. Reading is itself an entry.

What comes back is as the hub told it: nothing here is verified (`loadtests.checker` and the
browser do that, each from the bytes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.python.client import Client
from crypto.log.checkpoint import VerifierKey
from signaling.frames import ReadPage, VerifyLogs


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row: the entry's bytes (None where withheld) and the Merkle leaf stored beside them."""

    index: int
    entry: bytes | None
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLog:
    """One log as the hub tells it, under the key this client pinned."""

    key: VerifierKey
    checkpoint: str
    rows: tuple[LogRow, ...]


async def read_logs(client: Client) -> list[ToldLog]:
    """Open the pharmacy's logs as they stand now and read every page of each."""
    answer = await client.perform(VerifyLogs(id=client.next_id()))
    look = answer.result["look"]
    return [await _read_log(client, look, one) for one in answer.result["logs"]]


async def _read_log(client: Client, look: str, head: dict[str, Any]) -> ToldLog:
    client.logs.pin({head["log"]: head["vkey"]})
    rows: list[LogRow] = []
    after: int | None = -1
    while after is not None:
        page = await client.perform(
            ReadPage(id=client.next_id(), look=look, log=head["log"], after=after)
        )
        rows += [LogRow(row["index"], row["entry"], row["leaf"]) for row in page.result["rows"]]
        after = page.result["next"]
    key = VerifierKey.parse(head["vkey"])
    return ToldLog(key=key, checkpoint=head["checkpoint"], rows=tuple(rows))
