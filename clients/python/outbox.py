"""Messages on their way: each in its turn, once, in whatever epoch the group has come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from clients.python.acts import Answer, Observer, SentMessage
from clients.python.arrivals import Arrivals
from clients.python.device import Written
from clients.python.errors import Refused
from clients.python.groups import Place, Room
from signaling import frames
from signaling.codes import Code
from signaling.frames import ClientFrame

if TYPE_CHECKING:
    from clients.python.client import Client

# Of one sender and conversation: no message overtakes another by more than receivers keep keys for
# (64 generations).
MAX_IN_FLIGHT: Final = 32
CLOCK_TRIES: Final = 3
"""How often what is encrypted is dated anew by the clock that a refusal told."""
_OF_ITS_EPOCH: Final = frozenset({Code.E_EPOCH, Code.E_REMOVE_PENDING})


class Outbox:
    """What one client has written, until the hub has answered for it."""

    def __init__(self, client: Client, observer: Observer, arrivals: Arrivals) -> None:
        self._client = client
        self._observer = observer
        self._arrivals = arrivals
        self._in_flight: dict[str, set[int]] = {}

    def resume(self) -> None:
        """Send on what an earlier run, or a lost connection, left unanswered."""
        for written in list(self._client.device.written.values()):
            room = self._client.device.room(written.conversation)
            taken = written.counter in self._in_flight.get(room.conversation, ())
            if not (taken or written.answered):
                self._client.begin(self._deliver_beside(room, written))

    def may_send(self, room: Room) -> bool:
        """Tell whether a message can be encrypted now."""
        ready = room.may_send and self._arrivals.has_caught_up(room)
        return ready and not room.is_overdue(self._client.clock.own_us())

    async def deliver(self, room: Room, written: Written) -> SentMessage:
        """See one message through, in its turn."""
        client, flying = self._client, self._in_flight.setdefault(room.conversation, set())
        flying.add(written.counter)
        try:
            await client.until(lambda: written.counter - min(flying) < MAX_IN_FLIGHT)
            answer = await self.in_epoch(room, self._bodies(room, written))
        except Refused:
            client.device.discard(written)
            raise
        finally:
            flying.discard(written.counter)
            client.settled()
        receipt = answer.proof(
            act="message.sent", conversation=room.conversation, body=written.body
        )
        client.device.answered(written)
        return SentMessage(message=written.id, seq=answer.result["seq"], receipt=receipt)

    async def in_epoch(self, room: Room, frame: Callable[[], ClientFrame]) -> Answer:
        """Perform a frame that is encrypted in the group's epoch; made again for each new one."""
        client, dated = self._client, 0
        while True:
            await client.steady(room)
            await client.until(lambda: self.may_send(room) or not room.is_steady)
            if not room.is_steady:
                continue
            place = room.place
            try:
                return await client.perform(frame())
            except Refused as refusal:
                dated += refusal.code is Code.E_CLOCK
                if not _comes_again(refusal, dated):
                    raise
                if refusal.code in _OF_ITS_EPOCH:
                    await self._left(room, place)

    async def _left(self, room: Room, place: Place) -> None:
        """Wait until this device has followed a group beyond a place, or cannot."""
        await self._client.until(lambda: room.place != place or not room.is_steady)

    async def _deliver_beside(self, room: Room, written: Written) -> None:
        await self.deliver(room, written)

    def _bodies(self, room: Room, written: Written) -> Callable[[], ClientFrame]:
        """Return what makes a message's frame for each try.

        The body that an earlier run made comes first, of whatever epoch: the hub may have it.
        """
        client, first = self._client, written.body is not None

        def frame() -> ClientFrame:
            nonlocal first
            before = written.body
            body = before if first and before is not None else self._sealed(room, written)
            first = False
            if body is not before:
                self._observer.on_body(written.id, body)
            named = room.conversation
            return frames.SendMessage(id=client.next_id(), conversation=named, body=body)

        return frame

    def _sealed(self, room: Room, written: Written) -> bytes:
        client = self._client
        return client.device.seal(room, written, client.judge(room.conversation))


def _comes_again(refusal: Refused, dated: int) -> bool:
    """Tell whether the same content may be sent again: in another epoch, or under another date."""
    if refusal.code is Code.E_CLOCK:
        return dated < CLOCK_TRIES
    return refusal.code in _OF_ITS_EPOCH
