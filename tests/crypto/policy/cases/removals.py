"""Removals: whether the hub's external Remove of a leaf is justified."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crypto.policy.cosigned import CoSigned, cosign
from crypto.policy.removal import RemoveJustification
from crypto.policy.vocabulary import DelegationState, Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    AUTHORITY,
    CALL,
    CLAIRE,
    CONVERSATION,
    ELSEWHERE_CONVERSATION,
    HUGO,
    JEAN,
    KARIM,
    LEA,
    NOW,
    ROSE,
    SECOND,
    SOPHIE,
    TRANSCRIPT,
    Leaf,
    Person,
    a_delegation,
    a_device_revocation,
    a_group,
    a_record,
    a_resignation,
    a_suspension,
    a_withdrawal,
    an_account_revocation,
    chain_of,
    device_id,
    device_of,
    eyes,
    hashed,
    identity_of,
    key,
    leaf,
    named,
    staff_of,
    stolen,
    succeeded,
    text,
    uid,
)

GROUP = a_group(leaf(JEAN, 2), leaf(SOPHIE), leaf(KARIM)).listing(
    2, a_record(), a_record(carer=KARIM)
)
END = a_delegation().not_after_us


def saying(person: Person, number: int = 1, **changes: Any) -> RemoveJustification:
    """Return the hub's justification for the removal of a device that was given up."""
    said = RemoveJustification(
        conversation=CONVERSATION,
        device=device_id(person, number),
        confirmed_transcript_hash=TRANSCRIPT,
        why="device",
        at_us=NOW,
        statement=a_device_revocation(person, number),
    )
    return replace(said, **changes)


def removing(person: Person, said: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    """Return what goes into the decision."""
    return {
        "state": GROUP,
        "target": named(person, number),
        "transcript": TRANSCRIPT,
        "justification": said,
        "now_us": None,
    } | more


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("removal")
    for write in (_devices, _accounts, _withdrawals, _other_ends, _expiry):
        write(book)
    return book.cases


def _devices(book: Book) -> None:
    granted = {"why": "device", "ends": []}
    near = book.granted("a device that its person gave up", granted, **removing(JEAN, saying(JEAN)))

    def other(**changes: Any) -> dict[str, Any]:
        return {"justification": saying(JEAN, **changes)}

    def given_up(**changes: Any) -> dict[str, Any]:
        return other(statement=a_device_revocation(JEAN, **changes))

    near.refused(
        "a device that the operator gave up", Refusal.E_SIGNATURE, **given_up(by=AUTHORITY)
    )
    near.refused(
        "a device that a pharmacist gave up in the patient's place",
        Refusal.E_SIGNATURE,
        **given_up(by=CLAIRE.aik),
    )
    near.refused("a device that the carer gave up", Refusal.E_SIGNATURE, **given_up(by=SOPHIE.aik))
    near.refused(
        "a device given up by its own key, and not by the account's",
        Refusal.E_SIGNATURE,
        **given_up(by=key("device", "jean", 1)),
    )
    near.refused("a removal without a statement", Refusal.E_SIGNATURE, **other(statement=b""))
    near.refused(
        "another device of the same person",
        Refusal.E_IDENTITY,
        **given_up(device=device_id(JEAN, 2)),
    )
    near.refused("a device of another person", Refusal.E_IDENTITY, **given_up(person=SOPHIE.id))
    near.refused(
        "a device given up in another deployment",
        Refusal.E_IDENTITY,
        **given_up(deployment="x.example"),
    )
    near.refused(
        "a device given up in another conversation",
        Refusal.E_IDENTITY,
        **given_up(conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "a device given up in the future", Refusal.E_CLOCK, **given_up(at_us=NOW + 120 * SECOND + 1)
    )
    book.granted(
        "a device given up exactly two minutes ahead of the hub's clock",
        granted,
        **removing(
            JEAN, saying(JEAN, statement=a_device_revocation(JEAN, at_us=NOW + 120 * SECOND))
        ),
    )
    near.refused(
        "a justification for another conversation",
        Refusal.E_IDENTITY,
        **other(conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "a justification of another epoch",
        Refusal.E_IDENTITY,
        **other(confirmed_transcript_hash=hashed("another transcript")),
    )
    near.refused(
        "a justification for another leaf than the one that is removed",
        Refusal.E_IDENTITY,
        target=named(JEAN, 2),
    )
    near.refused(
        "a device's removal that names a delegation",
        Refusal.E_SIGNATURE,
        **other(delegation=a_delegation().delegation),
    )
    near.refused(
        "a device's removal with a staff certificate",
        Refusal.E_SIGNATURE,
        **other(staff=chain_of(HUGO)),
    )
    near.refused("a reason that there is not", Refusal.E_SIGNATURE, **other(why="because"))
    near.refused(
        "a justification of the first version", Refusal.E_SIGNATURE, justification=_first_version()
    )
    near.refused(
        "a removal dated more than two minutes ahead of the reader's clock",
        Refusal.E_CLOCK,
        now_us=NOW - 120 * SECOND - 1,
    )
    book.granted(
        "a device that its person gave up in this conversation alone",
        granted,
        **removing(
            JEAN,
            saying(JEAN, statement=a_device_revocation(JEAN, conversation=CONVERSATION)),
            now_us=NOW - 120 * SECOND,
        ),
    )


def _first_version() -> bytes:
    return b"\x01" + saying(JEAN).encode()[1:]


def _accounts(book: Book) -> None:
    def lost(statement: bytes, **changes: Any) -> dict[str, Any]:
        return {"justification": saying(JEAN, why="account", statement=statement, **changes)}

    said = an_account_revocation(JEAN)
    authority = cosign(said, AUTHORITY)
    claire, hugo = eyes(said, CLAIRE, HUGO)
    near = book.granted(
        "a device of a stolen account: two pharmacists and the authority say so",
        {"why": "account", "ends": []},
        **removing(JEAN, said=lost(stolen(JEAN))["justification"]),
    )

    def by(*signatures: Any, of: Any = said) -> dict[str, Any]:
        return lost(CoSigned(of.encode(), signatures).encode())

    near.refused("a stolen account, by the authority alone", Refusal.E_FOUR_EYES, **by(authority))
    near.refused("a stolen account, without the authority", Refusal.E_SIGNATURE, **by(claire, hugo))
    near.refused(
        "a stolen account, by one pharmacist and the authority",
        Refusal.E_FOUR_EYES,
        **by(claire, authority),
    )
    near.refused(
        "a stolen account, by one pharmacist twice",
        Refusal.E_FOUR_EYES,
        **by(hugo, hugo, authority),
    )
    near.refused(
        "a stolen account, by one account key under two names",
        Refusal.E_FOUR_EYES,
        **by(
            hugo,
            cosign(said, HUGO.aik, signer=ROSE.id, staff=staff_of(ROSE, aik=HUGO.key)),
            authority,
        ),
    )
    near.refused(
        "a stolen account, by a pharmacist and a technician",
        Refusal.E_ROLE,
        **lost(stolen(JEAN, CLAIRE, LEA)),
    )
    near.refused(
        "a stolen account, by pharmacists whom the operator minted",
        Refusal.E_IDENTITY,
        **by(
            claire,
            cosign(said, ROSE.aik, signer=ROSE.id, staff=staff_of(ROSE, by=AUTHORITY)),
            authority,
        ),
    )
    near.refused(
        "a stolen account, the authority's signature under another statement",
        Refusal.E_SIGNATURE,
        **by(claire, hugo, cosign(an_account_revocation(JEAN, reason="lost"), AUTHORITY)),
    )
    near.refused(
        "a stolen account, with the authority before the pharmacists",
        Refusal.E_FOUR_EYES,
        **by(authority, claire, hugo),
    )
    near.refused(
        "a stolen account, one pharmacist's signature under another statement",
        Refusal.E_SIGNATURE,
        **by(claire, *eyes(an_account_revocation(JEAN, reason="lost"), HUGO), authority),
    )
    near.refused(
        "a stolen account, the authority under a pharmacist's name",
        Refusal.E_SIGNATURE,
        **by(claire, hugo, replace(authority, signer=ROSE.id)),
    )
    near.refused(
        "a stolen account, the authority with a staff certificate",
        Refusal.E_SIGNATURE,
        **by(claire, hugo, replace(authority, staff=chain_of(HUGO))),
    )
    for name, why, changes in (
        ("of another deployment", Refusal.E_IDENTITY, {"deployment": "x.example"}),
        ("for one conversation alone", Refusal.E_IDENTITY, {"conversation": CONVERSATION}),
        ("of another person under the same key", Refusal.E_IDENTITY, {"person": SOPHIE.id}),
        ("of the future", Refusal.E_CLOCK, {"at_us": NOW + 120 * SECOND + 1}),
    ):
        near.refused(f"a stolen account, {name}", why, **lost(_signed_by_all(**changes)))
    near.refused("a stolen account, by one pharmacist alone", Refusal.E_FOUR_EYES, **by(claire))
    near.refused(
        "a stolen account, under a word that there is not",
        Refusal.E_SIGNATURE,
        justification=saying(JEAN, why="theft", statement=stolen(JEAN)),
    )
    near.refused(
        "a stolen account, of which nothing reads", Refusal.E_SIGNATURE, **lost(b"nothing")
    )
    near.refused("the stolen account of another person", Refusal.E_IDENTITY, **lost(stolen(SOPHIE)))
    near.refused(
        "another account key of the same person", Refusal.E_IDENTITY, **lost(stolen(JEAN.renewed()))
    )
    near.refused(
        "a succession called the theft of an account", Refusal.E_SIGNATURE, **lost(succeeded())
    )
    pharmacists = an_account_revocation(HUGO)
    near = book.granted(
        "a device of a pharmacist whose account was stolen",
        {"why": "account", "ends": []},
        **removing(HUGO, saying(HUGO, why="account", statement=stolen(HUGO, CLAIRE, ROSE))),
    )
    near.refused(
        "a pharmacist's account, by their own word",
        Refusal.E_FOUR_EYES,
        justification=saying(
            HUGO,
            why="account",
            statement=CoSigned(
                pharmacists.encode(),
                (*eyes(pharmacists, CLAIRE, HUGO), cosign(pharmacists, AUTHORITY)),
            ).encode(),
        ),
    )
    book.granted(
        "a carer whose account was stolen, and whose delegation ends with it",
        {"why": "account", "ends": [[text(a_delegation().delegation), "suspended"]]},
        **removing(SOPHIE, saying(SOPHIE, why="account", statement=stolen(SOPHIE))),
    )


def _signed_by_all(**changes: Any) -> bytes:
    """Return the revocation of Jean's account with these changes, signed by all who must."""
    said = an_account_revocation(JEAN, **changes)
    signatures = (*eyes(said, CLAIRE, HUGO), cosign(said, AUTHORITY))
    return CoSigned(said.encode(), signatures).encode()


def ended(why: str, statement: bytes, **changes: Any) -> RemoveJustification:
    """Return the hub's justification for the removal of a carer."""
    stated = {"why": why, "statement": statement, "delegation": a_delegation().delegation}
    return saying(SOPHIE, **stated | changes)


def ends(why: str, state: DelegationState) -> dict[str, Any]:
    return {"why": why, "ends": [[text(a_delegation().delegation), state.value]]}


def _withdrawals(book: Book) -> None:
    near = book.granted(
        "a carer whose delegation the patient withdrew",
        ends("revocation", DelegationState.REVOKED),
        **removing(SOPHIE, ended("revocation", a_withdrawal())),
    )

    def by(statement: bytes, **changes: Any) -> dict[str, Any]:
        return {"justification": ended("revocation", statement, **changes)}

    near.refused(
        "a withdrawal by the operator", Refusal.E_SIGNATURE, **by(a_withdrawal(by=AUTHORITY))
    )
    near.refused("a withdrawal of one scope", Refusal.E_SCOPE, **by(a_withdrawal(CALL)))
    near.refused(
        "a withdrawal of another delegation",
        Refusal.E_NO_DELEGATION,
        **by(a_withdrawal(delegation=uid("another"))),
    )
    near.refused(
        "a withdrawal of a delegation that is not in force here",
        Refusal.E_NO_DELEGATION,
        **by(a_withdrawal(delegation=uid("another")), delegation=uid("another")),
    )
    near.refused(
        "the end of one carer's delegation, for the removal of another carer",
        Refusal.E_NO_DELEGATION,
        **by(
            a_withdrawal(delegation=a_delegation(KARIM).delegation),
            delegation=a_delegation(KARIM).delegation,
        ),
    )
    near.refused(
        "a removal of a carer under another account key than the delegation's",
        Refusal.E_NO_DELEGATION,
        state=GROUP.without(leaf(SOPHIE)).told(leaf(SOPHIE.renewed())),
    )
    near.refused(
        "a removal of somebody else with the carer's account key",
        Refusal.E_NO_DELEGATION,
        state=GROUP.without(leaf(SOPHIE)).told(_with_sophies_key()),
        target=_with_sophies_name(),
    )
    near.refused(
        "the end of a delegation that the justification does not name",
        Refusal.E_NO_DELEGATION,
        **by(a_withdrawal(), delegation=b""),
    )
    near.refused(
        "the end of a carer's delegation, for the removal of the patient",
        Refusal.E_NO_DELEGATION,
        target=named(JEAN),
        justification=ended("revocation", a_withdrawal(), device=device_id(JEAN)),
    )


def _with_sophies_key() -> Leaf:
    """Return a leaf of another carer's name, of Sophie's device and under her account key."""
    return leaf(
        SOPHIE,
        identity=identity_of(SOPHIE, person=uid("somebody")),
        device=device_of(SOPHIE, person=uid("somebody")),
    )


def _with_sophies_name() -> dict[str, str]:
    return {"person": text(uid("somebody")), "device": named(SOPHIE).device}


def _other_ends(book: Book) -> None:
    near = book.granted(
        "a carer who resigned",
        ends("resignation", DelegationState.RESIGNED),
        **removing(SOPHIE, ended("resignation", a_resignation())),
    )
    near.refused(
        "a resignation that the operator signed",
        Refusal.E_SIGNATURE,
        justification=ended("resignation", a_resignation(by=AUTHORITY)),
    )
    near.refused(
        "a resignation given for a withdrawal",
        Refusal.E_SIGNATURE,
        justification=ended("revocation", a_resignation()),
    )
    near = book.granted(
        "a carer whom a pharmacist suspended",
        ends("suspension", DelegationState.SUSPENDED),
        **removing(SOPHIE, ended("suspension", a_suspension(), staff=chain_of(HUGO))),
    )
    near.refused(
        "a suspension by a technician",
        Refusal.E_ROLE,
        justification=ended("suspension", a_suspension(LEA), staff=chain_of(LEA)),
    )
    near.refused(
        "a suspension by a pharmacist whom the operator minted",
        Refusal.E_IDENTITY,
        justification=ended("suspension", a_suspension(ROSE), staff=staff_of(ROSE, by=AUTHORITY)),
    )
    book.granted(
        "a carer whose delegation somebody contests",
        ends("suspension", DelegationState.CONTESTED),
        **removing(
            SOPHIE, ended("suspension", a_suspension(reason="contest"), staff=chain_of(HUGO))
        ),
    )


def _expiry(book: Book) -> None:
    near = book.granted(
        "a carer whose delegation has expired",
        ends("expiry", DelegationState.EXPIRED),
        **removing(SOPHIE, ended("expiry", b"", at_us=END), now_us=END - 120 * SECOND),
    )
    near.refused(
        "an expiry a microsecond too early",
        Refusal.E_PERIOD,
        justification=ended("expiry", b"", at_us=END - 1),
    )
    near.refused(
        "an expiry by a hub whose clock runs ahead", Refusal.E_CLOCK, now_us=END - 120 * SECOND - 1
    )
    near.refused(
        "an expiry with a statement",
        Refusal.E_SIGNATURE,
        justification=ended("expiry", a_withdrawal(), at_us=END),
    )
    near.refused(
        "an expiry of somebody else's delegation",
        Refusal.E_NO_DELEGATION,
        justification=ended("expiry", b"", at_us=END, delegation=a_delegation(KARIM).delegation),
    )
