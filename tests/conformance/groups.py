"""What devices do with the group: let a carer in, commit her out, and what is no good commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from crypto.mls.proposal import Add, GroupContextExtensions, Proposal
from crypto.policy.conversation import (
    CommitData,
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    EndingStatement,
    SignedConfirmation,
    changed,
    extensions_of,
    hub_sender,
    read_extensions,
)
from crypto.policy.statements import Delegation, Unverified, sign
from crypto.policy.vocabulary import DelegationState
from signaling import frames
from signaling.frames import Added, Ok
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import World
from tests.server.house import Peer
from tests.server.mls import added, adds_of, fields_of, removal_of

Change = Callable[[World, Delegations], Delegations]


def claims(by: str, of: str) -> Step:
    """A device asks for somebody's key packages, to add them."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(
            peer,
            frames.ClaimKeyPackages,
            conversation=world.conversation,
            person=world.id_of(of),
        )

    return step


def record_of(world: World) -> DelegationRecord:
    """Return the delegation as it stands in the group."""
    return DelegationRecord(
        delegation=world.delegation,
        confirmations=tuple(
            SignedConfirmation(said, world.staff_of(by)) for by, said in world.confirmations
        ),
        acceptance=world.acceptance,
        revocations=tuple(world.revocations),
    )


def lets_in(by: str = "claire", *, again: bool = False, **bend: Any) -> Step:
    """A device commits the delegation and the carer's devices, at once; or bends that."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        await peer.settle()
        # A package is claimed for one try; what was spent before is shown again.
        if again:
            rows = world.kept["rows"]
        else:
            rows = world.kept["rows"] = await peer.claim(world.conversation, "sophie")
        fields = _letting_in(world, peer, rows, **bend)
        answer = await world.ask(peer, frames.Commit, **fields)
        await _follow(world, answer)
        return answer

    return step


def _letting_in(
    world: World,
    peer: Peer,
    rows: list[dict[str, Any]],
    *,
    without: str = "",
    wider: bool = False,
    number: int = 1,
    rules: bool = False,
    former: str = "",
    at: int = 0,
) -> dict[str, Any]:
    policy, before = _extensions(world, peer)
    record = _bent(record_of(world), without, wider=wider)
    if former:
        after = _with_former(world, before, former)
    else:
        after = changed(before, admitted=[record], at_us=world.now + at)
    after = replace(after, number=before.number + number)
    if rules:
        policy = replace(policy, pharmacy="990000002")
    proposals: list[Proposal] = []
    if without != "document":
        proposals.append(_context(peer, policy, after))
    adds: list[Added] = []
    if without != "place":
        proposals += adds_of(rows)
        adds = added(*rows)
    return _commit(world, peer, proposals, at=at) | {"adds": adds}


def _with_former(world: World, before: Delegations, where: str) -> Delegations:
    """Put the delegation that ended back, beside its tombstone or in its place."""
    now = (world.delegation, list(world.confirmations), world.acceptance)
    world.delegation, world.confirmations, world.acceptance = world.kept.get("former", now)
    stones = before.tombstones if where == "beside" else ()
    return replace(before, in_force=(record_of(world),), tombstones=stones)


def _bent(record: DelegationRecord, without: str, *, wider: bool) -> DelegationRecord:
    if without == "confirmation":
        return replace(record, confirmations=())
    if without == "acceptance":
        return replace(record, acceptance=b"")
    if wider:
        said = Unverified.decode(Delegation, record.delegation)
        scopes = tuple(sorted({*said.content.scopes, "sensitive.read"}))
        wide = replace(said.content, scopes=scopes)
        # The signature is that of the narrower document: nobody else can make one.
        return replace(
            record, delegation=record.delegation.replace(said.content.encode(), wide.encode())
        )
    return record


def commits(
    by: str,
    *,
    rejoins: bool = False,
    removes: str = "",
    narrows: bool | str = False,
    widens: bool = False,
    leaves_in: bool = False,
    tombstone: bool = True,
    prunes: bool = False,
    data: bytes | None = None,
) -> Step:
    """A device commits: nothing, what is due, or what it should not."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        await peer.settle()
        if rejoins:
            fields = await _rejoin(world, peer)
        else:
            change = _change(
                world,
                narrows=narrows,
                widens=widens,
                tombstone=tombstone and not leaves_in,
                prunes=prunes,
            )
            proposals = _proposals(world, peer, change)
            if removes:
                group = peer.mls.groups[world.conversation]
                device = world.peers[removes].device
                proposals.append(removal_of(group, device))
            fields = _commit(world, peer, proposals, data=data, leaves_in=leaves_in)
        answer = await world.ask(peer, frames.Commit, **fields)
        await _follow(world, answer)
        return answer

    return step


def _change(
    world: World, *, narrows: bool | str, widens: bool, tombstone: bool, prunes: bool
) -> Change:
    def change(world: World, before: Delegations) -> Delegations:
        if narrows == "forged":
            word = sign(world.a_word("revocation", scopes=("conversation.send",)), world.stray)
            return changed(before, narrowed=[word], at_us=world.now)
        if narrows:
            return changed(before, narrowed=[world.revocations[-1]], at_us=world.now)
        if widens:
            records = tuple(replace(one, revocations=()) for one in before.in_force)
            return replace(before, number=before.number + 1, in_force=records)
        if prunes:
            return replace(before, number=before.number + 1, tombstones=())
        if tombstone and world.ending is not None:
            ended = [(one.id, world.ending) for one in before.in_force]
            return changed(before, ended=ended, at_us=world.now)
        return before

    return change


def _proposals(world: World, peer: Peer, change: Change) -> list[Proposal]:
    policy, before = _extensions(world, peer)
    after = change(world, before)
    return [] if after == before else [_context(peer, policy, after)]


def _extensions(world: World, peer: Peer) -> tuple[ConversationPolicy, Delegations]:
    return read_extensions(peer.mls.groups[world.conversation].context.extensions)


def _context(peer: Peer, policy: ConversationPolicy, after: Delegations) -> GroupContextExtensions:
    return GroupContextExtensions(
        extensions_of(policy, after, hub_sender(peer.welcomed["hub_key"]))
    )


def _commit(
    world: World,
    peer: Peer,
    proposals: list[Proposal],
    *,
    at: int = 0,
    data: bytes | None = None,
    leaves_in: bool = False,
) -> dict[str, Any]:
    told = CommitData(world.now + at, world.statements).encode() if data is None else data
    options: dict[str, Any] = {"by_reference": ()} if leaves_in else {}
    made = peer.mls.commit(world.conversation, *proposals, authenticated_data=told, **options)
    return fields_of(world.conversation, made)


async def _rejoin(world: World, peer: Peer) -> dict[str, Any]:
    told = await peer.ok(frames.AskGroupInfo, conversation=world.conversation)
    info: bytes = (told.result or {})["group_info"]
    return peer.mls.rejoin(
        world.conversation, info, authenticated_data=CommitData(world.now).encode()
    )


async def _follow(world: World, answer: Answer) -> None:
    """Have everybody who is connected stand where the group does."""
    if isinstance(answer, Ok):
        for peer in world.peers.values():
            await peer.settle()


def confirms_epoch(by: str) -> Step:
    """A device says which epoch it is in."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        receipt = peer.mls.receipt(world.conversation)
        return await world.ask(
            peer, frames.ConfirmEpoch, conversation=world.conversation, receipt=receipt
        )

    return step


def asks_group_info(by: str) -> Step:
    """A device asks the way into the group."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(peer, frames.AskGroupInfo, conversation=world.conversation)

    return step


def colleague(slug: str) -> Step:
    """Claire brings a colleague in."""

    async def step(world: World) -> Answer:
        claire = await world.peer("claire")
        await world.peer(slug)
        rows = await claire.claim(world.conversation, slug)
        fields = _commit(world, claire, list(adds_of(rows))) | {"adds": added(*rows)}
        answer = await world.ask(claire, frames.Commit, **fields)
        await _follow(world, answer)
        return answer

    return step


def founds(by: str) -> Step:
    """Somebody founds another conversation with Jean."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        conversation = str(uuid4())
        return await world.ask(
            peer,
            frames.CreateConversation,
            conversation=conversation,
            conversation_kind="remote_dispensation",
            patient=world.id_of("jean"),
            motive="age",
            group_info=peer.group_info(conversation),
        )

    return step


__all__ = ["Add", "DelegationState", "EndingStatement"]
