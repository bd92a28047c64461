"""What a client's acts take and return, and what its owner may watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clients.python.content import IncomingSignal, Message
from clients.python.errors import ClientError, HubFault
from clients.python.receipts import verify_is_for
from clients.python.trust import Notice
from crypto.errors import CryptoError
from crypto.log.verify import VerifiedReceipt
from crypto.mls.message import decode_key_package
from crypto.mls.proposal import Add
from crypto.policy.identity import LeafIdentity
from signaling import frames
from signaling.frames import AccessRow, CallView, ClientFrame, DelegationView, Event


@dataclass(frozen=True, slots=True)
class ClaimedPackage:
    """A key package taken from the directory for one device."""

    person: str
    device: str
    key_package: str
    """How the directory names it."""
    body: bytes

    @property
    def added(self) -> frames.Added:
        """Return how a commit names the device it adds."""
        return frames.Added(person=self.person, device=self.device, key_package=self.key_package)

    def proposal(self) -> Add:
        """Return what adds the device; raise `HubFault` where the package is another device's."""
        try:
            package = decode_key_package(self.body)
            named = LeafIdentity.of(package.leaf_node.credential)
        except CryptoError as exc:
            raise HubFault("the directory gave what is no key package") from exc
        if named != LeafIdentity(self.person, self.device):
            raise HubFault("the directory gave another device's key package")
        return Add(package)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message the hub acknowledged: where it stands, and the proof."""

    message: str
    seq: int
    receipt: VerifiedReceipt


@dataclass(frozen=True, slots=True)
class Answer:
    """An act that took effect: what it returned, and its verified receipt where it is audited."""

    result: dict[str, Any]
    receipt: VerifiedReceipt | None

    def proof(
        self, *, act: str, conversation: str | None, body: bytes | None = None
    ) -> VerifiedReceipt:
        """Return the receipt if it is of this act; raise `HubFault` or `WrongEntry` otherwise."""
        if self.receipt is None:
            raise HubFault("an audited act was answered without its receipt")
        return verify_is_for(self.receipt, act=act, conversation=conversation, body=body)

    def proof_of_news(self, *, act: str, conversation: str | None) -> None:
        """Check the receipt of an act that leaves an entry only where it changes anything."""
        if self.receipt is not None:
            verify_is_for(self.receipt, act=act, conversation=conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """What the owner of a client may watch; called in order, as it happens.

    What one of these raises ends the client and comes out of `connected`; the device is then to be
    taken up from its store.
    """

    on_message: Callable[[Message], None] = lambda _: None
    """Every message in its place, this device's own too. What this call stores is stored before
    the device's state is: after a crash the same message (same `seq`) may come once more."""
    on_alarm: Callable[[ClientError], None] = lambda _: None
    """What was refused of others and goes on without it: unproven, unlawful, forked, stuck."""
    on_event: Callable[[Event], None] = lambda _: None
    """Every event as it came off the wire, before it is judged."""
    on_body: Callable[[str, bytes], None] = lambda *_: None
    """Every body made for a message id: one at first, one more for each new epoch."""
    on_hello: Callable[[], None] = lambda: None
    """A hello is about to be sent; its effect is known only once it is answered."""
    on_answer: Callable[[ClientFrame], None] = lambda _: None
    """A frame was answered ok: once for each act, however often it was sent."""
    on_call: Callable[[CallView], None] = lambda _: None
    """A call moved on, as far as this device did not know it yet."""
    on_signal: Callable[[IncomingSignal], None] = lambda _: None
    """A signal for this device arrived, and is proven to be its sender's."""
    on_delegation: Callable[[DelegationView], None] = lambda _: None
    """A delegation moved on."""
    on_notice: Callable[[Notice], None] = lambda _: None
    """Somebody's account key was replaced, and two pharmacists and the authority said why."""
    on_access: Callable[[AccessRow], None] = lambda _: None
    """A new line of « Qui a vu quoi », to the patient."""
