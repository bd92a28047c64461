"""Delegations: whether a patient may give such a one, whoever signs it."""

from __future__ import annotations

from typing import Any

from crypto.policy.statements import Delegation
from crypto.policy.vocabulary import Refusal, Role, Scope
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    ALICE,
    CLAIRE,
    DAY,
    ELSEWHERE_CONVERSATION,
    HUGO,
    JEAN,
    KARIM,
    NOW,
    SOPHIE,
    a_delegation,
    a_policy,
    by_evidence,
    hashed,
    on_paper,
)

PATIENTS_BASES = {
    "patient_mandate": {"decide.assist"},
    "trusted_person": {"delivery.receive"},
}
REPRESENTATIVES_BASES = {
    "parental_authority": {"decide.final"},
    "guardianship_person": {"decide.final"},
    "family_habilitation_representation": {"decide.final"},
    "family_habilitation_assistance": {"decide.assist"},
    "curatorship": {"decide.assist"},
    "future_protection_mandate": {"decide.final"},
}


def giving(delegation: Delegation, **more: Any) -> dict[str, Any]:
    """Return what goes into the decision."""
    return {
        "policy": a_policy(),
        "delegation": delegation,
        "grantee_role": Role.CARER.value,
        "at_us": NOW,
    } | more


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("delegation")
    for write in (_people, _scopes, _bases, _mandates, _periods):
        write(book)
    return book.cases


def _people(book: Book) -> None:
    near = book.granted("a patient lets a relative read and write", {}, **giving(a_delegation()))
    near.refused(
        "a delegation to oneself",
        Refusal.E_SELF_DELEGATION,
        delegation=a_delegation(grantee=JEAN.id, grantee_aik=JEAN.key),
    )
    near.refused(
        "a delegation to oneself under another account key",
        Refusal.E_SELF_DELEGATION,
        delegation=a_delegation(grantee=JEAN.id),
    )
    near.refused(
        "a delegation to another name with one's own account key",
        Refusal.E_SELF_DELEGATION,
        delegation=a_delegation(grantee_aik=JEAN.key),
    )
    near.refused(
        "a carer who delegates further",
        Refusal.E_SUB_DELEGATION,
        delegation=a_delegation(KARIM, grantor=SOPHIE.id, grantor_aik=SOPHIE.key),
    )
    near.refused(
        "another patient who delegates in this conversation",
        Refusal.E_SUB_DELEGATION,
        delegation=a_delegation(grantor=ALICE.id, grantor_aik=ALICE.key),
    )
    for role in (Role.PHARMACIST, Role.TECHNICIAN):
        near.refused(f"a {role} as grantee", Refusal.E_STAFF_GRANTEE, grantee_role=role.value)
    near.refused(
        "the owner's account key as grantee",
        Refusal.E_STAFF_GRANTEE,
        delegation=a_delegation(grantee_aik=CLAIRE.key),
    )
    for role in (Role.PATIENT, Role.COURIER, Role.COMPLIANCE_OFFICER):
        near.refused(f"a {role} as grantee", Refusal.E_ROLE, grantee_role=role.value)
    near.refused(
        "a delegation for another conversation",
        Refusal.E_NO_DELEGATION,
        delegation=a_delegation(conversation=ELSEWHERE_CONVERSATION),
    )
    near.refused(
        "a delegation in a private aside", Refusal.E_KIND, policy=a_policy(kind="private_aside")
    )
    near.refused(
        "a patient's key that is not the policy's",
        Refusal.E_IDENTITY,
        delegation=a_delegation(grantor_aik=JEAN.renewed().key),
    )
    near.refused(
        "a delegation by a device, of a patient who has none",
        Refusal.E_IDENTITY,
        policy=a_policy(patient_aik=b""),
    )
    book.granted(
        "a delegation in a dispensation at a distance",
        {},
        **giving(a_delegation(), policy=a_policy(kind="remote_dispensation")),
    )


def _scopes(book: Book) -> None:
    near = book.granted(
        "a delegation to read, and nothing else",
        {},
        **giving(a_delegation(scopes=("conversation.read",))),
    )
    near.refused(
        "a delegation to write without reading",
        Refusal.E_SCOPE,
        delegation=a_delegation(scopes=("conversation.send",)),
    )
    near.refused("a delegation of nothing", Refusal.E_SCOPE, delegation=a_delegation(scopes=()))
    near.refused(
        "a scope that there is not",
        Refusal.E_UNKNOWN_SCOPE,
        delegation=a_delegation(scopes=("conversation.read", "everything")),
    )
    near.refused(
        "the right to delegate, which nobody can give",
        Refusal.E_UNKNOWN_SCOPE,
        delegation=a_delegation(scopes=("conversation.read", "delegation.give")),
    )


def _bases(book: Book) -> None:
    """The legal basis decides by whose hand, and for what."""
    for basis, scopes in PATIENTS_BASES.items():
        named = tuple(sorted({"conversation.read", *scopes}))
        near = book.granted(
            f"the basis {basis}, given by the patient",
            {},
            **giving(a_delegation(legal_basis=basis, scopes=named)),
        )
        near.refused(
            f"a final decision on the basis {basis}",
            Refusal.E_LEGAL_BASIS,
            delegation=a_delegation(
                legal_basis=basis, scopes=tuple(sorted({*named, "decide.final"}))
            ),
        )
    near.refused(
        "help with a decision by a trusted person",
        Refusal.E_LEGAL_BASIS,
        delegation=a_delegation(
            legal_basis="trusted_person", scopes=("conversation.read", "decide.assist")
        ),
    )
    near.refused(
        "a carer in fact, who reads nothing",
        Refusal.E_LEGAL_BASIS,
        delegation=a_delegation(legal_basis="de_facto_carer", scopes=("conversation.read",)),
    )
    near.refused(
        "a basis that there is not",
        Refusal.E_LEGAL_BASIS,
        delegation=a_delegation(legal_basis="kindness"),
    )
    for basis, scopes in REPRESENTATIVES_BASES.items():
        named = tuple(sorted({"conversation.read", *scopes}))
        document = by_evidence(legal_basis=basis, scopes=named)
        near = book.granted(f"the basis {basis}, by a document", {}, **giving(document))
        near.refused(
            f"the basis {basis}, given by the patient",
            Refusal.E_LEGAL_BASIS,
            delegation=a_delegation(legal_basis=basis, scopes=named),
        )
        if "decide.final" not in named:
            final = tuple(sorted({*named, "decide.final"}))
            near.refused(
                f"a final decision on the basis {basis}",
                Refusal.E_LEGAL_BASIS,
                delegation=by_evidence(legal_basis=basis, scopes=final),
            )


def _mandates(book: Book) -> None:
    """By whose hand: a signature, or a document in its place."""
    near = book.granted("a delegation by a device", {}, **giving(a_delegation()))
    near.refused(
        "a delegation by a device with a document beside the signature",
        Refusal.E_EVIDENCE,
        delegation=a_delegation(evidence=hashed("a document")),
    )
    near.refused(
        "a delegation by a device with an issuer beside the signature",
        Refusal.E_EVIDENCE,
        delegation=a_delegation(issuer=b"somebody"),
    )
    near.refused(
        "a mandate that there is not",
        Refusal.E_LEGAL_BASIS,
        delegation=a_delegation(mandate="word of mouth"),
    )
    without = a_policy(patient_aik=b"")
    near = book.granted(
        "a guardian with every scope that there is",
        {},
        **giving(by_evidence(scopes=tuple(sorted(Scope)))),
    )
    near.refused(
        "every scope that there is, given by the patient",
        Refusal.E_LEGAL_BASIS,
        delegation=a_delegation(scopes=tuple(sorted(Scope))),
    )
    near.refused(
        "a delegation by a device that names no key, of a patient who has none",
        Refusal.E_IDENTITY,
        policy=without,
        delegation=a_delegation(grantor_aik=b""),
    )
    near = book.granted(
        "a delegation on paper, of a patient without a device",
        {},
        **giving(on_paper(), policy=without),
    )
    near.refused(
        "a delegation on paper, of a patient who has a device",
        Refusal.E_LEGAL_BASIS,
        policy=a_policy(),
    )
    near.refused(
        "a delegation on paper that names a key of the patient's",
        Refusal.E_IDENTITY,
        delegation=on_paper(grantor_aik=JEAN.key),
    )
    near.refused(
        "a delegation on paper with an issuer, and without a document",
        Refusal.E_EVIDENCE,
        delegation=on_paper(issuer=b"somebody"),
    )
    book.granted(
        "a paper with its document",
        {},
        **giving(on_paper(evidence=hashed("scan")), policy=without),
    )
    book.granted(
        "a paper with its document, and who issued it",
        {},
        **giving(on_paper(evidence=hashed("scan"), issuer=b"a notary"), policy=without),
    )
    near = book.granted(
        "a delegation on paper that stands when the patient gets a device",
        {},
        **giving(on_paper(), at_us=None),
    )
    near.refused(
        "a delegation on paper given when the patient has a device",
        Refusal.E_LEGAL_BASIS,
        at_us=NOW,
    )
    near = book.granted(
        "a representative whom a court named, with its document", {}, **giving(by_evidence())
    )
    near.refused(
        "a representative without a document",
        Refusal.E_EVIDENCE,
        delegation=by_evidence(evidence=b""),
    )
    near.refused(
        "a representative whose document nobody issued",
        Refusal.E_EVIDENCE,
        delegation=by_evidence(issuer=b""),
    )
    near.refused(
        "a representative of a patient with another key",
        Refusal.E_IDENTITY,
        delegation=by_evidence(grantor_aik=HUGO.key),
    )
    book.granted(
        "a representative of a patient who has no device",
        {},
        **giving(by_evidence(grantor_aik=b""), policy=without),
    )


def _periods(book: Book) -> None:
    def lasting(start: int, end: int) -> Delegation:
        return a_delegation(not_before_us=start, not_after_us=end)

    near = book.granted("a year to the microsecond", {}, **giving(lasting(NOW, NOW + 365 * DAY)))
    near.refused(
        "a year and a microsecond",
        Refusal.E_PERIOD_TOO_LONG,
        delegation=lasting(NOW, NOW + 365 * DAY + 1),
    )
    near = book.granted("a delegation of one microsecond", {}, **giving(lasting(NOW, NOW + 1)))
    near.refused("a delegation of no time", Refusal.E_PERIOD, delegation=lasting(NOW, NOW))
    near.refused(
        "a delegation that ends before it begins",
        Refusal.E_PERIOD,
        delegation=lasting(NOW + 1, NOW),
    )
    near.refused(
        "a delegation of no time, next week",
        Refusal.E_PERIOD,
        delegation=lasting(NOW + 7 * DAY, NOW + 7 * DAY),
    )
    near.refused(
        "a delegation of next week that ends before it begins",
        Refusal.E_PERIOD,
        delegation=lasting(NOW + 8 * DAY, NOW + 7 * DAY),
    )
    near.refused("a delegation that is over", Refusal.E_PERIOD, at_us=NOW + 1)
    book.granted(
        "a delegation that begins next week", {}, **giving(lasting(NOW + 7 * DAY, NOW + 8 * DAY))
    )
