"""A device's life on the wire: retried to one effect, resumed by cursor, believed when proven."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import time
from collections.abc import AsyncIterator

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import ServerConnection

from clients.python.acts import ClaimedPackage, Observer
from clients.python.client import Client, connected
from clients.python.commits import Wanted
from clients.python.connection import Patience
from clients.python.content import Message, SignalContent
from clients.python.device import Device
from clients.python.errors import (
    CannotFollow,
    ClientError,
    ConnectionLost,
    Dismissed,
    GroupForked,
    HubFault,
    HubKeyChanged,
    LogForked,
    LogKeyChanged,
    NoAnswer,
    NoGroup,
    Refused,
    Unlawful,
    Unproven,
)
from clients.python.judge import Judge
from clients.python.outbox import MAX_IN_FLIGHT
from crypto.errors import BadProof, WrongEntry
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import decode_header
from crypto.policy.conversation import CommitData
from crypto.policy.statements import EpochReceipt, IdentityCertificate, Unverified
from crypto.policy.vocabulary import Motive, Role
from signaling import frames
from signaling.codec import encode
from signaling.codes import Close, Code
from signaling.frames import ClientFrame, Event
from tests.clients.call_views import CALL
from tests.clients.small_hub import COLLEAGUE, PERSON, SmallHub, refused, serving

QUICK = Patience(opening=2, answer=2, act=5, first_pause=0.001, longest_pause=0.01)
CONVERSATION = "00000000-0000-4000-8000-0000000000aa"


@contextlib.asynccontextmanager
async def talking(
    hub: SmallHub,
    *,
    device: Device | None = None,
    patience: Patience = QUICK,
    observer: Observer | None = None,
) -> AsyncIterator[Client]:
    """Connect a device that has founded a conversation, alone."""
    here = connected(hub.session, device or Device.new(), patience=patience, observer=observer)
    async with here as client:
        await client.create_conversation(CONVERSATION, patient=COLLEAGUE, motive=Motive.AGE)
        yield client


class Colleague:
    """Another device in the group, of whom the client hears through the hub alone."""

    def __init__(self, hub: SmallHub) -> None:
        self.hub = hub
        self.device = Device.new()
        welcomed = hub._welcomed(self.device.id)
        welcomed = msgspec.structs.replace(welcomed, person=COLLEAGUE, checkpoint="")
        self.device.trust.meet(welcomed, self.device.id)
        self._enrol()

    def _enrol(self) -> None:
        """Be a patient whom the log shows, and know the owner."""
        account, trust = self.device.make_account(), self.device.trust
        mine = self.hub.enrol(COLLEAGUE, account.aik, Role.PATIENT)
        for view in self.hub.identities.values():
            identity = Unverified.decode(IdentityCertificate, view.certificate).content
            trust.pin(view.person, identity.aik)
            trust.prove(view.certificate)
            if view.person == PERSON:
                trust.pin_owner(identity.aik)
        identity = Unverified.decode(IdentityCertificate, mine.certificate).content
        certificate = account.certify_device(
            identity, self.device.id, self.device.signature_key, now_us=self.hub.clock()
        )
        self.device.certify(identity=mine.certificate, device=certificate)

    @property
    def judge(self) -> Judge:
        """The rules, as this device holds to them."""
        summary = self.hub.conversations[CONVERSATION]
        return self.device.judge(summary, self.hub.clock())

    async def join(self, client: Client) -> None:
        """Be added by the client."""
        [package] = self.device.make_packages(1)
        claimed = ClaimedPackage(COLLEAGUE, self.device.id, "0" * 64, package)
        seq = await client.add(CONVERSATION, [claimed])
        added = [one for one in self.hub.seen if isinstance(one, frames.Commit)][-1]
        assert added.welcome is not None
        push = frames.WelcomePush(conversation=CONVERSATION, seq=seq, welcome=added.welcome)
        room = self.device.room(CONVERSATION)
        room.admit(push, list(self.device.packages.values()), self.judge)

    def follow(self, event: Event) -> None:
        """Follow what the client did."""
        room = self.device.room(CONVERSATION)
        room.cursor = event.seq
        room.follow(event, self.judge, time.time())

    def group_info(self) -> bytes:
        """Return what leads into the group from outside."""
        group = self.device.room(CONVERSATION).group
        assert group is not None
        return group.group_info()

    def commit(self) -> Event:
        """Move the group on; return the event, which the hub has and nobody was told of."""
        room = self.device.room(CONVERSATION)
        pending = room.commit(Wanted(), self.device.own(), self.judge, random_bytes=os.urandom)
        event = self.hub.commit(CONVERSATION, pending.body, device=self.device.id, person=COLLEAGUE)
        room.adopt(event.seq, 0.0)
        return event

    def offer(self, to: str) -> bytes:
        """Seal an offer for a device; return its bytes."""
        content = SignalContent(
            call=CALL, sender=self.device.id, to=to, generation=1, type="offer", sdp="v=0"
        )
        return self.device.seal_signal(self.device.room(CONVERSATION), content, self.judge)

    def message(self, text: str) -> Event:
        """Write; return the event, which the hub has and nobody was told of."""
        room = self.device.room(CONVERSATION)
        written = self.device.write(room, text)
        event = Event(
            conversation=CONVERSATION,
            seq=len(self.hub.events) + 1,
            ts=self.hub.clock(),
            what="message",
            person=COLLEAGUE,
            device=self.device.id,
            body=self.device.seal(room, written, self.judge),
            message=written.id,
        )
        self.hub.events.append(event)
        return event


def told(socket: ServerConnection, frame: frames.ServerFrame) -> bool:
    """Let the hub say `frame` instead of what it would."""
    asyncio.get_running_loop().create_task(socket.send(encode(frame)))
    return True


def closed(socket: ServerConnection, code: int) -> bool:
    """Let the hub close instead of answering."""
    asyncio.get_running_loop().create_task(socket.close(code))
    return True


def cut(socket: ServerConnection) -> bool:
    """Let the network break instead of the answer."""
    socket.transport.abort()
    return True


def sends(hub: SmallHub) -> int:
    return len(hub.bodies)


async def test_an_acknowledged_message_comes_with_a_verified_receipt() -> None:
    """The acknowledgement is the proof."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        sent = await client.send(CONVERSATION, "content")

    assert sent.seq == 1
    assert sent.receipt.entry == hub.entries[sent.receipt.index]


async def test_an_answer_lost_on_the_way_is_asked_for_again_and_counts_once() -> None:
    """The act took effect, the network broke before its answer: the same bytes come again."""
    hub = SmallHub()
    hub.after = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and sends(hub) == 1 and cut(socket)
    )

    async with serving(hub), talking(hub) as client:
        sent = await client.send(CONVERSATION, "content")
        await client.until(lambda: client.rooms[CONVERSATION].cursor == 1)

    assert sent.seq == 1
    assert len(hub.events) == 1
    assert len(hub.bodies) == 2
    assert len(set(hub.bodies)) == 1


async def test_a_request_lost_on_the_way_is_sent_again() -> None:
    """The act never took effect: it does now, once."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and sends(hub) == 1 and cut(socket)
    )

    async with serving(hub), talking(hub) as client:
        await client.send(CONVERSATION, "content")

    assert len(hub.events) == 1


async def test_a_hub_that_comes_back_finds_its_clients_again() -> None:
    """The hub dies with an act in flight and starts again on the same port."""
    hub = SmallHub()
    swallowed = asyncio.Event()

    def swallow(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if isinstance(frame, frames.SendMessage) and sends(hub) == 1:
            swallowed.set()
            return True
        return False

    hub.before = swallow
    async with serving(hub) as server, asyncio.TaskGroup() as tasks:
        device = talking(hub)
        client = await device.__aenter__()
        sending = tasks.create_task(client.send(CONVERSATION, "content"))
        await swallowed.wait()
        server.close(close_connections=True)
        await server.wait_closed()
        async with serving(hub):
            sent = await sending
            await device.__aexit__(None, None, None)

    assert sent.seq == 1
    assert len(hub.events) == 1


async def test_after_a_new_epoch_the_message_is_encrypted_again_under_its_own_id() -> None:
    """`E_EPOCH`: the commit is read first, then the same message id and tag in a new body."""
    hub = SmallHub()
    made: list[tuple[str, bytes]] = []
    observer = Observer(on_body=lambda message, body: made.append((message, body)))

    async with serving(hub), talking(hub, observer=observer) as client:
        colleague = Colleague(hub)
        await colleague.join(client)

        def commit_first(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
            if isinstance(frame, frames.SendMessage) and hub.epoch == 1:
                event = colleague.commit()
                told(socket, refused(frame, Code.E_EPOCH, epoch=2))
                return told(socket, event)
            return False

        hub.before = commit_first
        sent = await client.send(CONVERSATION, "content")

    assert sent.seq == 3
    assert [message for message, _ in made] == [sent.message] * 2
    assert made[0][1] != made[1][1]
    headers = [decode_header(body) for _, body in made]
    assert [header.epoch for header in headers] == [1, 2]
    said = [AuthenticatedData.decode(header.authenticated_data) for header in headers]
    assert dataclasses.replace(said[0], sent_at=said[1].sent_at) == said[1]


async def test_what_is_sent_is_dated_by_the_hubs_clock() -> None:
    """This device's own clock is an hour ahead of it."""
    hub = SmallHub(clock=lambda: time.time_ns() // 1_000 - 3_600_000_000)

    async with serving(hub), talking(hub) as client:
        await client.send(CONVERSATION, "content")
        await client.renew(CONVERSATION)

    [body] = hub.bodies
    sent = AuthenticatedData.decode(decode_header(body).authenticated_data).sent_at * 1_000
    assert abs(sent - hub.clock()) < 60_000_000
    assert abs(committed_at(hub) - hub.clock()) < 60_000_000


def committed_at(hub: SmallHub) -> int:
    """Return the instant that the last commit says."""
    last = [one for one in hub.seen if isinstance(one, frames.Commit)][-1]
    return CommitData.decode(decode_header(last.commit).authenticated_data).at_us


@pytest.mark.parametrize("kind", [frames.SendMessage, frames.Commit], ids=["message", "commit"])
async def test_what_the_hub_finds_out_of_time_is_dated_anew(kind: type[ClientFrame]) -> None:
    """`E_CLOCK` tells the hub's clock: the same message, the same change, once."""
    hub = SmallHub()
    ahead = 600_000_000

    def too_late(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        first = sum(isinstance(one, kind) for one in hub.seen) == 1
        now = hub.clock() + ahead
        return (
            isinstance(frame, kind)
            and first
            and told(socket, refused(frame, Code.E_CLOCK, now=now))
        )

    async with serving(hub), talking(hub) as client:
        hub.before = too_late
        await client.send(CONVERSATION, "content")
        await client.renew(CONVERSATION)

    assert len(hub.events) == 2
    tries = [one for one in hub.seen if isinstance(one, kind)]
    assert len(tries) == 2
    headers = [decode_header(getattr(one, "body", getattr(one, "commit", b""))) for one in tries]
    assert headers[0].authenticated_data != headers[1].authenticated_data


async def test_nothing_is_sent_past_a_carers_time_by_this_devices_own_clock() -> None:
    """The hub's clock may stand still: see `Room.is_overdue`."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        room = client.rooms[CONVERSATION]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(room), "is_overdue", lambda *_: True)
            with pytest.raises(NoAnswer):
                await client.until(lambda: client.outbox.may_send(room), 0.05)
        await client.send(CONVERSATION, "content")

    assert len(hub.bodies) == 1


async def test_a_message_waits_while_a_removal_is_pending() -> None:
    """`E_REMOVE_PENDING`: nothing is asked again until the group has moved on."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)

        def pending(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
            if isinstance(frame, frames.SendMessage) and hub.epoch == 1:
                told(socket, refused(frame, Code.E_REMOVE_PENDING))
                return told(socket, colleague.commit())
            return False

        hub.before = pending
        await client.send(CONVERSATION, "content")

    assert [decode_header(body).epoch for body in hub.bodies] == [1, 2]


async def test_a_commit_that_came_second_is_made_again() -> None:
    """The other's is followed first; the devices to add are the same."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)

        def commit_first(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
            if isinstance(frame, frames.Commit) and hub.epoch == 1:
                event = colleague.commit()
                told(socket, refused(frame, Code.E_EPOCH, epoch=2))
                return told(socket, event)
            return False

        hub.before = commit_first
        seq = await client.renew(CONVERSATION)

        assert (seq, client.rooms[CONVERSATION].epoch) == (3, 3)
        assert client.rooms[CONVERSATION].pending is None


async def test_what_a_member_wrote_is_told_in_its_place() -> None:
    """Decrypted, with who wrote it; one's own comes back in its place too."""
    hub = SmallHub()
    heard: list[Message] = []

    async with serving(hub), talking(hub, observer=Observer(on_message=heard.append)) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        told(hub.sockets[-1], colleague.message("Bonjour"))
        await client.send(CONVERSATION, "Merci")
        await client.until(lambda: len(heard) == 2)

    assert [(one.seq, one.text, one.mine) for one in heard] == [
        (2, "Bonjour", False),
        (3, "Merci", True),
    ]
    assert heard[0].device == colleague.device.id


async def test_a_message_under_another_name_is_hidden_and_told_as_an_alarm() -> None:
    """Its place is kept, its text is not shown."""
    hub = SmallHub()
    heard: list[Message] = []
    alarms: list[ClientError] = []
    observer = Observer(on_message=heard.append, on_alarm=alarms.append)

    async with serving(hub), talking(hub, observer=observer) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        lie = msgspec.structs.replace(colleague.message("Bonjour"), device=PERSON)
        told(hub.sockets[-1], lie)
        await client.until(lambda: heard != [])

    assert (heard[0].text, heard[0].refused) == (None, "wrong_sender")
    assert [type(one) for one in alarms] == [Unproven]


async def test_a_message_that_this_device_did_not_send_is_not_shown_as_its_own() -> None:
    """The hub hangs this device's name on somebody else's bytes."""
    hub = SmallHub()
    heard: list[Message] = []

    async with serving(hub), talking(hub, observer=Observer(on_message=heard.append)) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        client.rooms[CONVERSATION].counter = 7
        event = colleague.message("Bonjour")
        mine = {"person": PERSON, "device": client.device.id}
        told(hub.sockets[-1], msgspec.structs.replace(event, **mine))
        await client.until(lambda: heard != [])

    assert (heard[0].mine, heard[0].text, heard[0].refused) == (True, None, "not_kept")


async def test_a_device_that_cannot_follow_says_why_and_rejoins() -> None:
    """Also while a commit of its own is on its way, which can then never be; it is made again."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)

        def break_one(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
            if isinstance(frame, frames.Commit) and hub.epoch == 1:
                event = colleague.commit()
                hub.group_info = colleague.group_info()
                # One bit of the tag: only who has the secrets can tell.
                broken = event.body[:-34] + bytes([event.body[-34] ^ 1]) + event.body[-33:]
                told(socket, msgspec.structs.replace(event, body=broken))
                return told(socket, refused(frame, Code.E_EPOCH, epoch=2))
            return False

        hub.before = break_one
        seq = await client.renew(CONVERSATION)
        for event in hub.events[2:]:
            colleague.follow(event)
        reports = [one for one in hub.seen if isinstance(one, frames.ReportStuck)]

        assert [(one.epoch, one.reason) for one in reports] == [(0, "bad_membership_tag")]
        assert [type(one) for one in client.alarms] == [CannotFollow]
        assert (seq, client.rooms[CONVERSATION].epoch) == (4, 4)
        assert client.rooms[CONVERSATION].fault is None
        mine, theirs = client.rooms[CONVERSATION].group, colleague.device.room(CONVERSATION).group
        assert mine is not None
        assert theirs is not None
        assert mine.epoch_authenticator == theirs.epoch_authenticator


async def test_what_policy_forbids_is_not_followed_and_leaves_a_trace() -> None:
    """The hub let a commit through under another's name: nothing more is sent there."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        event = colleague.commit()
        told(hub.sockets[-1], msgspec.structs.replace(event, person=PERSON))
        await client.until(lambda: any(isinstance(one, frames.ReportStuck) for one in hub.seen))

        with pytest.raises(NoGroup) as refusal:
            await client.send(CONVERSATION, "content")
        with pytest.raises(NoGroup):
            await client.renew(CONVERSATION)

        assert refusal.value.code == "wrong_committer"
        assert [type(one) for one in client.alarms] == [Unlawful]
        assert hub.bodies == []


async def test_a_device_that_is_out_is_told_so_at_once() -> None:
    """The commit that removed it is for those who stay: the hub's description says it."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        out = msgspec.structs.replace(hub.conversations[CONVERSATION], joined=False)
        told(hub.sockets[-1], frames.ConversationPush(conversation=out))
        await client.until(lambda: client.rooms[CONVERSATION].group is None)

        with pytest.raises(NoGroup) as refusal:
            await client.send(CONVERSATION, "content")

        assert refusal.value.code == "not_in_group"


async def test_a_message_that_its_owner_could_not_store_comes_again() -> None:
    """What the owner raises ends the client; from its store the device has not read it yet."""
    hub, device, heard = SmallHub(), Device.new(), list[Message]()

    def fail(_: Message) -> None:
        raise RuntimeError("the disk of the pharmacy's software is full")

    async with serving(hub):
        stack = contextlib.AsyncExitStack()
        client = await stack.enter_async_context(
            talking(hub, device=device, observer=Observer(on_message=fail))
        )
        colleague = Colleague(hub)
        await colleague.join(client)
        device.save()
        told(hub.sockets[-1], colleague.message("Bonjour"))
        with pytest.raises(ConnectionLost):
            await client.until(lambda: False)
        with pytest.raises(RuntimeError, match="disk"):
            await stack.aclose()

    again = Device.load(device._store)
    async with (
        serving(hub),
        connected(
            hub.session, again, patience=QUICK, observer=Observer(on_message=heard.append)
        ) as client,
    ):
        await client.until(lambda: heard != [])

    assert [one.text for one in heard] == ["Bonjour"]


async def test_nothing_is_encrypted_before_a_device_has_seen_all_that_stood_there() -> None:
    """Until then its state may be a copy of an older day, and its next key one that was used."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client, asyncio.TaskGroup() as tasks:
        colleague = Colleague(hub)
        await colleague.join(client)
        described = msgspec.structs.replace(hub.conversations[CONVERSATION], last_seq=2)
        hub.conversations[CONVERSATION] = described
        cut(hub.sockets[-1])
        await client.until(lambda: client.summaries[CONVERSATION].last_seq == 2)
        sending = tasks.create_task(client.send(CONVERSATION, "content"))
        for number in range(3):
            await client.perform(frames.Ping(id=f"ping-{number}"))
        assert hub.bodies == []

        told(hub.sockets[-1], colleague.message("Bonjour"))
        await sending

    assert len(hub.bodies) == 1


async def test_each_epoch_that_is_entered_is_confirmed() -> None:
    """A receipt signed by this device, of the epoch after each commit."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        await client.renew(CONVERSATION)
        await client.until(lambda: client.rooms[CONVERSATION].confirmed)
        receipts = [one for one in hub.seen if isinstance(one, frames.ConfirmEpoch)]
        key = client.device.signature_key

    said = Unverified.decode(EpochReceipt, receipts[0].receipt).verify(key)
    assert (len(receipts), said.epoch) == (1, 1)


async def test_a_device_that_disagrees_about_an_epoch_is_told_as_an_alarm() -> None:
    """The hub has another transcript: somebody is shown another group."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.ConfirmEpoch) and told(socket, refused(frame, Code.E_RECEIPT))
    )

    async with serving(hub), talking(hub) as client:
        await client.renew(CONVERSATION)
        await client.until(lambda: bool(client.alarms))

        assert [type(one) for one in client.alarms] == [GroupForked]


async def test_nothing_is_sent_in_a_conversation_that_the_hub_never_described() -> None:
    """It is said at once: waiting would not help."""
    hub = SmallHub()

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(NoGroup):
            await client.send(CONVERSATION, "content")


async def test_a_busy_hub_is_asked_again_after_the_pause_it_told() -> None:
    """`retry: later` means the same frame, after `retry_after`."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage)
        and sends(hub) == 1
        and told(socket, refused(frame, Code.E_BUSY, retry_after=1))
    )

    async with serving(hub), talking(hub) as client:
        await client.send(CONVERSATION, "content")

    assert len(hub.bodies) == 2
    assert len(set(hub.bodies)) == 1


async def test_a_refusal_for_good_reaches_the_caller_with_its_code() -> None:
    """Nothing is retried that would be refused again."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.CreateConversation) and told(socket, refused(frame, Code.E_ROLE))
    )

    async with serving(hub), connected(hub.session, Device.new(), patience=QUICK) as client:
        with pytest.raises(Refused) as refusal:
            await client.create_conversation(CONVERSATION, patient=PERSON, motive=Motive.AGE)

    assert refusal.value.code is Code.E_ROLE
    assert client.rooms == {}


async def test_events_missed_while_away_arrive_in_order_and_once() -> None:
    """The next hello names the cursor; the hub streams from there."""
    hub = SmallHub()
    arrived: list[int] = []
    observer = Observer(on_event=lambda event: arrived.append(event.seq))

    async with serving(hub), talking(hub, observer=observer) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        await client.send(CONVERSATION, "content")
        await client.until(lambda: client.rooms[CONVERSATION].cursor == 2)
        cut(hub.sockets[-1])
        colleague.commit()
        colleague.message("content")
        await client.until(lambda: client.rooms[CONVERSATION].cursor == 4)

    assert arrived == [1, 2, 3, 4]
    assert client.faults == []


async def test_a_gap_is_noticed_and_mended_by_resuming() -> None:
    """An event that skips one is not applied: the connection is dropped, the cursor asks again."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        colleague = Colleague(hub)
        await colleague.join(client)
        colleague.commit()
        told(hub.sockets[-1], colleague.commit())
        await client.until(lambda: client.rooms[CONVERSATION].cursor == 3)

    assert [(fault.expected, fault.arrived) for fault in client.faults] == [(2, 3)]


@pytest.mark.parametrize(
    "code", [Close.MALFORMED, Close.SESSION, Close.FORBIDDEN, Close.SUPERSEDED]
)
async def test_a_hub_that_closes_for_good_is_not_dialled_again(code: Close) -> None:
    """4400 to 4499: whoever waits is told, and nobody comes back."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and closed(socket, code)
    )

    async with serving(hub), talking(hub) as client:
        with pytest.raises(Dismissed) as dismissal:
            await client.send(CONVERSATION, "content")

    assert dismissal.value.close_code == code
    assert len(hub.sockets) == 1


@pytest.mark.parametrize("code", [Close.TOO_SLOW, Close.DRAINING, Close.UNAVAILABLE, 1012])
async def test_a_hub_that_closes_for_a_while_is_dialled_again(code: int) -> None:
    """4500 and more: come back and resume."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: (
        isinstance(frame, frames.SendMessage) and sends(hub) == 1 and closed(socket, code)
    )

    async with serving(hub), talking(hub) as client:
        await client.send(CONVERSATION, "content")

    assert len(hub.sockets) == 2


async def test_a_silent_hub_is_given_up_within_the_patience() -> None:
    """A half-open connection answers nothing: the act ends with `NoAnswer`, not never."""
    hub = SmallHub()
    hub.before = lambda hub, socket, frame: isinstance(frame, frames.SendMessage)
    patience = Patience(opening=2, answer=0.05, act=0.3, first_pause=0.001, longest_pause=0.01)

    async with serving(hub), talking(hub, patience=patience) as client:
        with pytest.raises(NoAnswer):
            await client.send(CONVERSATION, "content")

    assert len(set(hub.bodies)) == 1


async def test_a_receipt_that_proves_nothing_is_not_believed() -> None:
    """The hub alters the entry it proves: the caller gets the reason, not the message's place."""
    hub = SmallHub()

    def lie(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.SendMessage):
            return False
        [said] = hub.answers.values()
        receipt = said.receipt
        assert receipt is not None
        altered = msgspec.structs.replace(receipt, entry=receipt.entry + b" ")
        return told(socket, msgspec.structs.replace(said, id=frame.id, receipt=altered))

    hub.after = lie
    async with serving(hub), talking(hub) as client:
        with pytest.raises(BadProof):
            await client.send(CONVERSATION, "content")


async def test_a_true_receipt_of_another_act_is_not_believed() -> None:
    """The hub answers with the receipt of the connection's own entry."""
    hub = SmallHub()

    def swap(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.SendMessage):
            return False
        [said] = hub.answers.values()
        return told(socket, msgspec.structs.replace(said, id=frame.id, receipt=hub.receipt(0)))

    hub.after = swap
    async with serving(hub), talking(hub) as client:
        with pytest.raises(WrongEntry):
            await client.send(CONVERSATION, "content")


async def test_an_act_without_its_receipt_is_the_hubs_fault() -> None:
    """An audited act is acknowledged with its proof or not at all."""
    hub = SmallHub()

    def keep_it(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if not isinstance(frame, frames.SendMessage):
            return False
        [said] = hub.answers.values()
        return told(socket, msgspec.structs.replace(said, id=frame.id, receipt=None))

    hub.after = keep_it
    async with serving(hub), talking(hub) as client:
        with pytest.raises(HubFault):
            await client.send(CONVERSATION, "content")


async def test_another_log_key_ends_the_client() -> None:
    """The key is pinned at first sight; a hub that comes back with another is not the same log."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        hub.key = Ed25519PrivateKey.generate()
        cut(hub.sockets[-1])
        with pytest.raises(LogKeyChanged):
            await client.until(lambda: False)


async def test_another_key_of_the_hub_ends_the_client() -> None:
    """It proposes removals in every group: pinned at first sight, across restarts."""
    hub, device = SmallHub(), Device.new()

    async with serving(hub), talking(hub, device=device):
        pass
    hub.hub_key = os.urandom(32)
    device = Device.deserialize(device.serialize())

    async with serving(hub):
        with pytest.raises(HubKeyChanged):
            await connected(hub.session, device, patience=QUICK).__aenter__()


async def test_a_shorter_log_is_told_as_an_alarm() -> None:
    """What was shown once is there for good."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        await client.send(CONVERSATION, "content")
        del hub.entries[1:]
        cut(hub.sockets[-1])
        await client.until(lambda: bool(client.alarms))

        assert [type(one) for one in client.alarms] == [LogForked]


async def test_an_event_of_a_conversation_that_was_never_described_ends_the_client() -> None:
    """Nobody can say who may do what there."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        hub.conversations.clear()
        stray = hub.commit("00000000-0000-4000-8000-0000000000ab", b"x")
        told(hub.sockets[-1], msgspec.structs.replace(stray, seq=1))
        with pytest.raises(HubFault):
            await client.until(lambda: False)


async def test_many_acts_in_flight_are_each_answered_once_across_cuts() -> None:
    """Two hundred messages, the network cut three times under them."""
    hub = SmallHub()
    cuts = {20, 70, 120}

    def now_and_then(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> bool:
        if len(hub.events) in cuts:
            cuts.remove(len(hub.events))
            return cut(socket)
        return False

    hub.after = now_and_then
    arrived: list[Event] = []
    async with (
        serving(hub),
        talking(hub, observer=Observer(on_event=arrived.append)) as client,
        asyncio.TaskGroup() as tasks,
    ):
        sending = [tasks.create_task(client.send(CONVERSATION, "content")) for _ in range(200)]
        await asyncio.gather(*sending)
        await client.until(lambda: client.rooms[CONVERSATION].cursor == 200)

    assert sorted(task.result().seq for task in sending) == list(range(1, 201))
    assert [event.seq for event in arrived] == list(range(1, 201))
    assert cuts == set()


async def test_a_counter_runs_from_one_in_each_conversation() -> None:
    """The counter is the device's own, and no conversation tells of another."""
    hub = SmallHub()
    other = "00000000-0000-4000-8000-0000000000ab"

    async with serving(hub), talking(hub) as client:
        await client.send(CONVERSATION, "content")
        await client.send(CONVERSATION, "content")
        hub.events.clear()
        await client.create_conversation(other, patient=COLLEAGUE, motive=Motive.AGE)
        await client.send(other, "content")

    assert [counter_of(body) for body in hub.bodies] == [1, 2, 1]


async def test_no_more_messages_fly_than_their_readers_can_wait_for() -> None:
    """A receiver keeps 64 keys of messages that come late: no one is overtaken by more."""
    hub = SmallHub()
    most = 0

    def count(hub: SmallHub, socket: ServerConnection, frame: ClientFrame) -> None:
        nonlocal most
        asked = [one for one in hub.seen if isinstance(one, frames.SendMessage)]
        most = max(most, len(asked) - len(hub.answers))

    hub.before = count
    async with serving(hub), talking(hub) as client, asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(client.send(CONVERSATION, "content"))

    assert most <= MAX_IN_FLIGHT
    assert len(hub.events) == 100


async def test_a_text_beyond_a_frame_is_refused_before_anything_happens() -> None:
    """Nothing is kept, no counter is used."""
    hub = SmallHub()

    async with serving(hub), talking(hub) as client:
        with pytest.raises(ValueError, match="10,000"):
            await client.send(CONVERSATION, "x" * 10_001)

        assert client.rooms[CONVERSATION].counter == 0
        assert client.device.written == {}


def counter_of(body: bytes) -> int:
    """Return the counter in a body's authenticated data."""
    return AuthenticatedData.decode(decode_header(body).authenticated_data).counter
