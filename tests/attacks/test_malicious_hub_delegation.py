"""A hub that lies about who acts for whom, against the headless client.

Each attack is run twice: as it is, and as its honest twin, which differs in the one thing that the
attack is about. The twin is taken; the attack is refused, in the code of the check that it meets.
The browser's device meets the same attacks under the same names
(`clients/web/tests/worker/delegationAttacks.test.ts`); what they are stands in
`malicious_hub_delegation.json`.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from clients.python import watch
from clients.python.account import Account
from clients.python.acts import Answer, ClaimedPackage
from clients.python.content import Acting, frank
from clients.python.device import Device
from clients.python.groups import group_id
from clients.python.watch import LogWatch
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.franking import encode_payload, franking_tag
from crypto.mls.group import Group
from crypto.policy.conversation import (
    CommitData,
    Delegations,
    EndingStatement,
    SignedConfirmation,
    extensions_of,
)
from crypto.policy.cosigned import CoSigned, cosign
from crypto.policy.statements import AccountRevocation, StaffCertificate, Unverified
from crypto.policy.vocabulary import Role, Scope
from signaling.frames import WelcomePush
from tests.attacks.delegation_scene import HOUR_US, Log, Scene, told
from tests.clients.circle import (
    DEPLOYMENT,
    NOW,
    NOW_US,
    SUITE,
    Circle,
    Papers,
    a_signing_key,
    a_welcomed,
    add_of,
)

NAMES = json.loads(Path(__file__).with_name("malicious_hub_delegation.json").read_text())["attacks"]
LEAST = 30
OTHER_PERSON = uuid4().bytes

Found = str | None
"""The code in which the victim refuses; nothing where it takes what it is shown."""
Play = Callable[[bool], "Found | Awaitable[Found]"]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack, and the code in which it must end."""

    play: Play
    ends_in: str


ATTACKS: dict[str, Attack] = {}


def attack(name: str, ends_in: str) -> Callable[[Play], Play]:
    """Register an attack under its name."""

    def register(play: Play) -> Play:
        assert name not in ATTACKS
        ATTACKS[name] = Attack(play, ends_in)
        return play

    return register


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks the hub again waits a second: here the clock does."""
    monkeypatch.setattr(watch, "ASK_AGAIN_SECONDS", 0.0)


def test_both_clients_meet_the_same_attacks_and_there_are_enough() -> None:
    """Thirty at least, each under one name; the browser's file holds itself to the same list."""
    assert list(ATTACKS) == NAMES
    assert len(set(NAMES)) == len(NAMES) >= LEAST


@pytest.mark.parametrize("name", NAMES)
async def test_the_honest_twin_is_taken(name: str) -> None:
    """Else the attack would be refused for something else."""
    assert await played(name, forged=False) is None


@pytest.mark.parametrize("name", NAMES)
async def test_the_attack_is_refused(name: str) -> None:
    """In the code of the check that it is about; the victim stays where it was."""
    assert await played(name, forged=True) == ATTACKS[name].ends_in


async def played(name: str, *, forged: bool) -> Found:
    """Play an attack, or its twin."""
    found = ATTACKS[name].play(forged)
    return await found if inspect.isawaitable(found) else found


# Coming in


@attack("A carer is added by a commit that says nothing of a delegation", "e_no_delegation")
def _(forged: bool) -> Found:
    scene = Scene.set(inside=False)
    says = [] if forged else [scene.with_record(scene.record)]
    return scene.shown(scene.jean, scene.commit(scene.claire, *says, add_of(scene.sophie)))


@attack("A carer is added by the hub's own proposal", "foreign_proposal")
def _(forged: bool) -> Found:
    scene = Scene.set()
    second = scene.circle.device("sophie")
    if not forged:
        return scene.shown(scene.jean, scene.circle.removal(scene.claire, scene.sophie))
    public = scene.group(scene.claire).public
    body = public.external_proposal(add_of(second), sender_index=0, key=scene.circle.hub)
    return scene.shown(scene.jean, scene.circle.event("proposal", None, body))


@attack("A carer comes in by herself, by an external commit", "stranger")
def _(forged: bool) -> Found:
    scene = Scene.set(inside=not forged)
    telephone = scene.circle.device("sophie")
    made = Group.join_external(
        scene.group(scene.claire).group_info(),
        telephone.own(),
        authenticated_data=CommitData(NOW_US).encode(),
        now=int(NOW),
        random_bytes=os.urandom,
    )
    return scene.shown(scene.jean, scene.circle.event("commit", telephone, made.message))


@attack(
    "A carer is in the group that a Welcome leads into, without a delegation", "e_no_delegation"
)
def _(forged: bool) -> Found:
    scene = Scene.set(inside=False)
    says = [] if forged else [scene.with_record(scene.record)]
    options: dict[str, Any] = {
        "force_path": True,
        "now": int(NOW),
        "random_bytes": os.urandom,
        "authenticated_data": CommitData(NOW_US).encode(),
    }
    hugo = scene.circle.device("hugo")
    with_her = scene.group(scene.claire).commit([*says, add_of(scene.sophie)], **options).next
    return welcomed(scene, hugo, with_her.commit([add_of(hugo)], **options).welcome)


def welcomed(scene: Scene, device: Device, welcome: bytes | None) -> Found:
    """Show a Welcome to a device."""
    assert welcome is not None
    push = WelcomePush(conversation=scene.circle.id, seq=99, welcome=welcome)
    room, bundles = scene.circle.room(device), list(device.packages.values())
    return told(lambda: room.admit(push, bundles, scene.circle.judge(device)))


# The document


@attack("The document of a delegation is widened in the group", "e_signature")
def _(forged: bool) -> Found:
    scene = Scene.set(inside=False)
    said = scene.record.content
    wide = replace(said, scopes=tuple(sorted({*said.scopes, Scope.SENSITIVE_READ.value})))
    bytes_of = wide if forged else said
    widened = scene.record.delegation.replace(said.encode(), bytes_of.encode())
    return scene.shown(scene.jean, scene.lets_in(replace(scene.record, delegation=widened)))


@attack("A scope that was withdrawn is given back", "changes_record")
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.narrowed(Scope.CONVERSATION_SEND)
    [record] = scene.delegations.in_force
    further = scene.mandates.withdrawal(scene.record.id, Scope.CALL_JOIN)
    kept = () if forged else (*record.revocations, further)
    after = Delegations(scene.delegations.number + 1, (replace(record, revocations=kept),))
    return scene.shown(scene.jean, scene.commit(scene.claire, scene.context(after)))


@attack("A delegation that ended is brought back, and its tombstone dropped", "drops_tombstone")
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.withdrawn()
    stones = () if forged else scene.delegations.tombstones
    anew = scene.mandates.record()
    after = Delegations(scene.delegations.number + 1, (anew,), stones)
    return scene.shown(
        scene.jean, scene.commit(scene.claire, scene.context(after), add_of(scene.sophie))
    )


@attack("A delegation that ended is brought back beside its tombstone", "brought_back")
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.withdrawn()
    record = scene.record if forged else scene.mandates.record()
    return scene.shown(scene.jean, scene.lets_in(record))


@attack("The group is shown with an older number of delegations", "old_delegations")
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.withdrawn()
    stones = scene.delegations.tombstones
    shown = Delegations(1 if forged else scene.delegations.number, (), stones)
    extensions = extensions_of(scene.policy, shown, scene.claire.trust.hub)
    group = Group.create(
        SUITE, group_id(scene.circle.id), scene.claire.own(), extensions, os.urandom
    )
    options: dict[str, Any] = {"force_path": True, "now": int(NOW), "random_bytes": os.urandom}
    while group.epoch <= scene.group(scene.jean).epoch:
        group = group.commit((), **options).next
    return welcomed(scene, scene.jean, group.commit([add_of(scene.jean)], **options).welcome)


@attack("A device that comes back is shown an old GroupInfo", "old_group_info")
def _(forged: bool) -> Found:
    scene = Scene.set()
    old = scene.group(scene.claire).group_info()
    scene.withdrawn()
    return comes_back(scene, old if forged else scene.group(scene.claire).group_info())


@attack("A device that comes back is shown another conversation's GroupInfo", "wrong_group")
def _(forged: bool) -> Found:
    scene = Scene.set()
    elsewhere = Circle(
        hub=scene.circle.hub,
        town=scene.circle.town,
        people=scene.circle.people,
        persons=scene.circle.persons,
        papers=scene.circle.papers,
    )
    claire, _ = elsewhere.two()
    other = elsewhere.room(claire).group
    assert other is not None
    return comes_back(scene, (other if forged else scene.group(scene.claire)).group_info())


def comes_back(scene: Scene, group_info: bytes) -> Found:
    """Have the patient's device enter by a GroupInfo."""
    jean = scene.jean
    judge = scene.circle.judge(jean)
    return told(
        lambda: scene.circle.room(jean).rejoin(
            group_info, jean.own(), judge, random_bytes=os.urandom
        )
    )


# Staff


def brings(scene: Scene, name: str, papers: Papers) -> Found:
    """Have the pharmacist's device add somebody, whom the log shows; show it to the patient."""
    newcomer = scene.circle.device(name, papers)
    return scene.shown(scene.jean, scene.commit(scene.claire, add_of(newcomer)))


@attack("The authority's key makes a pharmacist whom no owner certified", "wrong_credential")
def _(forged: bool) -> Found:
    scene = Scene.set()
    papers = scene.circle.papers_of("hugo")
    return brings(scene, "hugo", replace(papers, staff=b"") if forged else papers)


@attack("A pharmacist is certified by another key than the owner's", "wrong_credential")
def _(forged: bool) -> Found:
    scene = Scene.set()
    papers = scene.circle.papers_of("hugo")
    signer = Account.new(os.urandom) if forged else scene.circle.town.owner
    said = Unverified.decode(StaffCertificate, papers.staff).content
    return brings(scene, "hugo", replace(papers, staff=signer.sign(said)))


@attack("A pharmacist is certified for another pharmacy", "wrong_credential")
def _(forged: bool) -> Found:
    scene = Scene.set()
    papers = scene.circle.papers_of("hugo")
    elsewhere = {"pharmacy": "990000002"} if forged else {}
    staff = scene.circle.town.staff(
        scene.circle.person("hugo"), Role.PHARMACIST, papers.account, **elsewhere
    )
    return brings(scene, "hugo", replace(papers, staff=staff))


# Removals


@attack("The patient is removed without a reason", "removes_another")
def _(forged: bool) -> Found:
    scene = Scene.set()
    telephone = scene.circle.device("jean")
    scene.circle.add(scene.jean, telephone)
    if forged:
        event = scene.commit(scene.claire, scene.removes(telephone))
        return scene.shown(scene.jean, event)
    scene.circle.inside.remove(telephone)
    scene.circle.tell(scene.circle.removal(scene.claire, telephone))
    return scene.shown(scene.jean, scene.commit(scene.claire))


@attack("The patient's device is removed by a word that the hub signed", "unjustified")
def _(forged: bool) -> Found:
    scene = Scene.set()
    telephone = scene.circle.device("jean")
    scene.circle.add(scene.jean, telephone)
    signer = Account.new(os.urandom) if forged else None
    return scene.shown(scene.jean, scene.circle.removal(scene.claire, telephone, account=signer))


@attack("The carer is removed by a withdrawal that the patient did not sign", "unjustified")
def _(forged: bool) -> Found:
    scene = Scene.set()
    signed = scene.mandates.withdrawal(scene.record.id, by="claire" if forged else "jean")
    return scene.shown(scene.jean, scene.ending("revocation", signed))


@attack("The carer is removed by the withdrawal of another delegation", "unjustified")
def _(forged: bool) -> Found:
    scene = Scene.set()
    signed = scene.mandates.withdrawal(uuid4().bytes if forged else scene.record.id)
    return scene.shown(scene.jean, scene.ending("revocation", signed))


@attack("The carer is removed as expired before her period ends", "unjustified")
def _(forged: bool) -> Found:
    scene = Scene.set()
    event = scene.ending("expiry", b"", at_us=NOW_US + HOUR_US)
    return scene.shown(scene.jean, event, now=NOW if forged else NOW + HOUR_US / 1_000_000)


@attack("A removal is justified for another epoch", "unjustified")
def _(forged: bool) -> Found:
    scene = Scene.set()
    signed = scene.mandates.withdrawal(scene.record.id)
    changes = {"confirmed_transcript_hash": bytes(32)} if forged else {}
    return scene.shown(scene.jean, scene.ending("revocation", signed, **changes))


# Acts


@attack("A decision is disguised as a message", "wrong_content")
def _(forged: bool) -> Found:
    scene = Scene.set()
    content = {"v": 1, "kind": "message", "text": "Je décide pour lui.", "checkpoint": ""}
    if forged:
        content["kind"] = "decide.final"
    salt, encoded = os.urandom(32), msgspec.msgpack.encode(content)
    header: dict[str, Any] = {"id": os.urandom(16), "counter": 1, "sent_at": 0}
    honest = frank("", "", os.urandom, **header).sent(NOW_US // 1_000, scene.acting())
    data = retagged(honest.data, franking_tag(salt, encoded))
    sealed = replace(honest, payload=encode_payload(salt, encoded), data=data)
    body = scene.circle.room(scene.sophie).seal(sealed, os.urandom)
    event = scene.circle.event("message", scene.sophie, body, message=str(UUID(bytes=header["id"])))
    return scene.read(scene.jean, event)


def retagged(data: bytes, tag: bytes) -> bytes:
    """Return authenticated data that commits to another content."""
    return replace(AuthenticatedData.decode(data), franking_tag=tag).encode()


# Documents that are not of here and now


def put_in(**document: Any) -> Found:
    """Have a document let the carer in, whole and signed, that says something else."""
    scene = Scene.set(inside=False, **document)
    return scene.shown(scene.jean, scene.lets_in(scene.record))


@attack("A delegation for another conversation is put into this one", "e_no_delegation")
def _(forged: bool) -> Found:
    return put_in(conversation=uuid4().bytes) if forged else put_in()


@attack("A delegation by another patient is put into this conversation", "e_sub_delegation")
def _(forged: bool) -> Found:
    return put_in(grantor=OTHER_PERSON) if forged else put_in()


@attack("A delegation is admitted after its period", "e_delegation_expired")
def _(forged: bool) -> Found:
    return put_in(not_before_us=NOW_US - HOUR_US, not_after_us=NOW_US + (0 if forged else 1))


@attack("A delegation is admitted before its period begins", "e_period")
def _(forged: bool) -> Found:
    return put_in(not_before_us=NOW_US + (1 if forged else 0), not_after_us=NOW_US + HOUR_US)


@attack("A commit is dated before the one that stands", "e_clock")
def _(forged: bool) -> Found:
    scene = Scene.set()
    data = CommitData(NOW_US - (1 if forged else 0)).encode()
    return scene.shown(scene.jean, scene.commit(scene.claire, authenticated_data=data))


@attack("A commit says no time at all", "wrong_commit_data")
def _(forged: bool) -> Found:
    scene = Scene.set()
    data = b"" if forged else CommitData(NOW_US).encode()
    return scene.shown(scene.jean, scene.commit(scene.claire, authenticated_data=data))


# Keys and certificates


@attack("The directory gives another person's key package", "HubFault")
def _(forged: bool) -> Found:
    scene = Scene.set(inside=False)
    given = scene.circle.device("jean") if forged else scene.sophie
    [package] = given.make_packages(1)
    claimed = ClaimedPackage(scene.circle.person("sophie"), scene.sophie.id, "ref", package)
    return told(claimed.proposal)


@attack(
    "The authority certifies another account key for a person already known", "identity_changed"
)
def _(forged: bool) -> Found:
    scene = Scene.set()
    town, jean = scene.circle.town, scene.circle.papers_of("jean")
    account = Account.new(os.urandom) if forged else jean.account
    papers = town.papers(scene.circle.person("jean"), Role.PATIENT, account=account)
    return learns(scene, "jean", papers)


def learns(scene: Scene, name: str, papers: Papers, **changes: Any) -> Found:
    """Tell the pharmacist's device who somebody is, with the log's proof."""
    identities, _ = scene.identities(scene.claire)
    logged = scene.log.append(type="identity.issued", outcome={"certificate": digest(papers)})
    return told(lambda: identities.learn(scene.view(papers, name, logged, **changes)))


def digest(papers: Papers) -> str:
    """Return how the log names a certificate."""
    return hashlib.sha256(papers.identity).hexdigest()


@attack("An identity certificate is not in the log", "HubFault")
def _(forged: bool) -> Found:
    scene = Scene.set()
    papers = scene.circle.papers_of("hugo")
    logged = papers
    if forged:
        logged = scene.circle.town.papers(scene.circle.person("hugo"), Role.PHARMACIST)
    identities, _ = scene.identities(scene.claire)
    receipt = scene.log.append(type="identity.issued", outcome={"certificate": digest(logged)})
    return told(lambda: identities.learn(scene.view(papers, "hugo", receipt)))


@attack("A device is certified by another account key", "wrong_credential")
def _(forged: bool) -> Found:
    scene = Scene.set()
    telephone = scene.circle.device("jean")
    if forged:
        stranger = Account.new(os.urandom)
        papers = scene.circle.papers_of("jean")
        said = scene.circle.device("jean", replace(papers, account=stranger))
        said.certify(identity=papers.identity)
        telephone = said
    return scene.shown(scene.claire, scene.commit(scene.jean, add_of(telephone)))


# The order of things


@attack("A commit is dropped", "BrokenStream")
def _(forged: bool) -> Found:
    scene = Scene.set()
    first = scene.commit(scene.claire)
    second = scene.commit(scene.claire)
    return scene.shown(scene.jean, second if forged else first)


@attack("Two commits change places", "wrong_epoch")
def _(forged: bool) -> Found:
    scene = Scene.set()
    pending = scene.circle.make(scene.claire)
    first = scene.circle.event("commit", scene.claire, pending.body)
    scene.circle.tell(first, scene.claire)
    second = scene.commit(scene.claire)
    if forged:
        one, other = first.body, second.body
        first = msgspec.structs.replace(first, body=other)
        second = msgspec.structs.replace(second, body=one)
    return scene.shown(scene.jean, first, second)


@attack("A commit is shown twice", "wrong_epoch")
def _(forged: bool) -> Found:
    scene = Scene.set()
    pending = scene.circle.make(scene.claire)
    first = scene.circle.event("commit", scene.claire, pending.body)
    scene.circle.tell(first, scene.claire, scene.jean)
    if forged:
        return scene.shown(scene.jean, scene.circle.event("commit", scene.claire, first.body))
    return scene.shown(scene.jean, scene.commit(scene.claire))


# What is withheld


@attack("A withdrawal is withheld, and another member's checkpoint tells", "LogForked")
async def _(forged: bool) -> Found:
    """The pharmacist's device is shown a log in which the withdrawal never was."""
    key = Log().key
    truth, lie = Log(key), Log(key)
    for log in (truth, lie):
        log.append(type="delegation.activated")
    truth.append(type="delegation.revoked")
    lie.append(type="message.sent")
    for log in (truth, lie):
        log.append(type="message.sent")
    shown = lie if forged else truth
    device = Scene.set().claire
    device.trust.logs.pin({"care": shown.verifier})
    return await hears(device, shown, truth.note(2))


async def hears(device: Device, log: Log, note: str) -> Found:
    """Have a device hear a head from another member, while the hub proves what its log can."""
    alarms: list[Exception] = []
    begun: list[asyncio.Task[None]] = []

    async def perform(frame: Any) -> Answer:
        return Answer({"proof": log.consistency(frame.first, frame.second)}, None)

    client = SimpleNamespace(
        device=device,
        logs=device.trust.logs,
        alarm=alarms.append,
        settled=lambda: None,
        begin=lambda work: begun.append(asyncio.ensure_future(work)),
        perform=perform,
        next_id=lambda: "1",
    )
    minutes = iter(range(0, 100_000, 30))
    watching = LogWatch(client, clock=lambda: float(next(minutes)))  # type: ignore[arg-type]
    watching.told(log.note())
    watching.heard("jean", note)
    await asyncio.gather(*begun)
    return type(alarms[0]).__name__ if alarms else None


@attack("A withdrawal is withheld, and the patient's own screen goes on saying so", "En cours…")
def _(forged: bool) -> Found:
    """The hub takes his word, and does nothing with it: no removal, no epoch, no receipt."""
    scene = Scene.set()
    jean = scene.circle.room(scene.jean)
    signed = scene.mandates.withdrawal(scene.record.id)
    jean.ended[scene.record.id] = EndingStatement(what="revocation", statement=signed)
    if not forged:
        scene.withdrawn()
    claire = scene.circle.room(scene.claire)
    jean.confirmed_by(claire.receipt(DEPLOYMENT, scene.claire.id), scene.circle.judge(scene.jean))
    if scene.record.id in jean.stopped:
        assert jean.may_send
        return None
    # Nothing is sealed meanwhile; and his own device carries it out, which everybody follows.
    assert not jean.may_send
    scene.circle.inside.remove(scene.sophie)
    scene.circle.commit(scene.jean)
    assert scene.delegations.tombstones[0].ending == "revoked"
    return "En cours…"


# For whom


def writes(scene: Scene, by: Device, acting: Acting) -> Found:
    """Have somebody write, and the patient's device read it."""
    reader = scene.claire if by is scene.jean else scene.jean
    return scene.read(reader, scene.says(by, acting))


@attack("A carer's message does not say for whom", "E_ACTING_FOR")
def _(forged: bool) -> Found:
    scene = Scene.set()
    return writes(scene, scene.sophie, Acting() if forged else scene.acting())


@attack("A carer's message says another patient", "E_ACTING_FOR")
def _(forged: bool) -> Found:
    scene = Scene.set()
    true = scene.acting()
    said = replace(true, acting_for=OTHER_PERSON) if forged else true
    return writes(scene, scene.sophie, said)


@attack("A carer's message is of an older version of the delegation", "E_ACTING_FOR")
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.narrowed(Scope.CALL_JOIN)
    version = scene.delegations.number - (1 if forged else 0)
    acting = replace(scene.acting(), delegation_version=version)
    return writes(scene, scene.sophie, acting)


@attack("A carer writes after writing was withdrawn", "E_SCOPE")
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.narrowed(Scope.CONVERSATION_SEND if forged else Scope.CALL_JOIN)
    return writes(scene, scene.sophie, scene.acting())


@attack("A pharmacist's message is dressed as a carer's", "E_ACTING_FOR")
def _(forged: bool) -> Found:
    scene = Scene.set()
    return writes(scene, scene.claire, scene.acting() if forged else Acting())


# Who may commit what


@attack("A carer's commit adds a device", "carer_changes")
def _(forged: bool) -> Found:
    scene = Scene.set()
    adds = [add_of(scene.circle.device("sophie"))] if forged else []
    return scene.shown(scene.jean, scene.commit(scene.sophie, *adds))


@attack("A technician's commit adds a colleague", "adds_another")
def _(forged: bool) -> Found:
    scene = Scene.set()
    lea = scene.circle.device("lea")
    scene.circle.add(scene.claire, lea)
    hugo = scene.circle.device("hugo")
    return scene.shown(scene.jean, scene.commit(lea if forged else scene.claire, add_of(hugo)))


@attack("The owner's key is changed in the conversation's rules", "owner_changed")
def _(forged: bool) -> Found:
    return changes_rules(forged, owner_aik=Account.new(os.urandom).aik)


@attack("The patient's key is changed in the conversation's rules", "identity_changed")
def _(forged: bool) -> Found:
    return changes_rules(forged, patient_aik=Account.new(os.urandom).aik)


def changes_rules(forged: bool, **changes: Any) -> Found:
    """Have a pharmacist's device commit other rules, or the same once more."""
    scene = Scene.set()
    policy = replace(scene.policy, **changes) if forged else scene.policy
    return scene.shown(
        scene.jean, scene.commit(scene.claire, scene.context(scene.delegations, policy))
    )


# Words that are missing


@attack("A delegation nobody confirmed is put into the group", "e_not_confirmed")
def _(forged: bool) -> Found:
    return without(confirmations=()) if forged else without()


@attack("A delegation that its own carer confirmed is put into the group", "e_signature")
def _(forged: bool) -> Found:
    scene = Scene.set(inside=False)
    said = scene.record.content
    by = scene.mandates.confirmation(said, by="sophie" if forged else "claire")
    record = replace(scene.record, confirmations=(SignedConfirmation(by),))
    return scene.shown(scene.jean, scene.lets_in(record))


@attack("A delegation that the carer did not accept is put into the group", "e_not_accepted")
def _(forged: bool) -> Found:
    return without(acceptance=b"") if forged else without()


def without(**parts: Any) -> Found:
    """Have the carer let in by a record that lacks something."""
    scene = Scene.set(inside=False)
    return scene.shown(scene.jean, scene.lets_in(replace(scene.record, **parts)))


# What the hub says of itself, and of ends


@attack(
    "The hub says that the carer is out, on a receipt that no pharmacy device signed", "En cours…"
)
def _(forged: bool) -> Found:
    scene = Scene.set()
    scene.withdrawn()
    room, judge = scene.circle.room(scene.jean), scene.circle.judge(scene.jean)
    by = scene.jean if forged else scene.claire
    room.confirmed_by(scene.circle.room(by).receipt(DEPLOYMENT, by.id), judge)
    return None if scene.record.id in room.stopped else "En cours…"


@attack("The hub shows another authority", "HubKeyChanged")
def _(forged: bool) -> Found:
    scene = Scene.set()
    shown = a_signing_key() if forged else scene.circle.town.authority
    welcomed = a_welcomed(
        scene.jean,
        scene.circle.person("jean"),
        hub_key=scene.circle.hub.public,
        authority=shown.public,
    )
    return told(lambda: scene.jean.trust.meet(welcomed, scene.jean.id))


@attack("The hub shows another owner of the pharmacy", "owner_changed")
def _(forged: bool) -> Found:
    scene = Scene.set()
    shown = Account.new(os.urandom) if forged else scene.circle.town.owner
    return told(lambda: scene.jean.trust.pin_owner(shown.aik))


@attack("One pharmacist's word alone replaces an account key", "identity_changed")
def _(forged: bool) -> Found:
    scene = Scene.set()
    circle, town = scene.circle, scene.circle.town
    before = circle.papers_of("jean").account.aik
    after = town.papers(circle.person("jean"), Role.PATIENT)
    said = AccountRevocation(
        deployment=DEPLOYMENT,
        person=UUID(circle.person("jean")).bytes,
        aik=before,
        reason="lost",
        at_us=NOW_US,
    )
    eyes = ("claire",) if forged else ("claire", "hugo")
    signatures = [
        cosign(
            said,
            SUITE.signing_key(circle.papers_of(name).account.seed),
            signer=UUID(circle.person(name)).bytes,
            staff=circle.papers_of(name).staff,
        )
        for name in eyes
    ]
    revoked = CoSigned(said.encode(), (*signatures, cosign(said, town.authority)))
    return learns(scene, "jean", after, revoked=revoked.encode())
