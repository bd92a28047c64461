"""Credentials: whose a leaf is, and who may say so."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from crypto.policy.identity import CREDENTIAL_TYPE, CredentialParts
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, Refusal
from tests.crypto.policy.case import Book
from tests.crypto.policy.world import (
    A_YEAR,
    ALICE,
    AUTHORITY,
    CLAIRE,
    CONVERSATION,
    ELSEWHERE,
    HUGO,
    JEAN,
    LEA,
    NOW,
    PAUL,
    PHARMACY,
    SOPHIE,
    Leaf,
    Person,
    device_id,
    device_of,
    hashed,
    identity_of,
    key,
    leaf,
    named,
    staff_of,
)

E: Final = Refusal.E_IDENTITY


def showing(one: Leaf, **more: Any) -> dict[str, Any]:
    """Return what goes into the decision about a leaf."""
    return {
        "type": CREDENTIAL_TYPE,
        "content": one.parts,
        "signature_key": one.signature_key,
        "owner_aik": CLAIRE.key,
        "pharmacy": PHARMACY,
        "at_us": NOW,
    } | more


def believed(person: Person, **changes: Any) -> dict[str, Any]:
    """Return what is believed of a leaf."""
    return {
        "person": named(person).person,
        "device": named(person).device,
        "role": person.role.value,
        "profession": person.profession.value,
        "staff": person in (CLAIRE, HUGO, LEA),
        "certificate": hashed_certificate(person),
    } | changes


def hashed_certificate(person: Person) -> str:
    """Return the hash by which the log knows a person's certificate."""
    return hashlib.sha256(identity_of(person)).hexdigest()


def cases() -> list[dict[str, Any]]:
    """Return all of them."""
    book = Book("credential")
    for write in (_identities, _devices, _staff, _times):
        write(book)
    return book.cases


def _identities(book: Book) -> None:
    near = book.granted("a patient's tablet", believed(JEAN), **showing(leaf(JEAN)))

    def patient(**changes: Any) -> CredentialParts:
        return leaf(JEAN, identity=identity_of(JEAN, **changes)).parts

    near.refused("a basic credential", E, type=1)
    near.refused("a credential of another private type", E, type=CREDENTIAL_TYPE + 1)
    near.refused("a credential cut short", E, content=leaf(JEAN).parts.encode()[:-1])
    near.refused(
        "a credential with something behind it", E, content=leaf(JEAN).parts.encode() + b"\x00"
    )
    near.refused("an empty credential", E, content=b"")
    near.refused(
        "an identity that another authority certified", E, content=patient(by=key("operator"))
    )
    near.refused("an identity that its person certified", E, content=patient(by=JEAN.aik))
    near.refused(
        "an identity of another deployment", E, content=patient(deployment="other.example")
    )
    near.refused(
        "an identity for one conversation alone", E, content=patient(conversation=CONVERSATION)
    )
    near.refused("an identity of a role that there is not", E, content=patient(role="admin"))
    for role in ("courier", "compliance_officer", "second_reviewer"):
        near.refused(f"a leaf of a {role}", E, content=patient(role=role))
    near.refused("a patient with a profession", E, content=patient(profession="owner"))
    near.refused("a profession that there is not", E, content=patient(profession="boss"))
    near.refused("the certificate of another person", E, content=patient(person=ALICE.id))
    near.refused(
        "a patient with a staff certificate",
        E,
        content=leaf(JEAN, staff=staff_of(JEAN, role="technician")).parts,
    )
    near.refused(
        "an identity certificate for another account key", E, content=patient(aik=SOPHIE.key)
    )


def _devices(book: Book) -> None:
    near = book.granted("a carer's telephone", believed(SOPHIE), **showing(leaf(SOPHIE)))

    def device(**changes: Any) -> CredentialParts:
        return leaf(SOPHIE, device=device_of(SOPHIE, **changes)).parts

    near.refused("a device that the authority certified", E, content=device(by=AUTHORITY))
    near.refused("a device that certified itself", E, content=device(by=key("device", "sophie", 1)))
    near.refused("a device that the patient certified", E, content=device(by=JEAN.aik))
    near.refused("a device of another person", E, content=device(person=JEAN.id))
    near.refused("a device of another deployment", E, content=device(deployment="other.example"))
    near.refused(
        "a device for one conversation alone", E, content=device(conversation=CONVERSATION)
    )
    near.refused(
        "a leaf that signs with another key than its certificate's",
        E,
        signature_key=hashed("another key"),
    )
    near.refused(
        "a certificate for another signature key", E, content=device(signature_key=hashed("other"))
    )
    near = book.granted(
        "another device of the same carer",
        believed(SOPHIE, device=named(SOPHIE, 2).device),
        **showing(leaf(SOPHIE, 2)),
    )
    near.refused(
        "one device's certificate in the place of another's",
        E,
        content=leaf(SOPHIE, 2, device=device_of(SOPHIE, 1)).parts,
    )
    assert device_id(SOPHIE) != device_id(SOPHIE, 2)


def _staff(book: Book) -> None:
    owner = book.granted(
        "the owner, without a staff certificate", believed(CLAIRE), **showing(leaf(CLAIRE))
    )
    owner.refused("an owner whose key the conversation does not pin", E, owner_aik=PAUL.key)
    owner.refused(
        "the owner's key, of somebody who is not the owner",
        E,
        content=leaf(CLAIRE, identity=identity_of(CLAIRE, profession="deputy")).parts,
    )
    owner.refused(
        "the owner of another pharmacy",
        E,
        content=leaf(PAUL, staff=b"").parts,
        signature_key=leaf(PAUL).signature_key,
    )
    near = book.granted("a deputy whom the owner certified", believed(HUGO), **showing(leaf(HUGO)))

    def deputy(**changes: Any) -> CredentialParts:
        return leaf(HUGO, staff=staff_of(HUGO, **changes)).parts

    near.refused("a deputy without a staff certificate", E, content=leaf(HUGO, staff=b"").parts)
    near.refused("a deputy whom the authority minted", E, content=deputy(by=AUTHORITY))
    near.refused("a deputy who certified themselves", E, content=deputy(by=HUGO.aik))
    near.refused("a deputy of another owner", E, content=deputy(by=PAUL.aik))
    near.refused("a deputy of another pharmacy", E, content=deputy(pharmacy=ELSEWHERE))
    near.refused("a deputy in a conversation of another pharmacy", E, pharmacy=ELSEWHERE)
    near.refused(
        "a deputy by the certificate of a technician", E, content=deputy(role="technician")
    )
    near.refused("a deputy by the certificate of another person", E, content=deputy(person=LEA.id))
    near.refused(
        "a deputy by the certificate of another account key", E, content=deputy(aik=LEA.key)
    )
    near.refused("a deputy of another deployment", E, content=deputy(deployment="other.example"))
    near.refused(
        "a deputy whom the authority calls an owner",
        E,
        content=leaf(HUGO, staff=b"", identity=identity_of(HUGO, profession="owner")).parts,
    )
    near.refused(
        "a pharmacist without a profession",
        E,
        content=leaf(HUGO, identity=identity_of(HUGO, profession="")).parts,
    )
    near = book.granted(
        "a technician whom the owner certified", believed(LEA), **showing(leaf(LEA))
    )
    near.refused(
        "a technician whom the authority calls a pharmacist",
        E,
        content=leaf(LEA, identity=identity_of(LEA, role="pharmacist", profession="deputy")).parts,
    )
    near.refused(
        "a technician with a staff certificate that names a role without a place in the staff",
        E,
        content=leaf(LEA, staff=staff_of(LEA, role="courier")).parts,
    )


def _times(book: Book) -> None:
    start, end = A_YEAR
    early = start - CLOCK_TOLERANCE_US
    near = book.granted(
        "certificates two minutes before their beginning: clocks disagree",
        believed(HUGO),
        **showing(leaf(HUGO), at_us=early),
    )
    near.refused("certificates a microsecond earlier", E, at_us=early - 1)
    near = book.granted(
        "certificates a microsecond before their end",
        believed(HUGO),
        **showing(leaf(HUGO), at_us=end - 1),
    )
    near.refused("certificates at their end", E, at_us=end)
    near.refused(
        "an identity certificate that ends sooner",
        E,
        content=leaf(HUGO, identity=identity_of(HUGO, not_after_us=end - 1)).parts,
    )
    near.refused(
        "a device certificate that ends sooner",
        E,
        content=leaf(HUGO, device=device_of(HUGO, not_after_us=end - 1)).parts,
    )
    near.refused(
        "a staff certificate that ends sooner",
        E,
        content=leaf(HUGO, staff=staff_of(HUGO, not_after_us=end - 1)).parts,
    )
    near = book.granted(
        "certificates that have expired, of a leaf that stays",
        believed(HUGO),
        **showing(leaf(HUGO), at_us=None),
    )
    near.refused("certificates that have expired, of a leaf that enters", E, at_us=end)
