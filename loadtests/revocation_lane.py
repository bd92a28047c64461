"""Three people over real sockets: a carer is let in, types, and is cut off; again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from clients.python.client import Client, connected
from clients.python.connection import open_connection
from clients.python.device import Device
from clients.python.errors import ClientError, ConnectionLost, NoGroup, Refused
from clients.python.session import Session, Site, sign_in
from crypto.policy.vocabulary import Motive, Scope
from loadtests.crowd import PATIENCE
from signaling import frames
from signaling.codes import Close

SCOPES = (Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND)
SENTENCE = "Sophie Lefèvre peut lire et écrire au nom de Jean Lefèvre."
DUTIES = "Je n’agis que dans l’intérêt de Jean Lefèvre."
TYPED_BEFORE = 3
"""Messages that the hub took before the patient presses: she really was typing."""
TRIED_AFTER = 3
"""Frames that she sends after the first refusal."""
SPARE_PACKAGES = 5
CUTS_EACH = 25
"""Delegations in one conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One round, as the carer met it."""

    number: int
    refused_ms: float
    """From the patient's press to the first refusal."""
    code: str
    typed: int
    """Messages that the hub took until then."""
    taken_after: int
    """Frames that the hub took after it had refused one."""
    session_opens: bool
    """The old session opened a socket once more."""

    @property
    def fault(self) -> str:
        """Say what was let through."""
        if self.taken_after:
            return f"{self.taken_after} frames were taken after the first refusal"
        return "the old session opened a socket"


@dataclass(slots=True)
class Typist:
    """A carer's client that does not heed what it is told: it types until it is refused."""

    client: Client
    conversation: str
    typed: int = 0
    refused_at: float = 0.0
    code: str = ""
    taken_after: int = 0
    last: bytes = b""
    has_typed: asyncio.Event = field(default_factory=asyncio.Event)

    async def type(self) -> None:
        """Type on; once refused, try a few frames more."""
        while not self.code:
            self.code = await self._say()
            if not self.code:
                self.typed += 1
            if self.typed >= TYPED_BEFORE:
                self.has_typed.set()
        self.refused_at = time.monotonic()
        for _ in range(TRIED_AFTER):
            self.taken_after += await self._say() == ""

    async def _say(self) -> str:
        """Send one message; return the code of its refusal, nothing where it was taken."""
        frame = frames.SendMessage(
            id=self.client.next_id(), conversation=self.conversation, body=self._body()
        )
        try:
            await self.client.perform(frame)
        except Refused as refusal:
            # Of the moment between the hub's word and the group's: nobody's message is taken.
            return refusal.code.value
        except ClientError:
            return "closed"
        return ""

    def _body(self) -> bytes:
        """Seal a new message; where this client's own state forbids it, send the last one again."""
        room, device = self.client.known(self.conversation), self.client.device
        try:
            written = device.write(room, f"Je voulais encore dire que {self.typed}")
            self.last = device.seal(room, written, self.client.judge(self.conversation))
            device.discard(written)
        except (NoGroup, ClientError):
            pass
        return self.last


@dataclass(slots=True)
class Lane:
    """The three of them, and the conversation between the first two."""

    port: int
    claire: Client
    jean: Client
    device: Device
    """The carer's."""
    sophie: str
    conversation: str = ""

    async def cut(self, number: int) -> Cut:
        """Let the carer in, and cut her off while she types."""
        if number % CUTS_EACH == 0:
            await self._found()
        session = await sign_in(Site("sophie", self.port))
        async with connected(session, self.device, patience=PATIENCE) as sophie:
            named = await self._let_in(sophie)
            typist = Typist(sophie, self.conversation)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(typist.type())
                await typist.has_typed.wait()
                pressed = time.monotonic()
                await self.jean.delegations.withdraw(named)
            await self._is_out(named)
        return Cut(
            number=number,
            refused_ms=1000 * (typist.refused_at - pressed),
            code=typist.code,
            typed=typist.typed,
            taken_after=typist.taken_after,
            session_opens=await _opens(session),
        )

    async def _found(self) -> None:
        """Begin a new conversation: a group keeps a tombstone of each delegation for its time."""
        self.conversation = str(uuid4())
        claire, jean = self.claire, self.jean
        await jean.publish_key_packages(1)
        await claire.create_conversation(self.conversation, patient=jean.person, motive=Motive.AGE)
        await claire.add(self.conversation, await claire.claim(self.conversation, jean.person))
        await jean.until(lambda: self.conversation in jean.rooms)

    async def _let_in(self, sophie: Client) -> str:
        jean, claire = self.jean, self.claire
        await sophie.publish_key_packages(1)
        named = await jean.delegations.propose(
            self.conversation, self.sophie, scopes=SCOPES, text=SENTENCE
        )
        await claire.until(lambda: _knows(claire, named))
        await claire.delegations.confirm(named, heard_alone=True)
        await sophie.until(lambda: _knows(sophie, named))
        await sophie.delegations.accept(named, DUTIES)
        for client in (claire, jean, sophie):
            await client.until(lambda client=client: self._is_in_force(client, named))  # type: ignore[misc]
        return named

    async def _is_out(self, named: str) -> None:
        for client in (self.claire, self.jean):
            await client.until(lambda client=client: not self._is_in_force(client, named))  # type: ignore[misc]

    def _is_in_force(self, client: Client, named: str) -> bool:
        room = client.rooms.get(self.conversation)
        return room is not None and room.group is not None and UUID(named).bytes in room.in_force


@asynccontextmanager
async def open_lane(port: int) -> AsyncIterator[Lane]:
    """Bring the three online, and the first two into a conversation."""
    async with AsyncExitStack() as stack:
        claire, jean = [
            await stack.enter_async_context(
                connected(await sign_in(Site(name, port)), Device.new(), patience=PATIENCE)
            )
            for name in ("claire", "jean")
        ]
        device = Device.new()
        session = await sign_in(Site("sophie", port))
        async with connected(session, device, patience=PATIENCE) as sophie:
            await sophie.publish_key_packages(SPARE_PACKAGES)
            lane = Lane(port, claire, jean, device, sophie.person)
        yield lane


def _knows(client: Client, named: str) -> bool:
    return named in {view.id for view in client.delegations}


async def _opens(session: Session) -> bool:
    """Tell whether a session still opens a socket."""
    try:
        connection = await open_connection(session, PATIENCE, lambda _push: None)
    except ConnectionLost:
        return False
    # A browser is not told why a handshake is refused: such a socket is closed at once instead.
    code = await connection.read()
    return code != Close.SESSION
