"""Members and hubs of both languages, with the same verbs: a scenario is told once, for either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final, Literal

import pytest

from crypto.encoding import Writer, write_struct
from crypto.errors import CryptoError
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension, Extensions
from crypto.mls.group import Committed, Group, ReceivedApplication, Wire
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities
from crypto.mls.proposal import Proposal, encode_proposal
from crypto.mls.psk import NO_PSKS, PreSharedKeyId, Psks
from crypto.mls.public_group import PublicGroup
from crypto.suites import SigningKey, Suite
from tests.interop import reports
from tests.interop.builders import NOW, PURPOSE, RANDOM, published
from tests.interop.node import Node, Refused
from tests.interop.reports import EXPORT_CONTEXT, EXPORT_LENGTH, Report

Language = Literal["python", "typescript"]
OTHER: Final[dict[Language, Language]] = {"python": "typescript", "typescript": "python"}

BASIC: Final = 1
PRIVATE_CREDENTIAL: Final = 0xF00C
"""A private-use credential type that every client here supports."""
PRIVATE_EXTENSION: Final = 0xF00D
"""A private-use extension of a group context that every client here supports."""
GREASE: Final = 0x1A1A
"""A value that means nothing anywhere: real clients send such ones (RFC 9420, 13.5)."""
GREASED: Final = (Extension(GREASE, b"nothing"),)

BOTH_WAYS: Final = pytest.mark.parametrize(
    ("one", "other"),
    [("python", "typescript"), ("typescript", "python")],
    ids=["Python acts", "TypeScript acts"],
)
"""Each scenario is told twice, with the languages in each other's place."""

_serial = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What goes out with a commit."""

    message: bytes
    welcome: bytes | None
    group_info: bytes


def an_own(name: str, suite: Suite, credential: int) -> Own:
    """Return what a client of either language says of itself, with what nobody knows among it."""
    return Own(
        signature_key=suite.generate_signature_key(RANDOM),
        credential=Credential(credential, name.encode()),
        capabilities=Capabilities(
            cipher_suites=(suite.id, GREASE),
            extensions=(GREASE, PRIVATE_EXTENSION),
            proposals=(GREASE,),
            credentials=(BASIC, GREASE, PRIVATE_CREDENTIAL),
        ),
        extensions=GREASED,
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Tell a refusal of the Python core as one of the TypeScript core is told."""
    try:
        yield
    except CryptoError as exc:
        raise Refused(exc.code) from exc


class PythonMember:
    """A client over the Python core; a commit of its own counts from `merge` on."""

    language: Language = "python"

    def __init__(self, name: str, suite: Suite, credential: int) -> None:
        self.name = name
        self.suite = suite
        self.own = an_own(name, suite, credential)
        self._bundle: KeyPackageBundle | None = None
        self._group: Group | None = None
        self._pending: Group | None = None

    @property
    def group(self) -> Group:
        """Return the group as it stands."""
        assert self._group is not None
        return self._group

    def key_package(self) -> bytes:
        """Publish a key package, and be ready to be added by it."""
        self._bundle = KeyPackageBundle.create(self.suite, self.own, RANDOM, extensions=GREASED)
        return published(self._bundle)

    @refusals()
    def create(self, group_id: bytes, extensions: Extensions = ()) -> None:
        """Found a group."""
        self._group = Group.create(self.suite, group_id, self.own, extensions, RANDOM)

    @refusals()
    def join(
        self,
        welcome: bytes,
        *,
        ratchet_tree: bytes | None = None,
        psks: Psks = NO_PSKS,
        former: Group | None = None,
    ) -> None:
        """Join by a Welcome; a group that continues another, with the former one."""
        assert self._bundle is not None
        self._group = Group.join(
            welcome, self._bundle, ratchet_tree=ratchet_tree, psks=psks, former=former
        )

    @refusals()
    def join_external(
        self,
        group_info: bytes,
        *,
        remove_prior: int | None = None,
        psk_ids: Sequence[PreSharedKeyId] = (),
        psks: Psks = NO_PSKS,
        authenticated_data: bytes = b"",
    ) -> Sent:
        """Make the commit by which to join from outside."""
        made = Group.join_external(
            group_info,
            self.own,
            remove_prior=remove_prior,
            psk_ids=psk_ids,
            psks=psks,
            authenticated_data=authenticated_data,
            now=NOW,
            random_bytes=RANDOM,
        )
        return self._waiting(made)

    @refusals()
    def propose(
        self, proposal: Proposal | None, *, wire: Wire = "public", authenticated_data: bytes = b""
    ) -> bytes:
        """Propose something, or with nothing an Update."""
        options: dict[str, Any] = {
            "wire": wire,
            "authenticated_data": authenticated_data,
            "now": NOW,
            "random_bytes": RANDOM,
        }
        if proposal is None:
            made = self.group.propose_update(**options)
        else:
            made = self.group.propose(proposal, **options)
        self._group = made.next
        return made.message

    @refusals()
    def commit(
        self,
        proposals: Sequence[Proposal] = (),
        *,
        force_path: bool = False,
        new_key: bool = False,
        wire: Wire = "public",
        psks: Psks = NO_PSKS,
        authenticated_data: bytes = b"",
    ) -> Sent:
        """Make a commit of all that was proposed, and of these by value."""
        fresh = replace(self.own, signature_key=self.suite.generate_signature_key(RANDOM))
        made = self.group.commit(
            proposals,
            force_path=force_path,
            own=fresh if new_key else None,
            wire=wire,
            psks=psks,
            authenticated_data=authenticated_data,
            now=NOW,
            random_bytes=RANDOM,
        )
        return self._waiting(made)

    def merge(self) -> None:
        """Go on with the commit made last."""
        self._group = self._pending

    @refusals()
    def encrypt(self, data: bytes, *, authenticated_data: bytes = b"", padding: int = 0) -> bytes:
        """Say something."""
        return self.group.encrypt(
            data, authenticated_data=authenticated_data, padding=padding, random_bytes=RANDOM
        )

    @refusals()
    def receive(self, message: bytes, *, psks: Psks = NO_PSKS) -> tuple[Report, bool]:
        """Take a message; return what it is, and whether we are still a member."""
        received = self.group.receive(message, now=NOW, psks=psks)
        if isinstance(received, ReceivedApplication):
            return reports.received(received), True
        if received.next is not None:
            self._group = received.next
        return reports.received(received), received.next is not None

    def facts(self) -> Report:
        """Return what members agree on."""
        return reports.facts(self.group)

    def group_info(self) -> bytes:
        """Return a signed GroupInfo."""
        return self.group.group_info()

    def state(self) -> bytes:
        """Return the stored form of the group."""
        return self.group.serialize()

    @refusals()
    def load(self, state: bytes) -> None:
        """Go on from a stored form."""
        self._group = Group.deserialize(state)

    def bundle(self) -> bytes:
        """Return the stored form of the key package."""
        assert self._bundle is not None
        return self._bundle.serialize()

    @refusals()
    def load_bundle(self, state: bytes) -> None:
        """Be ready to be added by a key package that was stored."""
        self._bundle = KeyPackageBundle.deserialize(state)

    def _waiting(self, made: Committed) -> Sent:
        self._pending = made.next
        return Sent(message=made.message, welcome=made.welcome, group_info=made.group_info)


class TypeScriptMember:
    """A client over the TypeScript core: the same verbs, in the other process."""

    language: Language = "typescript"

    def __init__(self, node: Node, name: str, suite: Suite, credential: int) -> None:
        self.name = name
        self._node = node
        self._handle = f"{name} {next(_serial)}"
        own = an_own(name, suite, credential)
        leaf = own.key_package_leaf(suite.signing_key(own.signature_key), b"a key of nobody")
        self._ask("client", suite=suite.id, like=leaf.encode())

    def key_package(self) -> bytes:
        return _bytes(self._ask("key_package", extensions=_encoded(GREASED))["message"])

    def create(self, group_id: bytes, extensions: Extensions = ()) -> None:
        self._ask("create", group_id=group_id, extensions=_encoded(extensions))

    def join(
        self,
        welcome: bytes,
        *,
        ratchet_tree: bytes | None = None,
        psks: Psks = NO_PSKS,
        former: Group | None = None,
    ) -> None:
        self._ask(
            "join",
            welcome=welcome,
            ratchet_tree=ratchet_tree,
            psks=_psks(psks),
            former=None if former is None else former.serialize(),
        )

    def join_external(
        self,
        group_info: bytes,
        *,
        remove_prior: int | None = None,
        psk_ids: Sequence[PreSharedKeyId] = (),
        psks: Psks = NO_PSKS,
        authenticated_data: bytes = b"",
    ) -> Sent:
        answer = self._ask(
            "join_external",
            group_info=group_info,
            remove_prior=remove_prior,
            psk_ids=[one.encode() for one in psk_ids],
            psks=_psks(psks),
            authenticated_data=authenticated_data,
        )
        return _sent(answer)

    def propose(
        self, proposal: Proposal | None, *, wire: Wire = "public", authenticated_data: bytes = b""
    ) -> bytes:
        answer = self._ask(
            "propose",
            proposal=None if proposal is None else encode_proposal(proposal),
            wire=wire,
            authenticated_data=authenticated_data,
        )
        return _bytes(answer["message"])

    def commit(
        self,
        proposals: Sequence[Proposal] = (),
        *,
        force_path: bool = False,
        new_key: bool = False,
        wire: Wire = "public",
        psks: Psks = NO_PSKS,
        authenticated_data: bytes = b"",
    ) -> Sent:
        answer = self._ask(
            "commit",
            proposals=[encode_proposal(one) for one in proposals],
            force_path=force_path,
            new_key=new_key,
            wire=wire,
            psks=_psks(psks),
            authenticated_data=authenticated_data,
        )
        return _sent(answer)

    def merge(self) -> None:
        self._ask("merge")

    def encrypt(self, data: bytes, *, authenticated_data: bytes = b"", padding: int = 0) -> bytes:
        answer = self._ask(
            "encrypt", data=data, authenticated_data=authenticated_data, padding=padding
        )
        return _bytes(answer["message"])

    def receive(self, message: bytes, *, psks: Psks = NO_PSKS) -> tuple[Report, bool]:
        answer = self._ask("receive", message=message, psks=_psks(psks))
        return answer["told"], answer["stays"]

    def facts(self) -> Report:
        return self._ask(
            "facts", label=PURPOSE.decode(), context=EXPORT_CONTEXT, length=EXPORT_LENGTH
        )

    def group_info(self) -> bytes:
        return _bytes(self._ask("group_info")["message"])

    def state(self) -> bytes:
        return _bytes(self._ask("state")["state"])

    def load(self, state: bytes) -> None:
        self._ask("load", state=state)

    def bundle(self) -> bytes:
        return _bytes(self._ask("bundle")["state"])

    def load_bundle(self, state: bytes) -> None:
        self._ask("load_bundle", state=state)

    def _ask(self, action: str, **fields: Any) -> dict[str, Any]:
        fields = {"now": NOW, "authenticated_data": b"", **fields}
        return self._node.ask(action, of=self._handle, **fields)


class PythonHub:
    """The Python core without a secret."""

    language: Language = "python"

    def __init__(self) -> None:
        self._group: PublicGroup | None = None

    @property
    def group(self) -> PublicGroup:
        """Return the group as it stands."""
        assert self._group is not None
        return self._group

    @refusals()
    def found(self, group_info: bytes) -> None:
        """Begin from a GroupInfo."""
        self._group = PublicGroup.found(group_info)

    @refusals()
    def propose(self, proposal: Proposal, *, key: SigningKey, authenticated_data: bytes) -> bytes:
        """Propose as the group's only external sender."""
        return self.group.external_proposal(
            proposal, sender_index=0, key=key, authenticated_data=authenticated_data
        )

    @refusals()
    def receive(self, message: bytes) -> bytes:
        """Remember a proposal; return its reference."""
        reference, self._group = self.group.receive_proposal(message, now=NOW)
        return reference

    @refusals()
    def check(self, sent: Sent, *, pending: Sequence[bytes] = ()) -> Report:
        """Follow a commit; return what it does."""
        checked = self.group.check_commit(
            sent.message, group_info=sent.group_info, welcome=sent.welcome, pending=pending, now=NOW
        )
        self._group = checked.next
        return reports.commit(checked)

    def state(self) -> bytes:
        """Return the stored form."""
        return self.group.serialize()

    @refusals()
    def load(self, state: bytes) -> None:
        """Go on from a stored form."""
        self._group = PublicGroup.deserialize(state)


class TypeScriptHub:
    """The TypeScript core without a secret."""

    language: Language = "typescript"

    def __init__(self, node: Node) -> None:
        self._node = node
        self._handle = f"hub {next(_serial)}"

    def found(self, group_info: bytes) -> None:
        self._ask("hub_found", group_info=group_info)

    def propose(self, proposal: Proposal, *, key: SigningKey, authenticated_data: bytes) -> bytes:
        answer = self._ask(
            "hub_propose",
            proposal=encode_proposal(proposal),
            sender_index=0,
            key=key.private.reveal(),
            authenticated_data=authenticated_data,
        )
        return _bytes(answer["message"])

    def receive(self, message: bytes) -> bytes:
        return _bytes(self._ask("hub_receive", message=message)["reference"])

    def check(self, sent: Sent, *, pending: Sequence[bytes] = ()) -> Report:
        told: Report = self._ask(
            "hub_check",
            message=sent.message,
            group_info=sent.group_info,
            welcome=sent.welcome,
            pending=pending,
        )["told"]
        return told

    def state(self) -> bytes:
        return _bytes(self._ask("hub_state")["state"])

    def load(self, state: bytes) -> None:
        self._ask("hub_load", state=state)

    def _ask(self, action: str, **fields: Any) -> dict[str, Any]:
        return self._node.ask(action, of=self._handle, now=NOW, **fields)


Member = PythonMember | TypeScriptMember
Hub = PythonHub | TypeScriptHub


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value)


def _sent(answer: dict[str, Any]) -> Sent:
    welcome = answer["welcome"]
    return Sent(
        message=_bytes(answer["message"]),
        welcome=None if welcome is None else _bytes(welcome),
        group_info=_bytes(answer["group_info"]),
    )


def _encoded(extensions: Extensions) -> bytes:
    writer = Writer()
    writer.vector(extensions, write_struct)
    return writer.finish()


def _psks(psks: Psks) -> list[dict[str, Any]]:
    external = [(name, None, psk) for name, psk in psks.external.items()]
    resumption = [(group, epoch, psk) for (group, epoch), psk in psks.resumption.items()]
    return [
        {"id": name, "epoch": epoch, "secret": psk.reveal()}
        for name, epoch, psk in (*external, *resumption)
    ]
