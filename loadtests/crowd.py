"""Pharmacists and a patient who write to each other without pause, and write down what happened."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import uuid4

from clients.python.acts import Observer
from clients.python.client import Client, connected
from clients.python.connection import Patience
from clients.python.content import Message
from clients.python.device import Device
from clients.python.session import Session, Site, sign_in
from crypto.policy.vocabulary import Motive
from loadtests.checker import Decrypted, Reading, Seen, Sent
from signaling.frames import ClientFrame, Event

# The hub is away for about a second at each kill; an act may meet several in a row.
PATIENCE = Patience(opening=5, answer=10, act=120, first_pause=0.02, longest_pause=0.2)
FOUNDER_SINCE, ADDED_SINCE = 0, 1
# The hub asks for more when fewer than ten are left: nobody has to, in the middle of a run.
SPARE_PACKAGES = 10


@dataclass(slots=True)
class Notebook:
    """What one device writes down of the outside of its own life."""

    name: str
    device: Device
    session: Session
    events: dict[str, list[Seen]] = field(default_factory=dict)
    bodies: dict[str, set[str]] = field(default_factory=dict)
    read: dict[tuple[str, int], str | None] = field(default_factory=dict)
    """By conversation and `seq`: what this device read there; None where it refused to."""
    sent: list[Sent] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    hellos: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)
    """Of what it writes: no two of its messages say the same."""

    @property
    def observer(self) -> Observer:
        """Watch a client for this notebook."""
        return Observer(
            on_event=self._see,
            on_message=self._read,
            on_body=lambda message, body: self.bodies.setdefault(message, set()).add(digest(body)),
            on_hello=self._greet,
            on_answer=self._answer,
        )

    def readings(self, kind: str, conversations: Sequence[Conversation]) -> list[Reading]:
        """Return what this device was told of the conversations it is in."""
        return [
            Reading(
                reader=f"{self.name} ({kind})",
                conversation=conversation.id,
                since=FOUNDER_SINCE if conversation.founder == self.name else ADDED_SINCE,
                events=tuple(self.events.get(conversation.id, [])),
            )
            for conversation in conversations
            if self.name in conversation.devices
        ]

    def decrypted(self, conversations: Sequence[Conversation]) -> list[Decrypted]:
        """Return what this device read in the conversations it is in."""
        return [
            Decrypted(
                reader=self.name,
                conversation=one.id,
                texts={seq: text for (where, seq), text in self.read.items() if where == one.id},
            )
            for one in conversations
            if self.name in one.devices
        ]

    def afresh(self, cursors: dict[str, int]) -> Notebook:
        """Return an empty notebook of the same device, that opens nothing it is told."""
        return Notebook(self.name, self.device.outside(cursors), self.session)

    def _see(self, event: Event) -> None:
        seen = Seen(
            seq=event.seq, what=event.what, ciphertext=digest(event.body), message=event.message
        )
        self.events.setdefault(event.conversation, []).append(seen)

    def _read(self, message: Message) -> None:
        self.read[message.conversation, message.seq] = message.text

    def _greet(self) -> None:
        self.hellos += 1

    def _answer(self, frame: ClientFrame) -> None:
        self.answered[str(frame.__struct_config__.tag)] += 1


@dataclass(frozen=True, slots=True)
class Conversation:
    """Which two devices are in it, by name: the founder's and the patient's."""

    id: str
    founder: str
    added: str

    @property
    def devices(self) -> tuple[str, str]:
        """Both, the founder's first."""
        return (self.founder, self.added)


@dataclass(slots=True)
class Crowd:
    """All devices, online, with their conversations founded."""

    clients: dict[str, Client]
    notebooks: dict[str, Notebook]
    conversations: list[Conversation]
    sign_ins: int

    @property
    def in_flight(self) -> int:
        """How many frames are on the wire without an answer."""
        return sum(client.in_flight for client in self.clients.values())

    @property
    def online(self) -> bool:
        """Whether every device has a connection that said hello."""
        return all(client.online for client in self.clients.values())

    async def write(self, conversation: Conversation, author: str) -> None:
        """Send one message, however many lives of the hub it takes, and write down its fate."""
        notebook = self.notebooks[author]
        began = time.monotonic()
        text = f"{author} {next(notebook.numbers)}"
        sent = await self.clients[author].send(conversation.id, text)
        notebook.sent.append(
            Sent(
                device=notebook.device.id,
                conversation=conversation.id,
                message=sent.message,
                text=text,
                ciphertexts=frozenset(notebook.bodies.pop(sent.message)),
                began=began,
                answered=time.monotonic(),
                seq=sent.seq,
            )
        )

    async def caught_up(self) -> None:
        """Wait until every device was told what any other device of its conversations was."""
        for conversation in self.conversations:
            clients = [self.clients[name] for name in conversation.devices]
            end = max(client.rooms[conversation.id].cursor for client in clients)
            for client in clients:
                await reached(client, conversation.id, end)


async def gather(stack: AsyncExitStack, port: int, *, founders: int, patients: int) -> Crowd:
    """Sign in, bring the devices online and found one conversation for each founder."""
    claire, hugo, jean = [await sign_in(Site(name, port)) for name in ("claire", "hugo", "jean")]
    clients: dict[str, Client] = {}
    # The owner first: her word makes the other pharmacist one of the staff.
    desks = await _arrive(stack, clients, "desk", (claire, hugo), founders)
    await _certify(clients["desk-0"], clients["desk-1"])
    homes = await _arrive(stack, clients, "home", (jean,), patients)
    for home in homes:
        await clients[home.name].publish_key_packages(founders + SPARE_PACKAGES)
    conversations = [
        await _found(clients, desk.name, homes[number % patients].name)
        for number, desk in enumerate(desks)
    ]
    notebooks = {one.name: one for one in [*desks, *homes]}
    return Crowd(clients, notebooks, conversations, sign_ins=3)


async def _arrive(
    stack: AsyncExitStack,
    clients: dict[str, Client],
    kind: str,
    sessions: Sequence[Session],
    count: int,
) -> list[Notebook]:
    """Bring people's devices online: of each person the first makes the account key."""
    first: dict[int, Device] = {}
    made: list[Notebook] = []
    for number in range(count):
        whose = number % len(sessions)
        device = first[whose].sibling() if whose in first else Device.new()
        first.setdefault(whose, device)
        made.append(Notebook(f"{kind}-{number}", device, sessions[whose]))
        clients[made[-1].name] = await join(stack, made[-1])
    return made


async def _certify(owner: Client, *colleagues: Client) -> None:
    """Have the owner certify colleagues, and wait until they know."""
    for one in colleagues:
        await owner.staff.certify(one.person)
        await one.until(lambda one=one: one.identities.staffed)  # type: ignore[misc]


async def join(stack: AsyncExitStack, notebook: Notebook) -> Client:
    """Bring one device online, watched by its notebook."""
    return await stack.enter_async_context(
        connected(notebook.session, notebook.device, patience=PATIENCE, observer=notebook.observer)
    )


async def reached(client: Client, conversation: str, seq: int) -> None:
    """Wait until `client` was told event `seq` of a conversation."""

    def told() -> bool:
        room = client.rooms.get(conversation)
        return room is not None and room.cursor >= seq

    await client.until(told)


def digest(body: bytes) -> str:
    """Return how the log names a ciphertext."""
    return hashlib.sha256(body).hexdigest()


async def _found(clients: Mapping[str, Client], desk: str, home: str) -> Conversation:
    """Found a conversation of two devices; the patient's others are left out of its group."""
    founder, added = clients[desk], clients[home]
    conversation = Conversation(str(uuid4()), desk, home)
    await founder.create_conversation(conversation.id, patient=added.person, motive=Motive.AGE)
    packages = await founder.claim(conversation.id, added.person)
    seq = await founder.add(
        conversation.id, [one for one in packages if one.device == added.device.id]
    )
    for client in (founder, added):
        await reached(client, conversation.id, seq)
    return conversation
