"""A device that stays connected: it resumes by its cursors and retries until it is answered.

    session = await sign_in(Site("claire", 8080))
    async with connected(session, Device.open("claire.device")) as client:
        await client.create_conversation(conversation, patient=jean, motive=Motive.AGE)
        sent = await client.send(conversation, "Bonjour")

An act is sent again with the same id and the same bytes after each lost connection, so that the
hub can recognise it; a message is encrypted again (same message id, same franking tag) only when
the group has moved on. Every wait ends: see `Patience`. `docs/headless.md` has a whole example.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any
from uuid import UUID

import msgspec

from clients.python.acts import Answer, ClaimedPackage, Observer, SentMessage
from clients.python.arrivals import Arrivals, GroupPush
from clients.python.callbook import ENDED, CallBook
from clients.python.clock import HubClock
from clients.python.commits import Wanted
from clients.python.connection import Connection, Patience, open_connection
from clients.python.delegations import Delegations
from clients.python.device import Device
from clients.python.errors import (
    BrokenStream,
    ClientError,
    ConnectionLost,
    Denied,
    Dismissed,
    HubFault,
    NoAnswer,
    NoGroup,
    NotLinked,
    Refused,
    Unlawful,
)
from clients.python.groups import SUITE, Room
from clients.python.identities import Identities, Standing
from clients.python.judge import Judge, NeedsProof, identity_of
from clients.python.outbox import Outbox
from clients.python.receipts import PinnedLogs
from clients.python.session import Session
from clients.python.staff import Staff
from clients.python.trust import Notice
from clients.python.upkeep import STARTED, Upkeep
from clients.python.watch import LogWatch
from crypto.errors import CryptoError
from crypto.log.verify import VerifiedReceipt
from crypto.mls.proposal import Remove
from crypto.policy.conversation import ConversationPolicy, extensions_of
from crypto.policy.conversation import Delegations as NoDelegations
from crypto.policy.statements import Succession
from crypto.policy.vocabulary import ConversationKind, Motive, Role
from signaling import frames
from signaling.codes import Code, Retry, reconnects
from signaling.frames import (
    AnyServerFrame,
    CallView,
    ClientFrame,
    DelegationView,
    DeviceView,
    Ok,
    Summary,
    Welcomed,
)

_JITTER = random.SystemRandom()
PersonPush = (
    frames.DelegationPush
    | frames.AccessPush
    | frames.IdentityPush
    | frames.LinkAskedPush
    | frames.LinkedPush
)
CALL_CODES = frozenset(code for code in Code if code.value.startswith("call."))
STOCK = 20
"""Key packages that a device is brought back to when the hub says that they run low."""
KEEP_SECONDS = 0.1
"""How long what only arrived may wait to be kept: a crash until then has it arrive again."""
MAX_ALARMS = 1_000


class Client:
    """One device's life on the wire. Made by `connected`, which also ends it."""

    def __init__(
        self, session: Session, device: Device, patience: Patience, observer: Observer
    ) -> None:
        self.device = device
        self.clock = HubClock()
        self.summaries: dict[str, Summary] = {}
        self.receipts: list[VerifiedReceipt] = []
        self.faults: list[BrokenStream] = []
        self.alarms: deque[ClientError] = deque(maxlen=MAX_ALARMS)
        self.calls = CallBook()
        self.welcomed: Welcomed | None = None
        self._session = session
        self._patience = patience
        self._observer = observer
        self.identities = Identities(self)
        self.delegations = Delegations(self)
        self.staff = Staff(self)
        self.upkeep = Upkeep(self)
        self.watch = LogWatch(self)
        self._arrivals = Arrivals(self, observer)
        self.outbox = Outbox(self, observer, self._arrivals)
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._refilling = False
        self._keeping: asyncio.TimerHandle | None = None
        self._connection: Connection | None = None
        self._over: ClientError | None = None
        self._crash: BaseException | None = None
        self._moved = asyncio.Event()
        self._reconnect_after = 0.0

    @property
    def rooms(self) -> dict[str, Room]:
        """The conversations as this device holds them."""
        return self.device.rooms

    @property
    def logs(self) -> PinnedLogs:
        """The pharmacy's log keys as this device pinned them."""
        return self.device.trust.logs

    @property
    def in_flight(self) -> int:
        """How many frames wait for their answer on the connection that stands now."""
        return self._connection.in_flight if self._connection else 0

    @property
    def online(self) -> bool:
        """Whether a connection stands and said hello."""
        return self._connection is not None

    @property
    def person(self) -> str:
        """Whose device this is, as the hub said at the last hello."""
        if self.welcomed is None:
            raise ConnectionLost(None)
        return self.welcomed.person

    async def until(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until `condition` holds; it is asked again whenever something arrives."""
        try:
            async with asyncio.timeout(self._patience.act if seconds is None else seconds):
                while not condition():
                    if self._over is not None:
                        raise self._over
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError as exc:
            raise NoAnswer("what was waited for did not happen") from exc

    # People and packages

    async def publish_key_packages(self, count: int) -> None:
        """Give the directory `count` key packages of this device."""
        packages = self.device.make_packages(count)
        frame = frames.PublishKeyPackages(id=self.next_id(), packages=packages)
        answer = await self.perform(frame)
        answer.proof(act="key_packages.published", conversation=None)

    async def claim(self, conversation: str, person: str) -> list[ClaimedPackage]:
        """Take one key package of each device of `person`."""
        answer = await self.perform(
            frames.ClaimKeyPackages(id=self.next_id(), conversation=conversation, person=person)
        )
        answer.proof(act="key_package.claimed", conversation=conversation)
        rows = answer.result["packages"]
        return [
            ClaimedPackage(one["person"], one["device"], one["key_package"], one["bytes"])
            for one in rows
        ]

    async def list_patients(self) -> list[dict[str, Any]]:
        """Return the patients of this pharmacy."""
        answer = await self.perform(frames.ListPatients(id=self.next_id()))
        patients: list[dict[str, Any]] = answer.result["patients"]
        return patients

    async def retire(self, device: str) -> None:
        """Give up a device of this person, for good: the hub has it removed everywhere."""
        if self.welcomed is None:
            raise ConnectionLost(None)
        account = self.device.account
        if account is None:
            raise NotLinked("this device is not linked to its person")
        statement = account.revoke_device(
            self.person, device, self.welcomed.deployment, now_us=self.now_us()
        )
        answer = await self.perform(frames.RetireDevice(id=self.next_id(), statement=statement))
        answer.proof_of_news(act="device.retired", conversation=None)

    async def devices(self) -> list[DeviceView]:
        """Return this person's own devices."""
        answer = await self.perform(frames.ListDevices(id=self.next_id()))
        return msgspec.convert(answer.result.get("devices"), list[DeviceView])

    # Groups

    async def create_conversation(
        self,
        conversation: str,
        *,
        patient: str,
        motive: Motive,
        kind: ConversationKind = ConversationKind.REMOTE_DISPENSATION,
    ) -> VerifiedReceipt:
        """Found a conversation whose group has this device alone."""
        room, device = self.device.room(conversation), self.device
        policy = self._policy(conversation, kind, patient)
        room.found(
            lambda group_info: frames.CreateConversation(
                id="-",
                conversation=conversation,
                conversation_kind=kind,
                patient=patient,
                motive=motive,
                group_info=group_info,
            ),
            device.own(),
            extensions_of(policy, NoDelegations(), device.trust.hub),
            device.random_bytes,
        )
        answer = await self.upkeep.start(room)
        return answer.proof(act=STARTED[kind], conversation=conversation)

    async def add(self, conversation: str, packages: list[ClaimedPackage]) -> int:
        """Commit the Add of the claimed devices; return the commit's `seq`.

        With the patient's first device comes the patient's account key into the group's policy.
        """
        wanted = await self.additions(self.known(conversation), packages)
        return await self._commit(conversation, lambda: wanted)

    async def additions(self, room: Room, packages: list[ClaimedPackage]) -> Wanted:
        """Return what adds these devices, once each is known to be its person's."""
        proposals = tuple(package.proposal() for package in packages)
        await self.identities.prove_all(package.person for package in packages)
        judge = self.judge(room.conversation)
        try:
            certified = [
                judge.newcomer(one.key_package.leaf_node, room.policy) for one in proposals
            ]
        except NeedsProof as exc:
            raise Denied("unproven_identity") from exc
        patients = [one.aik for one in certified if one.role is Role.PATIENT]
        return Wanted(
            proposals=proposals,
            adds=tuple(package.added for package in packages),
            patient_aik=patients[0] if patients else b"",
        )

    async def enter(self, conversation: str) -> None:
        """Come into the group of a conversation where another device of this person's is."""
        await self.upkeep.enter(self.known(conversation))

    async def remove(self, conversation: str, device: str) -> int:
        """Commit the Remove of another device of this person; return the commit's `seq`."""
        room = self.known(conversation)
        return await self._commit(conversation, lambda: Wanted(proposals=(_removal(room, device),)))

    async def renew(self, conversation: str) -> int:
        """Renew this device's keys in a group, so that no key encrypts for long."""
        return await self._commit(conversation)

    async def succeed(self, conversation: str, succession: bytes = b"") -> VerifiedReceipt:
        """Begin a new group where nobody can follow the one there is: a pharmacist's.

        Policy and ended delegations stay; carers are let in again as everybody is. With the
        `succession` of two pharmacists (`staff.sign_succession`) the patient, who lost every
        device, goes on with another key; what the old one gave is over.
        """
        room = self.known(conversation)
        if succession:
            await self.identities.prove([self.summaries[conversation].patient])
        answer = await self.upkeep.succeed(room, succession)
        return answer.proof(act="group.succeeded", conversation=conversation)

    def read_succession(self, conversation: str, word: bytes) -> Succession:
        """Return what two pharmacists signed; raise `Denied` where nobody would follow it."""
        room, judge = self.known(conversation), self.judge(conversation)
        try:
            return judge.check_succession(word, room.before())
        except Unlawful as exc:
            raise Denied(exc.code) from exc
        except NeedsProof as exc:
            raise Denied("unproven_identity") from exc

    def _policy(
        self, conversation: str, kind: ConversationKind, patient: str
    ) -> ConversationPolicy:
        """Return what a conversation that this device founds says of itself."""
        trust = self.device.trust
        if trust.owner is None or trust.pharmacy is None:
            raise NotLinked("nobody knows yet who owns this pharmacy")
        mine = self.device.account.aik if self.device.account is not None else b""
        return ConversationPolicy(
            conversation=UUID(conversation).bytes,
            kind=kind.value,
            pharmacy=trust.pharmacy,
            owner_aik=trust.owner,
            patient=UUID(patient).bytes,
            patient_aik=mine if patient == self.person else b"",
            suite_floor=SUITE.id,
        )

    # Messages

    async def send(self, conversation: str, text: str) -> SentMessage:
        """Send one message exactly once; return its place and its verified receipt.

        It is kept before it leaves: where this raises `NoAnswer`, or the process ends, the next
        hello of this device sends it on.
        """
        room = self.known(conversation)
        await self.steady(room)
        return await self.outbox.deliver(room, self.device.write(room, text))

    async def in_epoch(self, room: Room, frame: Callable[[], ClientFrame]) -> Answer:
        """Perform a frame that is encrypted in the group's epoch; made again for each new one."""
        return await self.outbox.in_epoch(room, frame)

    def known(self, conversation: str) -> Room:
        """Return a conversation that the hub has described; raise `NoGroup` for any other."""
        if conversation not in self.summaries:
            raise NoGroup("unknown_conversation")
        return self.device.room(conversation)

    async def steady(self, room: Room) -> None:
        """Wait until this device follows a group; raise `NoGroup` where it never will."""

        def is_lost() -> bool:
            outside = room.group is None and not self.summaries[room.conversation].joined
            return isinstance(room.fault, Unlawful) or (outside and room.fault is None)

        await self.until(lambda: room.is_steady or is_lost())
        if not room.is_steady:
            raise NoGroup("not_in_group" if room.fault is None else room.fault.code)

    async def advance(self, conversation: str, *, delivered: int, read: int) -> None:
        """Say how far this device has received and displayed."""
        await self.perform(
            frames.AdvanceCursor(
                id=self.next_id(), conversation=conversation, delivered=delivered, read=read
            )
        )

    # The wire

    async def perform(self, frame: ClientFrame) -> Answer:
        """Send `frame`, over as many connections as it takes, and return its answer.

        Raises `Refused` unless the refusal says to try the same frame later, `NoAnswer` when the
        patience for an act is over, `Dismissed` when the hub closed for good.
        """
        try:
            async with asyncio.timeout(self._patience.act):
                while True:
                    answer = await self._attempt(frame)
                    if answer is not None:
                        return self._keep(frame, answer)
        except TimeoutError as exc:
            raise NoAnswer("the hub did not answer the act") from exc

    async def stay_connected(self) -> None:
        """Keep one connection open until the hub closes for good or the task is cancelled."""
        pauses = _pauses(self._patience)
        while True:
            try:
                code = await self._live_on(
                    await open_connection(
                        self._session, self._patience, self._take, self._heartbeat
                    )
                )
                pauses = _pauses(self._patience)
            except ConnectionLost as lost:
                code = lost.close_code
            except ClientError as exc:
                self._end(exc)
                return
            except (CryptoError, msgspec.ValidationError, KeyError) as exc:
                self._end(HubFault(str(exc)))
                return
            except Exception as exc:
                self._break(exc)
                return
            if code is not None and not reconnects(code):
                self._end(Dismissed(code))
                return
            await asyncio.sleep(max(next(pauses), self._reconnect_after))
            self._reconnect_after = 0.0

    def next_id(self) -> str:
        """Return a request id that this client has not used."""
        return f"{next(self._ids)}"

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; what a client can meet is an alarm, anything else ends with it."""
        task = asyncio.get_running_loop().create_task(self._beside(work))
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        # Where the task is cancelled before its first step, nobody else ends it.
        task.add_done_callback(lambda _: work.close())

    def reconnect(self) -> None:
        """Give up the connection that stands: the next one tells everything from the cursors."""
        if self._connection is not None:
            self._connection.abort()

    def alarm(self, why: ClientError) -> None:
        """Tell the owner what was refused of others."""
        self.alarms.append(why)
        self._observer.on_alarm(why)
        self._moved.set()

    def judge(self, conversation: str) -> Judge:
        """Return the judge of a conversation's group, as of now."""
        summary = self.summaries.get(conversation)
        if summary is None:
            raise HubFault("a step of a conversation that was never described")
        return self.device.judge(summary, self.now_us())

    def now_us(self) -> int:
        """Return hub time, in microseconds."""
        return self.clock.now_us()

    def settled(self) -> None:
        """Something is known that somebody may wait for."""
        self._moved.set()

    def notify(self, notice: Notice) -> None:
        """Tell the owner that somebody's account key was replaced, for a reason."""
        self._observer.on_notice(notice)
        self._moved.set()

    def accepted(self, room: Room, result: dict[str, Any]) -> None:
        """Go on with what the hub accepted, where its answer says that it stands."""
        if room.is_founding:
            self._arrivals.learn(_summary(result.get("conversation")))
        seq = result.get("seq", 0)
        if room.adopt(seq, time.time()):
            self._arrivals.entered(room)
        self.device.keep(room)
        self._moved.set()

    async def end(self) -> None:
        """Forget the connection; whoever still waits is told. What arrived is kept."""
        self._end(ConnectionLost(None))
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._keeping is not None:
            self._keeping.cancel()
        if self._crash is None:
            # Else what is in memory may be half a step: the store has the last whole one.
            self.device.save()

    def learn_call(self, call: CallView) -> None:
        """Take in a call's state, from wherever it was told."""
        before = self.calls.last(call.id)
        if self.calls.learn(call):
            self._observer.on_call(call)
            if before is not None and self._renews_after(before, call):
                self.begin(self._renew_beside(call.conversation))

    def worn(self, room: Room) -> None:
        """A key of this device has encrypted much: renew it (RFC 9420, 15.3)."""
        self.begin(self._renew_beside(room.conversation))

    async def _live_on(self, connection: Connection) -> int | None:
        """Greet and read until the connection ends; return its close code."""
        reading = asyncio.create_task(connection.read())
        try:
            await self._greet(connection)
            self._connection = connection
            self._moved.set()
            self.begin(self._settle())
            return await asyncio.shield(reading)
        except BrokenStream:
            # The cursor still stands before the fault: the next connection resumes from there.
            return None
        finally:
            self._connection = None
            self._moved.set()
            try:
                await connection.close()
            finally:
                # Also when this task is cancelled while it closes: no socket is left behind.
                connection.abort()
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _greet(self, connection: Connection) -> None:
        # What arrived is kept before its number is told: it will not come again.
        self.device.save()
        self._observer.on_hello()
        hello = frames.Hello(
            id=self.next_id(),
            device=self.device.id,
            signature_key=self.device.signature_key,
            cursors=self._cursors(),
        )
        await connection.request(hello, lambda answer: self._welcome(hello, answer))

    def _welcome(self, hello: frames.Hello, answer: Ok) -> None:
        """Take in what a hello tells: what comes after it must find it taken in."""
        welcomed = msgspec.convert(answer.result or {}, Welcomed)
        self.clock.learn(answer.now)
        self.device.trust.meet(welcomed, self.device.id)
        self.watch.told(welcomed.checkpoint)
        self._keep(hello, answer)
        self.device.touch_pins()
        self.welcomed = welcomed
        self.delegations.book.learn_all(welcomed.delegations)
        self._arrivals.greeted(welcomed.conversations)
        self.calls.end_all_but(welcomed.calls)
        for call in welcomed.calls:
            self.learn_call(call)

    def _cursors(self) -> dict[str, int]:
        """Return the last `seq` of each group held; what the hub never heard of is not named."""
        return {
            room.conversation: room.cursor
            for room in self.rooms.values()
            if not self.device.opens or (room.group is not None and not room.is_founding)
        }

    async def _settle(self) -> None:
        """Become this person's device, as far as it goes; then take up what was left."""
        try:
            await self.identities.settle()
        except (ClientError, CryptoError) as exc:
            self._end(exc if isinstance(exc, ClientError) else HubFault(str(exc)))
            return
        if self.identities.standing is Standing.READY:
            self._resume()

    def _resume(self) -> None:
        if not self.device.opens:
            return
        self.upkeep.resume()
        self.outbox.resume()

    async def _attempt(self, frame: ClientFrame) -> Ok | None:
        """Try once on the connection that stands; None when it is to be tried again."""
        await self.until(lambda: self._connection is not None)
        connection = self._connection
        if connection is None:  # lost again before this task had its turn
            return None
        try:
            answer = await connection.request(frame)
            self.clock.learn(answer.now)
        except ConnectionLost:
            # Let `stay_connected` see the loss first: the dead connection is not tried twice.
            await self.until(lambda: self._connection is not connection)
        except Refused as refusal:
            if refusal.now is not None:
                self.clock.learn(refusal.now)
            # What a call refuses it refuses of this instant: whoever is in it decides what is next.
            if refusal.retry is not Retry.LATER or refusal.code in CALL_CODES:
                raise
            await asyncio.sleep((refusal.retry_after or 100) / 1000)
        else:
            return answer
        return None

    def _take(self, frame: AnyServerFrame) -> None:
        match frame:
            case frames.ConversationPush():
                self._arrivals.learn(frame.conversation)
            case frames.ReconnectPush():
                self._reconnect_after = frame.after / 1000
            case frames.CallPush():
                self.learn_call(frame.call)
            case frames.KeyPackagesLowPush():
                self._refill(frame.left)
            case frames.CursorPush() | frames.KeyPackagesPush():
                pass
            case Ok() | frames.RefusedFrame():
                pass  # `Connection` keeps these
            case _:
                self._take_news(frame)
        self._moved.set()

    def _take_news(self, frame: GroupPush | PersonPush) -> None:
        """Take what is about a group, or about who people are and what they may."""
        match frame:
            case frames.DelegationPush():
                self._learn_delegation(frame.delegation)
            case frames.AccessPush():
                self._observer.on_access(frame.row)
            case frames.IdentityPush() | frames.LinkAskedPush() | frames.LinkedPush():
                self.identities.take(frame)
            case _:
                self._arrivals.take(frame)

    def _heartbeat(self) -> float:
        return self.calls.heartbeat(self.device.id)

    # What this device does

    def _learn_delegation(self, view: DelegationView) -> None:
        if self.delegations.book.learn(view):
            self._observer.on_delegation(view)
            room = self.rooms.get(view.conversation)
            if room is not None:
                self.upkeep.look(room)

    async def _commit(self, conversation: str, wanted: Callable[[], Wanted] = Wanted) -> int:
        answer = await self.upkeep.commit(self.known(conversation), wanted)
        if answer is None:
            raise NoGroup("not_wanted")
        seq: int = answer.result["seq"]
        return seq

    def _refill(self, left: int) -> None:
        if self.device.opens and self.device.packages and not self._refilling and left < STOCK:
            self._refilling = True
            self.begin(self._publish_beside(STOCK - left))

    async def _publish_beside(self, count: int) -> None:
        try:
            await self.publish_key_packages(count)
        finally:
            self._refilling = False

    def _renews_after(self, before: CallView, call: CallView) -> bool:
        """At the end of a call its pharmacist renews the keys that its signals were sealed with."""
        was = any(leg.device == self.device.id for leg in before.legs) and before.pairs != []
        pharmacist = self.welcomed is not None and self.welcomed.role == Role.PHARMACIST
        room = self.rooms.get(call.conversation)
        sealed = room is not None and room.signals > 0
        return was and sealed and pharmacist and call.state == ENDED != before.state

    async def _renew_beside(self, conversation: str) -> None:
        await self.renew(conversation)

    async def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (ClientError, CryptoError) as exc:
            why = exc if isinstance(exc, ClientError) else HubFault(str(exc))
            if self._over is None:
                self.alarm(why)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._moved.set()
        why = None if task.cancelled() else task.exception()
        if why is not None:
            self._break(why)

    def _keep(self, frame: ClientFrame, answer: Ok) -> Answer:
        self._observer.on_answer(frame)
        receipt = None
        if answer.receipt is not None:
            receipt = self.logs.verify(answer.receipt)
            self.receipts.append(receipt)
        return Answer(answer.result or {}, receipt)

    def keep_soon(self, room: Room) -> None:
        """Have what only arrived kept in a moment, with whatever else has arrived by then."""
        self.device.touch(room)
        if self._keeping is None:
            loop = asyncio.get_running_loop()
            self._keeping = loop.call_later(KEEP_SECONDS, self._keep_now)

    def _keep_now(self) -> None:
        self._keeping = None
        try:
            self.device.save()
        except OSError as exc:
            self._break(exc)

    def raise_crash(self) -> None:
        """Raise what ended this client and none expects: a full disk, an observer that raised."""
        if self._crash is not None:
            raise self._crash

    def _break(self, why: BaseException) -> None:
        self._crash = self._crash or why
        self._end(ConnectionLost(None))

    def _end(self, why: ClientError) -> None:
        self._over = why
        self._connection = None
        self._moved.set()


@contextlib.asynccontextmanager
async def connected(
    session: Session,
    device: Device,
    *,
    patience: Patience | None = None,
    observer: Observer | None = None,
) -> AsyncIterator[Client]:
    """Keep `device` connected for as long as the block lasts; enter once it said hello."""
    client = Client(session, device, patience or Patience(), observer or Observer())
    staying = asyncio.create_task(client.stay_connected())
    try:
        await client.until(lambda: client.online and client.identities.decided)
        yield client
    finally:
        await client.end()
        staying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await staying
        client.raise_crash()


def _pauses(patience: Patience) -> Iterator[float]:
    """Yield the pauses before each next connection: doubling, bounded, jittered.

    Full jitter, so that a thousand clients of one hub do not come back in step.
    """
    longest = patience.first_pause
    while True:
        yield _JITTER.uniform(0, longest)
        longest = min(2 * longest, patience.longest_pause)


def _summary(told: object) -> Summary:
    try:
        return msgspec.convert(told, Summary)
    except msgspec.ValidationError as exc:
        raise HubFault("the hub described a conversation as something else") from exc


def _removal(room: Room, device: str) -> Remove:
    """Return what removes a device's leaf; raise `NoGroup` where it has none."""
    if room.group is not None:
        for member in room.group.members():
            if identity_of(member.leaf_node).device == device:
                return Remove(member.leaf_index)
    raise NoGroup("no_such_leaf")
