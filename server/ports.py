"""What the hub needs of a database, in its own words; and of the echo peer, one method.

Adapters live in `storage` and `media`; `app` names them.

A transaction (`Tx`) is a bundle of small repositories over ONE database transaction: what they
change together is durable together, with its audit entries, or not at all. All of it is
synchronous: the hub calls it from its writer thread (and readers' threads), never from the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from crypto.keys import Secret
from crypto.policy.vocabulary import Profession, Role
from server.domain.audit import Draft, LogClass
from server.domain.call import StoredCall
from server.domain.conversation import Conversation, Device, Event, KeyPackage, Member
from server.domain.delegation import StoredDelegation
from server.domain.group import KeptReceipt, PendingRemove, StoredGroup, StuckReport
from server.domain.identity import IssuedIdentity, LinkRequest, WaitingRevocation
from server.domain.people import Person, Pharmacy, Session


class Undone(Exception):
    """The database itself undid the whole transaction in the middle: nothing of it may go on."""


class Altered(Exception):
    """A stored log is not what its signed head says: whatever it signed next would be a fork."""


@dataclass(frozen=True, slots=True)
class Located:
    """An entry and where it stands."""

    log: str
    index: int
    entry: bytes


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry with its inclusion proof (c2sp.org/tlog-proof@v1, without the entry)."""

    located: Located
    proof: str


@dataclass(frozen=True, slots=True)
class LogHead:
    """The end of one log: how many entries, and the signed checkpoint that says so."""

    log: str
    log_class: LogClass
    size: int
    checkpoint: str
    verifier_key: str


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row of a log: its stored Merkle leaf, and its bytes (None where they are gone)."""

    index: int
    entry: bytes | None
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Admission:
    """A device in a group: it receives what came after `since`."""

    device: str
    person: str
    since: int


@dataclass(frozen=True, slots=True)
class Access:
    """An entry that some patient is told of."""

    located: Located
    tenant: str
    actor: str
    patient: str | None
    """None: every patient of the pharmacy."""


class People(Protocol):
    """Pseudonyms with their role, and the vault of names (one key per person)."""

    def find(self, person: str) -> Person | None:
        """Return the person, or None."""
        ...

    def with_roles(self, tenant: str, roles: Set[Role]) -> list[Person]:
        """Return the people of one pharmacy who have one of `roles`."""
        ...

    def names(self, persons: Iterable[str]) -> dict[str, str]:
        """Open the vault: names by pseudonym; an erased person is absent."""
        ...

    def pharmacy(self, finess: str) -> Pharmacy:
        """Return the tenant; raises `KeyError`."""
        ...

    def enrol(self, person: Person, name: str) -> None:
        """Store a person, the name sealed in the vault."""
        ...


class Tenants(Protocol):
    """Pharmacies: each with its own logs and keys."""

    def all(self) -> list[Pharmacy]:
        """Return them in the neutral order (name, then FINESS; red line R1)."""
        ...

    def open(self, pharmacy: Pharmacy) -> None:
        """Store a new tenant and start its logs, empty and signed."""
        ...


class Sessions(Protocol):
    """Signed-in people, by SHA-256 of their token."""

    def find(self, key: bytes) -> Session | None:
        """Return the session unless it was closed; whether it is live is the caller's to judge."""
        ...

    def open(self, session: Session) -> None:
        """Store a new session."""
        ...

    def close(self, key: bytes) -> None:
        """End it for good."""
        ...

    def use(self, key: bytes, device: str) -> None:
        """Remember that a device said hello under it."""
        ...

    def close_of(self, device: str | None = None, *, carer: str | None = None) -> list[bytes]:
        """End the sessions under which a device ever said hello; return their keys.

        Or all those of a `carer` whose last delegation is over: they are found once more, as
        `turned_out`, so that whoever still holds one is told why.
        """
        ...


class Devices(Protocol):
    """Devices, each bound to one person for good."""

    def find(self, device: str) -> Device | None:
        """Return the device, or None."""
        ...

    def register(self, device: Device) -> None:
        """Bind a new device to its person."""
        ...

    def of(self, person: str, *, retired: bool = False) -> list[str]:
        """Return the ids of a person's devices, newest first; those `retired` only if asked."""
        ...

    def certify(self, device: str, certificate: bytes, until: int) -> None:
        """Keep the certificate of a device, in place of an earlier one, and when it ends."""
        ...

    def retire(self, device: str, at: int) -> None:
        """Give a device up, for good."""
        ...


class Directory(Protocol):
    """Single-use key packages."""

    def publish(self, packages: Sequence[KeyPackage]) -> None:
        """Store unused packages; one already there stays as it is."""
        ...

    def known(self, refs: Iterable[str], init_keys: Iterable[bytes] = ()) -> list[KeyPackage]:
        """Return the packages, used or not, that have one of these references or init keys."""
        ...

    def claim(self, device: str, *, by: str, conversation: str, now: int) -> KeyPackage | None:
        """Take one unused package of `device`, once; the same claim again gives the same one.

        One that has expired is as good as used.
        """
        ...

    def use(self, ref: str) -> None:
        """Mark a claimed package as used: it was in an accepted commit."""
        ...

    def left(self, devices: Iterable[str], *, now: int) -> dict[str, int]:
        """Count the packages of each device that can be claimed at `now` (absent: none)."""
        ...


class Conversations(Protocol):
    """Conversations and their members."""

    def find(self, conversation: str) -> Conversation | None:
        """Return a conversation of any tenant: who may see it is the gate's to judge."""
        ...

    def found(self, conversation: Conversation, members: Sequence[Member]) -> None:
        """Store a new conversation with its members."""
        ...

    def advance(self, conversation: str, *, generation: int, epoch: int, last_seq: int) -> None:
        """Move a conversation on; neither `seq` nor (generation, epoch) goes back."""
        ...

    def of_person(self, person: str) -> list[Conversation]:
        """Return the conversations a person is a member of, newest first."""
        ...

    def of_tenant(self, tenant: str) -> list[Conversation]:
        """Return all conversations of a pharmacy, newest first."""
        ...


class Members(Protocol):
    """Who is in a conversation: persons, and the devices in its group."""

    def of(self, conversation: str) -> list[Member]:
        """Return the members, founder's order kept."""
        ...

    def admissions(self, conversation: str) -> list[Admission]:
        """Return every device in the group."""
        ...

    def admit(self, conversation: str, admission: Admission) -> None:
        """Let a device in, its person a member from now on; twice is a mistake."""
        ...

    def dismiss(
        self, conversation: str, devices: Iterable[str], *, person: str | None = None
    ) -> None:
        """Let devices out; `person`: with all their devices, and no member any more."""
        ...

    def advance_cursor(self, conversation: str, person: str, *, delivered: int, read: int) -> None:
        """Move a member's cursors forward; never back."""
        ...


class Groups(Protocol):
    """The MLS group of each conversation."""

    def find(self, conversation: str) -> StoredGroup | None:
        """Return the group as its last commit left it."""
        ...

    def save(self, conversation: str, group: StoredGroup) -> None:
        """Store the group of a new epoch, or the first one."""
        ...


class Delegations(Protocol):
    """Who may act for a patient in which conversation. None is ever deleted."""

    def find(self, delegation: str) -> StoredDelegation | None:
        """Return a delegation of any conversation: whose it is, is the act's to judge."""
        ...

    def of(self, conversation: str, grantee: str | None = None) -> list[StoredDelegation]:
        """Return those of a conversation (of one carer in it), ended ones too, oldest first."""
        ...

    def of_grantee(self, person: str) -> list[StoredDelegation]:
        """Return those that name a person as carer, oldest first."""
        ...

    def pending(self) -> list[StoredDelegation]:
        """Return those that the clock, or a group, has still to do with."""
        ...

    def save(self, delegation: StoredDelegation) -> None:
        """Store a delegation, or what has become of it. Two active ones are a mistake."""
        ...


class Removes(Protocol):
    """Devices that must leave a group, until a commit has done it."""

    def propose(self, remove: PendingRemove) -> None:
        """Store a removal, or the new proposal for one that an epoch passed over."""
        ...

    def of(self, conversation: str) -> list[PendingRemove]:
        """Return what is pending in a conversation, in the order it was proposed."""
        ...

    def settle(self, conversation: str, devices: Iterable[str]) -> None:
        """Forget removals that were committed."""
        ...

    def waiting(self) -> list[str]:
        """Return the conversations in which a removal is pending."""
        ...


class Receipts(Protocol):
    """What devices say of the epoch they are in, or could not follow."""

    def keep(self, receipt: KeptReceipt) -> None:
        """Store a device's receipt of an epoch; there is one at most."""
        ...

    def of(self, conversation: str, generation: int, epoch: int) -> list[KeptReceipt]:
        """Return the receipts of an epoch."""
        ...

    def report_stuck(self, report: StuckReport) -> None:
        """Store a device's report; there is one at most for each epoch."""
        ...

    def stuck(self, conversation: str, generation: int, epoch: int) -> list[StuckReport]:
        """Return the reports of an epoch."""
        ...


class Identity(Protocol):
    """Who the hub is to the members of its groups."""

    @property
    def deployment(self) -> str:
        """The name that stands in every signed statement and log."""
        ...

    @property
    def mls_public_key(self) -> bytes:
        """The Ed25519 key under which the hub proposes, as `external_senders` has it."""
        ...

    @property
    def mls_key(self) -> Secret:
        """Its seed."""
        ...

    @property
    def authority_public_key(self) -> bytes:
        """The Ed25519 key under which the deployment certifies identities; clients pin it."""
        ...

    @property
    def authority_key(self) -> Secret:
        """Its seed."""
        ...


class Certificates(Protocol):
    """The account keys that the deployment's authority certified: one of a person stands."""

    def find(self, person: str) -> IssuedIdentity | None:
        """Return the identity of a person that stands."""
        ...

    def holder(self, aik: bytes) -> str | None:
        """Return whose account key this is, or was."""
        ...

    def revoked(self, person: str) -> list[IssuedIdentity]:
        """Return those that were revoked, the last one first."""
        ...

    def issue(self, new: IssuedIdentity) -> None:
        """Store a certificate, or one of the same key for a new period."""
        ...

    def revoke(self, person: str, revocation: bytes) -> None:
        """End the identity that stands, for good."""
        ...


class StaffCertificates(Protocol):
    """What a pharmacist is in a pharmacy, and the owner's word on the staff's account keys."""

    def appoint(self, person: str, profession: Profession) -> None:
        """Have a pharmacist be the owner, a deputy or a locum."""
        ...

    def find(self, person: str, aik: bytes) -> bytes:
        """Return the certificate of an account key, or nothing."""
        ...

    def keep(self, person: str, aik: bytes, certificate: bytes, at: int) -> None:
        """Store the owner's word on an account key, or a later one on the same."""
        ...


class Links(Protocol):
    """Devices that wait to be let in by another one of the same person: one request each."""

    def ask(self, request: LinkRequest) -> None:
        """Store a device's request, in place of an earlier one."""
        ...

    def of(self, person: str) -> list[LinkRequest]:
        """Return the requests of a person's devices, the first one first."""
        ...

    def answer(self, device: str, sealed: bytes) -> None:
        """Keep what another device sealed to this one, until its request is over."""
        ...

    def forget(self, person: str, asked_before: int) -> None:
        """Drop the requests of a person from before an instant."""
        ...


class Recovery(Protocol):
    """Account keys wrapped under codes that the hub never sees: one of a person."""

    def keep(self, person: str, blob: bytes, at: int) -> None:
        """Store a wrapped key, in place of the one before."""
        ...

    def find(self, person: str) -> bytes | None:
        """Return what a person stored, or None."""
        ...

    def forget(self, person: str) -> None:
        """Drop it: the key it wraps is nobody's any more."""
        ...


class Revocations(Protocol):
    """A pharmacist's word that an account key is lost, until another one says so too."""

    def propose(self, waiting: WaitingRevocation) -> None:
        """Store a first pharmacist's word, in place of their own earlier one on this person."""
        ...

    def of(self, person: str) -> list[WaitingRevocation]:
        """Return what waits about a person."""
        ...

    def of_tenant(self, tenant: str) -> list[WaitingRevocation]:
        """Return what waits in a pharmacy, the first one first."""
        ...

    def settle(self, person: str) -> None:
        """Drop what waits about a person: it was carried out."""
        ...


class Carers(Protocol):
    """Which carers a patient may name, and the code by which a carer becomes one."""

    def relate(self, patient: str, carer: str, at: int) -> bool:
        """Have a carer be one that a patient may name; tell whether that is new."""
        ...

    def of_patient(self, patient: str) -> list[str]:
        """Return the carers that a patient may name."""
        ...

    def of_carer(self, carer: str) -> list[str]:
        """Return the patients who may name a carer."""
        ...

    def code(self, carer: str, fresh: str) -> str:
        """Return a carer's code: `fresh` becomes it where there is none."""
        ...

    def redeem(self, code: str, tenant: str) -> str | None:
        """Return whose code it is, of the carers of a pharmacy; it is used up."""
        ...


class Stream(Protocol):
    """The ordered events of conversations."""

    def append(self, event: Event) -> None:
        """Store the next event; its `seq` is unique in the conversation."""
        ...

    def message(self, device: str, message: str) -> Event | None:
        """Return the event of a device's message id, if it was accepted."""
        ...

    def commit(self, conversation: str, device: str, body: bytes) -> Event | None:
        """Return the event of this very commit by this device, if it was accepted."""
        ...

    def at(self, conversation: str, seq: int) -> Event | None:
        """Return one event."""
        ...

    def after(self, conversation: str, seq: int, limit: int) -> list[Event]:
        """Return the next events in order, at most `limit`."""
        ...


class Calls(Protocol):
    """Calls: one row each, at most one of a conversation live."""

    def find(self, call: str) -> StoredCall | None:
        """Return a call of any conversation, live or ended: whose it is, is the act's to judge."""
        ...

    def live_in(self, conversation: str) -> StoredCall | None:
        """Return the one live call of a conversation."""
        ...

    def live_of(self, person: str) -> list[StoredCall]:
        """Return the live calls of the conversations a person is a member of."""
        ...

    def live(self) -> list[StoredCall]:
        """Return every live call."""
        ...

    def save(self, call: StoredCall, *, was: int) -> None:
        """Store the next version of a call; `was` is the one it was made from, 0 for none.

        Compare-and-swap: raises `RuntimeError` if the stored version is another.
        """
        ...


class AuditLog(Protocol):
    """Append-only. An index, once given, never changes meaning."""

    def append(self, draft: Draft, now: int) -> Located:
        """Give the entry its place; durable with the transaction. Raises `Altered`."""
        ...

    def prove(self, located: Located) -> Proven:
        """Return the inclusion proof under this transaction's signed head (after `Tx.seal`)."""
        ...

    def head(self, tenant: str, log_class: LogClass) -> LogHead:
        """Return the end of a log as it was last sealed."""
        ...

    def located(self, tenant: str, log_class: LogClass, index: int) -> Located:
        """Return a stored entry; raises `KeyError`."""
        ...

    def numbered(self, tenant: str, conversation: str, number: int) -> Located:
        """Return a conversation's entry by its number (1 founds it); raises `KeyError`."""
        ...


class AuditReader(Protocol):
    """What an officer's client needs to check a log by itself."""

    def entries(self, log: str, *, after: int, size: int, limit: int) -> list[StoredEntry]:
        """Return the rows with index in (after, size), in order, at most `limit`."""
        ...

    def of_conversation(
        self, log: str, conversation: str, *, after: int, size: int, limit: int
    ) -> list[StoredEntry]:
        """Return the rows that name a conversation."""
        ...

    def count(self, conversation: str) -> int:
        """Count the entries that named a conversation when its log was last sealed.

        By the conversation's own counter: a row that no longer names it is missing, not uncounted.
        """
        ...

    def inclusion(self, log: str, index: int, size: int) -> tuple[bytes, ...]:
        """Return the inclusion proof of `index` in the tree of the first `size` entries."""
        ...

    def consistency(self, log: str, first: int, second: int) -> tuple[bytes, ...]:
        """Return the proof that the tree of `second` entries begins with that of `first`."""
        ...


class Accesses(Protocol):
    """« Qui a vu quoi »: the entries about one patient, and about all of a pharmacy."""

    def about(self, patient: Person, *, before: int | None, limit: int) -> list[Access]:
        """Return the newest entries about a patient with an index below `before`."""
        ...

    def sealed(self) -> list[Access]:
        """Return the entries about patients that this transaction brought (after `Tx.seal`)."""
        ...


class Tx(Protocol):
    """One database transaction. `savepoint` undoes one act of many; `seal` closes the logs."""

    @property
    def people(self) -> People:
        """People and the vault of their names."""
        ...

    @property
    def tenants(self) -> Tenants:
        """Pharmacies."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Signed-in people."""
        ...

    @property
    def devices(self) -> Devices:
        """Devices."""
        ...

    @property
    def directory(self) -> Directory:
        """Key packages."""
        ...

    @property
    def conversations(self) -> Conversations:
        """Conversations."""
        ...

    @property
    def members(self) -> Members:
        """Who is in them."""
        ...

    @property
    def stream(self) -> Stream:
        """Their ordered events."""
        ...

    @property
    def groups(self) -> Groups:
        """Their MLS groups."""
        ...

    @property
    def delegations(self) -> Delegations:
        """Who acts for the patient in them."""
        ...

    @property
    def removes(self) -> Removes:
        """Devices that must leave them."""
        ...

    @property
    def receipts(self) -> Receipts:
        """What devices say of their epochs."""
        ...

    @property
    def identity(self) -> Identity:
        """Who the hub is to the members."""
        ...

    @property
    def calls(self) -> Calls:
        """Calls."""
        ...

    @property
    def certificates(self) -> Certificates:
        """Account keys."""
        ...

    @property
    def staff(self) -> StaffCertificates:
        """The owner's word on those of the staff."""
        ...

    @property
    def links(self) -> Links:
        """Devices that wait to be let in."""
        ...

    @property
    def recovery(self) -> Recovery:
        """Wrapped account keys."""
        ...

    @property
    def revocations(self) -> Revocations:
        """Lost accounts that wait for a second word."""
        ...

    @property
    def carers(self) -> Carers:
        """Who may be named as a carer."""
        ...

    @property
    def log(self) -> AuditLog:
        """The audit trail, appended to."""
        ...

    @property
    def audit(self) -> AuditReader:
        """The audit trail, read."""
        ...

    @property
    def accesses(self) -> Accesses:
        """What a patient is told of it."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what happens inside if it raises; the rest of the transaction goes on.

        Raises `Undone` where there is no rest: the database gave the transaction up.
        """
        ...

    def seal(self) -> None:
        """Write entries, tiles and signed heads of every log touched. Nothing may follow."""
        ...


class Database(Protocol):
    """Where everything durable is."""

    def write(self) -> AbstractContextManager[Tx]:
        """One exclusive transaction: durable when the block ends, undone if it raises."""
        ...

    def read(self) -> AbstractContextManager[Tx]:
        """One consistent snapshot."""
        ...

    def close(self) -> None:
        """Release every connection."""
        ...


class Clock(Protocol):
    """The hub's one clock."""

    def now(self) -> int:
        """Return microseconds since 1970 UTC."""
        ...


class EchoMalformed(Exception):
    """Not an offer that the echo peer can answer."""


class EchoBusy(Exception):
    """The echo peer cannot take a test just now."""


class Echo(Protocol):
    """The peer of the pre-call test: for a few seconds it sends back what it hears and sees."""

    async def answer(self, offer: str) -> str:
        """Return the answer (SDP) to an offer. Raises `EchoMalformed` and `EchoBusy`."""
        ...
