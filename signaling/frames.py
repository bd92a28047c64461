"""Every frame of `colloque.v1`, client to hub and hub to client.

A frame is a frozen Struct; its `kind` is its tag on the wire. Fields are bounded here, once, and
`msgspec` checks them at the edge: an unknown kind or field, a missing or wrong-typed one, is
refused.
Identifiers are lower-case UUID text; a conversation's MLS group id is the 16 bytes of its UUID, and
one byte more for each group that succeeded the first (see `Summary.generation`).
Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from crypto.policy.vocabulary import ConversationKind, Motive

# Patterns end with \Z: `$` would also match before a final line feed, and two spellings of one
# identifier would be two identifiers.
Uuid = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
]
RequestId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+\Z")]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Sha256Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]

# RFC 9420 leaves and packages of suite 1 are under 500 bytes; certificates (later) fit in 4 KiB.
KeyPackageBytes = Annotated[bytes, Meta(min_length=1, max_length=4096)]
# A commit or Welcome for a group of 100 is under 40 KiB; a frame ends at 256 KiB.
HandshakeBytes = Annotated[bytes, Meta(min_length=1, max_length=96 * 1024)]
MessageBytes = Annotated[bytes, Meta(min_length=1, max_length=64 * 1024)]
# A delegation, the longest of the signed statements, is under 900 bytes with its signature.
StatementBytes = Annotated[bytes, Meta(min_length=1, max_length=2048)]
# What the MLS core of a client calls its refusal: its own words never travel.
ReasonCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+\Z")]

Generation = Annotated[int, Meta(ge=0, le=2**31 - 1)]
IncidentCode = Literal[
    "call.fingerprint_mismatch",
    "call.identity_changed",
    "call.stale_generation",
    "call.wrong_role",
    "call.too_large",
    "call.wrong_state",
    "call.device_denied",
    "call.no_device",
    "call.network_blocked",
    "call.turn_unavailable",
    "call.media_lost",
]
"""What a client may report of itself; each is a row of `codes`."""

MAX_FRAME_BYTES = 256 * 1024
SUBPROTOCOL = "colloque.v1"


class ClientFrame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What a device sends. `id` is the client's own; the answer repeats it."""

    id: RequestId


class Hello(ClientFrame, frozen=True, tag="hello"):
    """First frame of a connection: which device this is and what it already has.

    `cursors` maps each conversation whose group this device holds to the last `seq` it applied.
    """

    device: Uuid
    signature_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    cursors: Annotated[dict[Uuid, Seq], Meta(max_length=2000)] = {}


class Ping(ClientFrame, frozen=True, tag="ping"):
    """Heartbeat, every 25 s; a connection silent for 60 s is closed."""


class PublishKeyPackages(ClientFrame, frozen=True, tag="key_packages.publish"):
    """Give the directory single-use key packages (MLSMessage, wire format 5) of this device."""

    packages: Annotated[list[KeyPackageBytes], Meta(min_length=1, max_length=60)]


class ClaimKeyPackages(ClientFrame, frozen=True, tag="key_packages.claim"):
    """Take one unused key package of each device of `person`, to add them to `conversation`."""

    conversation: Uuid
    person: Uuid


class ListPatients(ClientFrame, frozen=True, tag="patients.list"):
    """Ask for the patients of this pharmacy, in the neutral order (name)."""


class CreateConversation(ClientFrame, frozen=True, tag="conversation.create"):
    """Found a conversation and its MLS group (epoch 0, the founder's device alone)."""

    conversation: Uuid
    conversation_kind: ConversationKind
    patient: Uuid
    motive: Motive
    group_info: HandshakeBytes


class Added(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device that a commit adds, by the package claimed for it."""

    person: Uuid
    device: Uuid
    key_package: Sha256Hex


class Commit(ClientFrame, frozen=True, tag="group.commit"):
    """Move the group to its next epoch. The first that names the current epoch wins.

    The Welcome rides along and is released to the added devices only after acceptance. An external
    commit (a device that rejoins, or a new one of a member) has neither Welcome nor `adds`.
    """

    conversation: Uuid
    commit: HandshakeBytes
    group_info: HandshakeBytes
    welcome: HandshakeBytes | None = None
    adds: Annotated[list[Added], Meta(max_length=50)] = []


class AskGroupInfo(ClientFrame, frozen=True, tag="group.info"):
    """Ask for the GroupInfo of the current epoch, to enter the group by an external commit."""

    conversation: Uuid


class ConfirmEpoch(ClientFrame, frozen=True, tag="group.receipt"):
    """Say, signed by this device, which epoch it is in (`EpochReceipt`)."""

    conversation: Uuid
    receipt: StatementBytes


class ReportStuck(ClientFrame, frozen=True, tag="group.stuck"):
    """This device cannot follow the group past `epoch`.

    Answer: `{resync}`. True: an external commit leads into a group that somebody follows.
    """

    conversation: Uuid
    epoch: Seq
    reason: ReasonCode


class SucceedGroup(ClientFrame, frozen=True, tag="group.succeed"):
    """Pharmacist: begin a successor group (epoch 0), where nobody can follow the one there is."""

    conversation: Uuid
    group_info: HandshakeBytes


class RetireDevice(ClientFrame, frozen=True, tag="device.retire"):
    """Give up a device of one's own, for good (`DeviceRevocation`)."""

    statement: StatementBytes


class EnrolIdentity(ClientFrame, frozen=True, tag="identity.enrol"):
    """This person's account key (`Enrolment`): once. Answer: `{certificate}`, with its receipt.

    The same key again gives the same certificate; another one is refused (E_IDENTITY_TAKEN).
    """

    statement: StatementBytes


class ListIdentities(ClientFrame, frozen=True, tag="identity.list"):
    """Ask for certificates and their proofs. Answer: `{identities: [IdentityView]}`.

    Of oneself, of those in conversations of one's own, of the pharmacy's staff, of carers one may
    choose; staff: also of the pharmacy's patients. Who is none of these is not in the answer.
    """

    persons: Annotated[list[Uuid], Meta(min_length=1, max_length=50)]


class CertifyDevice(ClientFrame, frozen=True, tag="device.certify"):
    """A `DeviceCertificate` of this device, or of one of the same person that asked to be linked.

    `sealed`: for that other device alone, the account key (HPKE to the key it asked with).
    """

    certificate: StatementBytes
    sealed: Annotated[bytes, Meta(max_length=256)] = b""


class ListDevices(ClientFrame, frozen=True, tag="device.list"):
    """Ask for this person's own devices. Answer: `{devices: [DeviceView]}`."""


class AskLink(ClientFrame, frozen=True, tag="device.link"):
    """A new device asks the person's other devices to let it in (« Relier cet appareil »).

    `init_key`: X25519, of this request alone. Both devices show the same sixteen digits.
    """

    init_key: Annotated[bytes, Meta(min_length=32, max_length=32)]


class KeepRecovery(ClientFrame, frozen=True, tag="recovery.keep"):
    """Store the account key, wrapped under the recovery code, which the hub never sees."""

    blob: Annotated[bytes, Meta(min_length=1, max_length=256)]


class AskRecovery(ClientFrame, frozen=True, tag="recovery.ask"):
    """Ask for what `recovery.keep` stored. Answer: `{blob}`; E_NOT_FOUND where there is none."""


class ListStaff(ClientFrame, frozen=True, tag="staff.list"):
    """Pharmacist: the staff, and who waits for the owner's word. Answer: `{staff: [StaffView]}`."""


class CertifyStaff(ClientFrame, frozen=True, tag="staff.certify"):
    """Owner pharmacist: a `StaffCertificate` for one of the staff."""

    certificate: StatementBytes


class RevokeAccount(ClientFrame, frozen=True, tag="account.revoke"):
    """Pharmacist: a person's account key is lost or stolen (`AccountRevocation`).

    The first pharmacist's word waits (`{state: "proposed"}`), another one's carries it out: the
    same statement, signed by the other. The authority signs last.
    """

    statement: StatementBytes


class ListRevocations(ClientFrame, frozen=True, tag="account.revocations"):
    """Pharmacist: account revocations that wait for a second pharmacist. `{waiting: [bytes]}`."""


class ListCarers(ClientFrame, frozen=True, tag="carers.list"):
    """Patient (or staff, for `patient`): the carers that can be named. `{carers: [CarerView]}`."""

    patient: Uuid | None = None


class LinkCarer(ClientFrame, frozen=True, tag="carers.link"):
    """Patient: « J'ai le code de mon aidant »: that carer can be named from now on."""

    code: Annotated[str, Meta(min_length=8, max_length=16, pattern=r"^[A-Z0-9-]+\Z")]


class AskCarerCode(ClientFrame, frozen=True, tag="carers.code"):
    """Carer: the code to tell the patient. Answer: `{code}`; it changes once used."""


class ProposeDelegation(ClientFrame, frozen=True, tag="delegation.propose"):
    """The patient names a carer (`Delegation`, signed by the patient's account key).

    Mandate `paper` or `evidence`: a pharmacist sends it, signed by nobody, and confirms it next.
    """

    conversation: Uuid
    delegation: StatementBytes


class ConfirmDelegation(ClientFrame, frozen=True, tag="delegation.confirm"):
    """A pharmacist has checked who the carer is (`Confirmation`)."""

    conversation: Uuid
    delegation: Uuid
    confirmation: StatementBytes


class AcceptDelegation(ClientFrame, frozen=True, tag="delegation.accept"):
    """The carer accepts the duties (`Acceptance`)."""

    conversation: Uuid
    delegation: Uuid
    acceptance: StatementBytes


class EndDelegation(ClientFrame, frozen=True, tag="delegation.end"):
    """End a delegation, or withdraw scopes of it: from this instant.

    `Revocation` by the patient, `Resignation` by the carer, `Suspension` by a pharmacist.
    """

    conversation: Uuid
    what: Literal["revocation", "resignation", "suspension"]
    statement: StatementBytes


class ListAccesses(ClientFrame, frozen=True, tag="access.list"):
    """Patient: « Qui a vu quoi ». Newest first; answer: `{rows: [AccessRow], more: bool}`."""

    before: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class ProveConsistency(ClientFrame, frozen=True, tag="log.consistency"):
    """Ask for the proof that the `care` log of size `first` is the beginning of that of `second`.

    Answer: `{proof: [bytes], checkpoint}`: RFC 9162, 2.1.4; `checkpoint` of a size ≥ `second`.
    """

    first: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    second: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class SendMessage(ClientFrame, frozen=True, tag="message.send"):
    """An encrypted application message (MLSMessage, PrivateMessage).

    Its id, kind, counter and franking tag stand in its MLS `authenticated_data`.
    """

    conversation: Uuid
    body: MessageBytes


class AdvanceCursor(ClientFrame, frozen=True, tag="cursor.advance"):
    """Say how far this person's device has received and displayed. Never goes back."""

    conversation: Uuid
    delivered: Seq
    read: Seq


class OpenCall(ClientFrame, frozen=True, tag="call.open"):
    """Enter the lobby of the conversation's call: a pharmacist prepares, anyone else waits.

    The first opens it under the id `call`; where one is live already, the answer tells that one.
    """

    conversation: Uuid
    call: Uuid


class RingCall(ClientFrame, frozen=True, tag="call.ring"):
    """Pharmacist: ring these members; whoever waits in the lobby is let in at once."""

    conversation: Uuid
    call: Uuid
    persons: Annotated[list[Uuid], Meta(min_length=1, max_length=8)]


class AcceptCall(ClientFrame, frozen=True, tag="call.accept"):
    """Take the call on this device. The first device of a person wins; also how one comes back."""

    conversation: Uuid
    call: Uuid


class DeclineCall(ClientFrame, frozen=True, tag="call.decline"):
    """Refuse the call, on all of this person's devices. `call_me`: « Appelez-moi »."""

    conversation: Uuid
    call: Uuid
    call_me: bool = False


class HangUp(ClientFrame, frozen=True, tag="call.hang_up"):
    """Leave the call or its lobby; a caller who still rings cancels."""

    conversation: Uuid
    call: Uuid


class DelayCall(ClientFrame, frozen=True, tag="call.delay"):
    """Pharmacist: tell those who wait that it takes some minutes more (« Retard 5 min »)."""

    conversation: Uuid
    call: Uuid
    minutes: Annotated[int, Meta(ge=1, le=60)]


class ReportConnected(ClientFrame, frozen=True, tag="call.connected"):
    """Media of `peer` (a device) arrives in this generation; `relay`: by TURN."""

    conversation: Uuid
    call: Uuid
    peer: Uuid
    generation: Generation
    relay: bool = False


class ReportPairLost(ClientFrame, frozen=True, tag="call.pair_lost"):
    """The connection to `peer` must be made anew: the hub answers with the next generation."""

    conversation: Uuid
    call: Uuid
    peer: Uuid
    generation: Generation
    why: Literal["stalled", "failed", "network", "slow", "reload", "refused"]


class ReportIncident(ClientFrame, frozen=True, tag="call.incident"):
    """What this device refused or met by itself, for the trail: it changes nothing."""

    conversation: Uuid
    call: Uuid
    code: IncidentCode
    peer: Uuid | None = None
    generation: Generation = 0


class IssueTurn(ClientFrame, frozen=True, tag="call.turn"):
    """Ask for TURN credentials; only inside a live call, for ten minutes, renewed at half time."""

    conversation: Uuid
    call: Uuid


class Signal(ClientFrame, frozen=True, tag="call.signal"):
    """An offer, an answer or candidates, as an MLS PrivateMessage for one device; never stored.

    Call, receiver, generation and type stand in its MLS `authenticated_data` (kind `signal`).
    """

    conversation: Uuid
    body: MessageBytes


class ListAuditedConversations(ClientFrame, frozen=True, tag="audit.conversations"):
    """Officer: the conversations of this pharmacy. The look is an entry before it is answered."""


class ReadTimeline(ClientFrame, frozen=True, tag="audit.timeline"):
    """Officer: open the entries of one conversation. Pages follow by `audit.page`."""

    conversation: Uuid


class VerifyLogs(ClientFrame, frozen=True, tag="audit.verify"):
    """Officer: open this pharmacy's logs for verification. Pages follow by `audit.page`."""


class ReadPage(ClientFrame, frozen=True, tag="audit.page"):
    """Officer: the next rows of a look opened on this connection."""

    look: Uuid
    log: Annotated[str, Meta(max_length=16)] = "care"
    after: Annotated[int, Meta(ge=-1, le=2**53 - 1)] = -1


AnyClientFrame = (
    Hello
    | Ping
    | PublishKeyPackages
    | ClaimKeyPackages
    | ListPatients
    | CreateConversation
    | Commit
    | AskGroupInfo
    | ConfirmEpoch
    | ReportStuck
    | SucceedGroup
    | RetireDevice
    | EnrolIdentity
    | ListIdentities
    | CertifyDevice
    | ListDevices
    | AskLink
    | KeepRecovery
    | AskRecovery
    | ListStaff
    | CertifyStaff
    | RevokeAccount
    | ListRevocations
    | ListCarers
    | LinkCarer
    | AskCarerCode
    | ProposeDelegation
    | ConfirmDelegation
    | AcceptDelegation
    | EndDelegation
    | ListAccesses
    | ProveConsistency
    | SendMessage
    | AdvanceCursor
    | OpenCall
    | RingCall
    | AcceptCall
    | DeclineCall
    | HangUp
    | DelayCall
    | ReportConnected
    | ReportPairLost
    | ReportIncident
    | IssueTurn
    | Signal
    | ListAuditedConversations
    | ReadTimeline
    | VerifyLogs
    | ReadPage
)


class MemberState(Struct, frozen=True, kw_only=True):
    """One person of a conversation. `state`: `invited` (no device yet) or `joined`."""

    person: str
    name: str
    role: str
    state: str
    delivered: int
    read: int
    key_packages: bool
    """The directory holds unused key packages of this person."""


class Summary(Struct, frozen=True, kw_only=True):
    """The plain state of a conversation for one device: no content, which the hub cannot read.

    `joined`: this very device is in the group. `since`: events up to here came before it.
    `generation`: how many groups came before this one; the MLS group id of generation n ≥ 1 is the
    conversation's 16 bytes and the byte n. `removing`: a device is about to be removed, and nothing
    is accepted but the commit that does it.
    """

    id: str
    conversation_kind: str
    motive: str
    created_at: int
    founder: str
    patient: str
    generation: int
    epoch: int
    last_seq: int
    removing: bool
    joined: bool
    since: int
    members: list[MemberState]


class Receipt(Struct, frozen=True, kw_only=True):
    """Proof that an act is in the log: the entry and its inclusion (c2sp.org/tlog-proof@v1)."""

    log: str
    index: int
    entry: bytes
    proof: str


class LegView(Struct, frozen=True, kw_only=True):
    """One person of a call.

    `state`: waiting, ringing, joined, left, declined, call_me, missed. `device`: where they wait or
    joined. `away`: that device is out of reach just now. `until`: when ringing or place ends.
    """

    person: str
    device: str | None
    state: str
    since: int
    away: bool
    until: int | None


class PairView(Struct, frozen=True, kw_only=True):
    """The connection of two joined devices.

    `offerer` alone sends the offer of this generation. `stage`: `all` candidates, `relay` only, or
    `audio` only (by relay). `state`: connecting, connected.
    """

    devices: list[str]
    generation: int
    offerer: str
    stage: str
    state: str


class CallView(Struct, frozen=True, kw_only=True):
    """The whole state of one call, told at each change; a lower `version` is older.

    `state`: lobby, ringing, accepted, active, degraded, ended. `reason`: why it ended (a `call.*`
    code). `caller`: the pharmacist who rang. `turn`: the hub can give TURN credentials.
    """

    id: str
    conversation: str
    version: int
    state: str
    reason: str | None
    caller: str | None
    opened_at: int
    since: int
    delayed_until: int | None
    turn: bool
    legs: list[LegView]
    pairs: list[PairView]


class IdentityView(Struct, frozen=True, kw_only=True):
    """A person's certificates. `receipt`: that the certificate is in the `care` log of its tenant.

    `staff`: the owner's `StaffCertificate`; empty for the owner, patients, carers, and staff who
    wait for it. `revoked`: the co-signed `AccountRevocation` of the key before this one, or empty.
    """

    person: str
    name: str
    role: str
    certificate: bytes
    receipt: Receipt
    staff: bytes
    revoked: bytes


class StaffView(Struct, frozen=True, kw_only=True):
    """One of the staff. `certificate`: their identity; empty until they first signed in."""

    person: str
    name: str
    role: str
    profession: str
    certificate: bytes
    staff: bytes


class DeviceView(Struct, frozen=True, kw_only=True):
    """A device of one's own. Instants in microseconds; `asks`: it waits to be linked."""

    device: str
    number: int
    registered_at: int
    certified: bool
    asks: bool
    retired_at: int | None


class CarerView(Struct, frozen=True, kw_only=True):
    """A carer that a patient may name. `certificate`: empty until the carer first signed in."""

    person: str
    name: str
    certificate: bytes


class DelegationView(Struct, frozen=True, kw_only=True):
    """One delegation, whole, told at each change to patient, staff of the conversation and carer.

    `delegation` is the signed document, `confirmations` and `acceptance` the signed statements on
    it, `staff` the StaffCertificate of each confirming pharmacist (empty: the owner), `revocations`
    the scopes withdrawn so far (signed). `state`: see `DelegationState`. `ending`: it is over, and
    the group's next epoch, without the carer, is still to come. `ended`: the statement that ended
    it; empty where its period did. To the carer, once over, only `id`, `state`, `conversation`,
    and the instants are told.
    """

    id: str
    conversation: str
    grantor: str
    grantor_name: str
    grantee: str
    grantee_name: str
    state: str
    delegation: bytes
    confirmations: list[bytes]
    staff: list[bytes]
    acceptance: bytes
    revocations: list[bytes]
    proposed_at: int
    not_before: int
    not_after: int
    ended_at: int | None
    ended: bytes
    ending: bool


class AccessRow(Struct, frozen=True, kw_only=True):
    """One line of « Qui a vu quoi ». `entry`: its canonical bytes, as they stand in the log."""

    log: str
    index: int
    name: str
    entry: bytes


class ServerFrame(Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """What the hub sends."""


class Ok(ServerFrame, frozen=True, tag="ok"):
    """The frame `id` took effect and is durable; `receipt` proves it where the act is audited."""

    id: str
    now: int
    receipt: Receipt | None = None
    result: dict[str, Any] | None = None


class RefusedFrame(ServerFrame, frozen=True, tag="refused"):
    """The frame `id` had no effect. `text` is for the person, `retry` for the machine.

    `epoch`: the group's current one (E_EPOCH). `retry_after`: milliseconds (E_RATE, E_BUSY).
    `reason`: which rule of MLS or of the hub was broken, for machines (E_COMMIT, E_GROUP_INFO,
    E_KEY_PACKAGE, E_POLICY, E_RECEIPT). `now`: the hub's clock (E_CLOCK). An empty `id`: about this
    device, not about a frame.
    """

    id: str
    code: str
    text: str
    retry: str
    epoch: int | None = None
    retry_after: int | None = None
    reason: str | None = None
    now: int | None = None


class Event(ServerFrame, frozen=True, tag="event"):
    """One step of a conversation, in the order all members see.

    `what`: `message`, `commit`, `proposal` (the hub's, to remove a device: person `hub`, no device)
    or `succession` (a new group takes the place of the old one; `body` is its GroupInfo).
    """

    conversation: str
    seq: int
    ts: int
    what: str
    person: str
    device: str
    body: bytes
    message: str | None = None


class WelcomePush(ServerFrame, frozen=True, tag="welcome"):
    """The device was added: the Welcome of the commit `seq`. Events after `seq` follow."""

    conversation: str
    seq: int
    welcome: bytes


class CommitDuePush(ServerFrame, frozen=True, tag="group.commit_due"):
    """This device is the one asked to commit what waits in `epoch`: the removal of a device."""

    conversation: str
    epoch: int


class GroupForkedPush(ServerFrame, frozen=True, tag="group.forked"):
    """Two devices hold different secrets for one epoch: told to the staff, who must look."""

    conversation: str
    epoch: int


class ConversationPush(ServerFrame, frozen=True, tag="conversation"):
    """The plain state of one conversation, whole, whenever it changes (see `Summary`)."""

    conversation: Summary


class CursorPush(ServerFrame, frozen=True, tag="cursor"):
    """How far a member has received and read."""

    conversation: str
    person: str
    delivered: int
    read: int


class KeyPackagesPush(ServerFrame, frozen=True, tag="key_packages"):
    """A person's device has key packages: whoever waits to add that person can now."""

    person: str


class KeyPackagesLowPush(ServerFrame, frozen=True, tag="key_packages.low"):
    """The device's directory stock runs low: publish more."""

    left: int


class CallPush(ServerFrame, frozen=True, tag="call"):
    """The whole state of a call, to every device of the conversation's members."""

    call: CallView


class SignalPush(ServerFrame, frozen=True, tag="signal"):
    """A signal for this device alone; it waits at most 10 s for a device that is away."""

    conversation: str
    person: str
    device: str
    body: bytes


class DelegationPush(ServerFrame, frozen=True, tag="delegation"):
    """A delegation changed: all of it."""

    delegation: DelegationView


class IdentityPush(ServerFrame, frozen=True, tag="identity"):
    """A person's certificates changed: ask for them anew (`identity.list`)."""

    person: str


class LinkAskedPush(ServerFrame, frozen=True, tag="device.asks"):
    """Another device of this person asks to be let in."""

    device: str
    signature_key: bytes
    init_key: bytes


class LinkedPush(ServerFrame, frozen=True, tag="device.linked"):
    """This device was let in: its certificate, and the account key sealed to its `init_key`."""

    certificate: bytes
    sealed: bytes


class ReceiptPush(ServerFrame, frozen=True, tag="group.confirmed"):
    """A device's `EpochReceipt`, to the other devices of the group."""

    conversation: str
    receipt: bytes


class AccessPush(ServerFrame, frozen=True, tag="access"):
    """A new line of « Qui a vu quoi », to the patient's devices."""

    row: AccessRow


class ReconnectPush(ServerFrame, frozen=True, tag="reconnect"):
    """The hub is about to restart: come back after so many milliseconds."""

    after: int


AnyServerFrame = (
    Ok
    | RefusedFrame
    | Event
    | WelcomePush
    | CommitDuePush
    | GroupForkedPush
    | ConversationPush
    | CursorPush
    | KeyPackagesPush
    | KeyPackagesLowPush
    | CallPush
    | SignalPush
    | DelegationPush
    | IdentityPush
    | LinkAskedPush
    | LinkedPush
    | ReceiptPush
    | AccessPush
    | ReconnectPush
)


class Pharmacy(Struct, frozen=True, kw_only=True):
    """The tenant, as people see it."""

    finess: str
    name: str
    phone: str


class Welcomed(Struct, frozen=True, kw_only=True):
    """`result` of `hello`.

    `logs` maps log class to the log's verifier key (C2SP vkey); clients pin it. `hub_key`: the
    Ed25519 key under which the hub proposes removals in every group; clients pin it too.
    `deployment` stands in every signed statement. `authority`: the key under which the deployment
    certifies identities; clients pin it. `identity`: this person's IdentityCertificate, empty until
    enrolled; `device_certificate`: this device's, empty until certified; `staff`: this person's
    StaffCertificate; `owner`: the IdentityCertificate of the pharmacy's owner, whose account key
    clients pin; empty until the owner first signed in.
    `checkpoint`: the last signed checkpoint of the `care` log.
    """

    person: str
    name: str
    role: str
    device: str
    new_device: bool
    other_devices: int
    pharmacy: Pharmacy
    key_packages_left: int
    deployment: str
    hub_key: bytes
    authority: bytes
    identity: bytes
    device_certificate: bytes
    staff: bytes
    owner: bytes
    logs: dict[str, str]
    checkpoint: str
    conversations: list[Summary]
    calls: list[CallView]
    """The live calls of these conversations."""
    delegations: list[DelegationView]
    """Of these conversations; for a carer: their own."""


class TurnCredentials(Struct, frozen=True, kw_only=True):
    """`result` of `call.turn` (draft-uberti-behave-turn-rest). Instants in microseconds."""

    urls: list[str]
    username: str
    credential: str
    expires_at: int
    renew_at: int

    def __repr__(self) -> str:
        """Print neither name nor credential: whoever holds them may use the relay."""
        return f"TurnCredentials(until {self.expires_at})"


def client_kinds() -> dict[str, type[ClientFrame]]:
    """Return every client frame by its wire kind."""
    frames: tuple[type[ClientFrame], ...] = get_args(AnyClientFrame)
    return {str(frame.__struct_config__.tag): frame for frame in frames}
