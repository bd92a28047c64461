"""A group with members and hubs of both languages, compared after each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypeVar

from crypto.mls.extensions import Extensions
from crypto.mls.group import Wire
from crypto.mls.proposal import Proposal, Remove
from crypto.mls.psk import NO_PSKS, PreSharedKeyId, Psks
from crypto.mls.public_group import PublicGroup
from crypto.suites import suite_of
from tests.interop.builders import an_add
from tests.interop.languages import (
    BASIC,
    OTHER,
    Hub,
    Language,
    Member,
    PythonHub,
    PythonMember,
    Sent,
    TypeScriptHub,
    TypeScriptMember,
)
from tests.interop.node import Node
from tests.interop.reports import Report

GROUP_ID: Final = b"a group of both"
_texts = count()

_Value = TypeVar("_Value")


@dataclass(kw_only=True)
class Room:
    """Who is in a group, and the hubs that follow it; `commit` takes everybody along."""

    node: Node
    suite: int = 1
    credential: int = BASIC
    members: dict[str, Member] = field(default_factory=dict)
    hubs: list[Hub] = field(default_factory=list)

    def client(self, name: str, language: Language) -> Member:
        """Return somebody who is not in the group."""
        suite = suite_of(self.suite)
        if language == "python":
            return PythonMember(name, suite, self.credential)
        return TypeScriptMember(self.node, name, suite, self.credential)

    def found(self, founder: Member, extensions: Extensions = (), *, hubs: bool = True) -> None:
        """Have a group founded, with a hub of each language unless it is theirs alone."""
        founder.create(GROUP_ID, extensions)
        self.members[founder.name] = founder
        self.hubs = [PythonHub(), TypeScriptHub(self.node)] if hubs else []
        for hub in self.hubs:
            hub.found(founder.group_info())
        self.check()

    def add(self, by: str, *clients: Member, **options: Any) -> Report:
        """Add clients by one commit."""
        adds = [an_add(client.key_package()) for client in clients]
        return self.commit(by, adds, joining=clients, **options)

    def remove(self, by: str, *names: str, also: Sequence[Proposal] = ()) -> Report:
        """Remove members by one commit."""
        return self.commit(by, [*also, *(Remove(self.leaf(name)) for name in names)])

    def commit(
        self,
        by: str,
        proposals: Sequence[Proposal] = (),
        *,
        joining: Sequence[Member] = (),
        psks: Psks = NO_PSKS,
        pending: Sequence[bytes] = (),
        **options: Any,
    ) -> Report:
        """Have a member commit, everybody check and follow, and the added join."""
        sent = self.members[by].commit(proposals, psks=psks, **options)
        report = self._follow(sent, self.members[by], psks, pending)
        for client in joining:
            assert sent.welcome is not None
            client.join(sent.welcome, psks=psks)
            self.members[client.name] = client
        self.check()
        return report

    def join_external(
        self,
        client: Member,
        *,
        by: str,
        remove_prior: int | None = None,
        psk_ids: Sequence[PreSharedKeyId] = (),
        psks: Psks = NO_PSKS,
    ) -> Report:
        """Have somebody join from outside, by a GroupInfo of a member."""
        sent = client.join_external(
            self.members[by].group_info(),
            remove_prior=remove_prior,
            psk_ids=psk_ids,
            psks=psks,
            authenticated_data=b"from outside",
        )
        report = self._follow(sent, client, psks, ())
        self.members[client.name] = client
        self.check()
        return report

    def propose(self, by: str, proposal: Proposal | None, *, wire: Wire = "public") -> Report:
        """Have a member propose something, or with nothing an Update, to everybody."""
        message = self.members[by].propose(proposal, wire=wire, authenticated_data=b"a proposal")
        return self.forward(message, sender=self.members[by])

    def forward(self, message: bytes, *, sender: Member | None = None) -> Report:
        """Take a proposal to everybody."""
        references = {hub.receive(message).hex() for hub in self.hubs}
        told = [
            member.receive(message)[0] for member in self.members.values() if member is not sender
        ]
        assert references <= {report["reference"] for report in told}
        self.check()
        return same(told)

    def talk(self) -> None:
        """Have everybody say something that everybody else reads."""
        for speaker in self.members.values():
            said = b"message %d" % next(_texts)
            message = speaker.encrypt(said, authenticated_data=b"seen by all", padding=9)
            others = [one for one in self.members.values() if one is not speaker]
            report = same([one.receive(message)[0] for one in others])
            assert report["data"] == said.hex()
            assert report["authenticated_data"] == b"seen by all".hex()
            assert report["sender"] == self.leaf(speaker.name)

    def check(self) -> None:
        """Compare what members agree on, what hubs hold, and what is stored of both."""
        same([_shared(member.facts()) for member in self.members.values()])
        leaves = [member.facts()["own_leaf"] for member in self.members.values()]
        assert len(set(leaves)) == len(leaves)
        if self.hubs:
            same([hub.state() for hub in self.hubs])
        for member in self.members.values():
            assert self.rewritten(member) == member.state()

    def rewritten(self, member: Member) -> bytes:
        """Return the stored form of a member's group, read and written by the other language."""
        reader = self.client(member.name, OTHER[member.language])
        reader.load(member.state())
        return reader.state()

    def leaf(self, name: str) -> int:
        """Return where a member sits."""
        leaf: int = self.members[name].facts()["own_leaf"]
        return leaf

    def signature_key(self, name: str) -> bytes:
        """Return with which key a member's signatures are verified."""
        public = PublicGroup.found(self.members[name].group_info())
        return public.tree.member(self.leaf(name)).signature_key

    def _follow(
        self, sent: Sent, committer: Member, psks: Psks, pending: Sequence[bytes]
    ) -> Report:
        told = [hub.check(sent, pending=pending) for hub in self.hubs]
        for member in [one for one in self.members.values() if one is not committer]:
            report, stays = member.receive(sent.message, psks=psks)
            told.append(report)
            assert stays == (member.facts()["own_leaf"] not in report["removed"])
            if not stays:
                del self.members[member.name]
        committer.merge()
        return same(told) if told else {}


def same(values: Sequence[_Value]) -> _Value:
    """Return what all of these are."""
    first = values[0]
    for other in values[1:]:
        assert other == first
    return first


def _shared(facts: Report) -> Report:
    return {key: value for key, value in facts.items() if key != "own_leaf"}
