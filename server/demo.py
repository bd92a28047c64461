"""The demonstration: two pharmacies and the fictional people who live in them.

Each persona lives on an origin of its own, `http://NAME.localhost:PORT`, so that two tabs of one
browser are two people. Nobody proves anything to become one of them: this module is loaded by
`colloque demo` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from crypto.policy.vocabulary import Profession, Role
from server.domain.people import Person, Pharmacy
from server.ports import Database

MARCHE = Pharmacy("990000001", "Pharmacie du Marché", "01 99 00 00 01")
TILLEULS = Pharmacy("990000002", "Pharmacie des Tilleuls", "01 99 00 00 02")


@dataclass(frozen=True, slots=True)
class Persona:
    """A fictional person; `slug` is their subdomain."""

    slug: str
    name: str
    role: Role
    about: str
    pharmacy: Pharmacy
    profession: Profession = Profession.NONE

    @property
    def person(self) -> Person:
        """The person as the hub knows them: the same pseudonym in every demonstration."""
        pseudonym = str(uuid5(NAMESPACE_URL, f"colloque-demo:{self.slug}"))
        return Person(pseudonym, self.pharmacy.finess, self.role, self.profession)


PHARMACIST = Role.PHARMACIST

PERSONAS = (
    Persona(
        "claire", "Claire Morel", PHARMACIST, "Pharmacienne titulaire", MARCHE, Profession.OWNER
    ),
    Persona("hugo", "Hugo Petit", PHARMACIST, "Pharmacien adjoint", MARCHE, Profession.DEPUTY),
    Persona("lea", "Léa Roux", Role.TECHNICIAN, "Préparatrice", MARCHE),
    Persona("jean", "Jean Lefèvre", Role.PATIENT, "Patient, 82 ans", MARCHE),
    Persona("sophie", "Sophie Lefèvre", Role.CARER, "Sa fille, aidante", MARCHE),
    Persona("nadia", "Nadia Benali", Role.COURIER, "Livreuse", MARCHE),
    Persona("marc", "Marc Tellier", Role.COMPLIANCE_OFFICER, "Responsable conformité", MARCHE),
    Persona("ines", "Inès Garnier", Role.SECOND_REVIEWER, "Seconde contrôleuse", MARCHE),
    Persona("paul", "Paul Girard", PHARMACIST, "Pharmacien titulaire", TILLEULS, Profession.OWNER),
    Persona("rose", "Rose Martin", Role.PATIENT, "Patiente", TILLEULS),
)
RELATIONS = (("jean", "sophie"),)
"""Patient and carer: whom a patient may name without a code."""


def seed(database: Database) -> None:
    """Make the demonstration's people, once."""
    with database.write() as tx:
        there = {pharmacy.finess for pharmacy in tx.tenants.all()}
        for pharmacy in (MARCHE, TILLEULS):
            if pharmacy.finess not in there:
                tx.tenants.open(pharmacy)
        for persona in PERSONAS:
            known = tx.people.find(persona.person.id)
            if known is None:
                tx.people.enrol(persona.person, persona.name)
            elif known.profession is not persona.profession:
                # A demonstration from before there were professions.
                tx.staff.appoint(known.id, persona.profession)
        people = {persona.slug: persona.person.id for persona in PERSONAS}
        for patient, carer in RELATIONS:
            tx.carers.relate(people[patient], people[carer], 0)
        tx.seal()
