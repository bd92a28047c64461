"""Every refusal and every close of a connection that a client can meet.

One row per code: what it means for the machine (try again or not) and one sentence for the person,
in two reading levels, that says what to do next. Codes stand in the audit log: never renamed,
never reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Code(StrEnum):
    """Why a frame or a request was refused."""

    E_MALFORMED = "E_MALFORMED"
    E_SESSION = "E_SESSION"
    E_ORIGIN = "E_ORIGIN"
    E_DEVICE = "E_DEVICE"
    E_ROLE = "E_ROLE"
    E_TENANT = "E_TENANT"
    E_KIND = "E_KIND"
    E_NOT_FOUND = "E_NOT_FOUND"
    E_EPOCH = "E_EPOCH"
    E_ID_REUSED = "E_ID_REUSED"
    E_KEY_PACKAGE_USED = "E_KEY_PACKAGE_USED"
    E_NO_KEY_PACKAGE = "E_NO_KEY_PACKAGE"
    E_FRANKING = "E_FRANKING"
    E_RATE = "E_RATE"
    E_BUSY = "E_BUSY"
    E_INTERNAL = "E_INTERNAL"


class Retry(StrEnum):
    """What a client does with a refusal."""

    NEVER = "never"
    """The same frame will be refused again."""
    CHANGED = "changed"
    """Once the reason is mended (processed the commits, claimed another package)."""
    LATER = "later"
    """The same frame, after a pause."""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: when to try again, and the sentence in two reading levels."""

    retry: Retry
    text: str
    simple: str
    audited: bool
    """A policy refusal of a signed-in device is an audit entry; faults of form are metrics."""


CODES: Mapping[Code, CodeRow] = {
    Code.E_MALFORMED: CodeRow(
        Retry.NEVER,
        "Cette demande est illisible pour le serveur. Rechargez la page ; si cela se répète, "
        "appelez la pharmacie.",
        "Le serveur n’a pas compris. Rechargez la page.",
        audited=False,
    ),
    Code.E_SESSION: CodeRow(
        Retry.NEVER,
        "Votre session est terminée. Reconnectez-vous pour continuer ; rien n’est perdu.",
        "Il faut se reconnecter. Rien n’est perdu.",
        audited=False,
    ),
    Code.E_ORIGIN: CodeRow(
        Retry.NEVER,
        "Cette demande vient d’une autre adresse que celle de la pharmacie. "
        "Ouvrez Colloque depuis son adresse habituelle.",
        "Ouvrez Colloque depuis son adresse habituelle.",
        audited=False,
    ),
    Code.E_DEVICE: CodeRow(
        Retry.NEVER,
        "Cet appareil est déjà enregistré autrement. Déconnectez-vous puis reconnectez-vous.",
        "Cet appareil n’est pas reconnu. Reconnectez-vous.",
        audited=True,
    ),
    Code.E_ROLE: CodeRow(
        Retry.NEVER,
        "Votre rôle ne permet pas cet acte. Demandez à un pharmacien de le faire.",
        "Vous ne pouvez pas faire cela. Demandez au pharmacien.",
        audited=True,
    ),
    Code.E_TENANT: CodeRow(
        Retry.NEVER,
        "Cette personne ne fait pas partie de cette pharmacie. "
        "Vérifiez le nom dans la liste des patients.",
        "Cette personne n’est pas dans cette pharmacie. Vérifiez le nom.",
        audited=True,
    ),
    Code.E_KIND: CodeRow(
        Retry.NEVER,
        "Cet acte n’existe pas dans ce genre de conversation. "
        "Choisissez une autre conversation ou un autre acte.",
        "On ne peut pas faire cela ici.",
        audited=True,
    ),
    Code.E_NOT_FOUND: CodeRow(
        Retry.NEVER,
        "Cette conversation n’est pas accessible. Revenez à la liste de vos conversations.",
        "Cette conversation n’est pas ouverte pour vous. Revenez à la liste.",
        audited=True,
    ),
    Code.E_EPOCH: CodeRow(
        Retry.CHANGED,
        "La liste des personnes vient de changer. Votre appareil se met à jour et recommence.",
        "La liste des personnes a changé. Votre appareil recommence tout seul.",
        audited=True,
    ),
    Code.E_ID_REUSED: CodeRow(
        Retry.NEVER,
        "Un autre envoi porte déjà ce numéro. Écrivez le message à nouveau.",
        "Écrivez le message à nouveau.",
        audited=True,
    ),
    Code.E_KEY_PACKAGE_USED: CodeRow(
        Retry.CHANGED,
        "Cette clé a déjà servi. Votre appareil en demande une autre et recommence.",
        "Votre appareil recommence tout seul.",
        audited=True,
    ),
    Code.E_NO_KEY_PACKAGE: CodeRow(
        Retry.CHANGED,
        "L’appareil de cette personne ne s’est pas encore présenté. "
        "Elle sera ajoutée dès qu’elle ouvrira Colloque.",
        "Cette personne n’a pas encore ouvert Colloque. Elle sera ajoutée ensuite.",
        audited=True,
    ),
    Code.E_FRANKING: CodeRow(
        Retry.NEVER,
        "Les données authentifiées de ce message ne correspondent pas à cette conversation. "
        "Rechargez la page et écrivez à nouveau.",
        "Rechargez la page et écrivez à nouveau.",
        audited=True,
    ),
    Code.E_RATE: CodeRow(
        Retry.LATER,
        "Trop d’envois en peu de temps. Votre appareil reprend dans un instant.",
        "Trop d’envois. Cela reprend dans un instant.",
        audited=False,
    ),
    Code.E_BUSY: CodeRow(
        Retry.LATER,
        "Le serveur ne peut pas enregistrer l’acte maintenant. "
        "Rien n’est perdu : votre appareil recommence.",
        "Le serveur est occupé. Votre appareil recommence tout seul.",
        audited=False,
    ),
    Code.E_INTERNAL: CodeRow(
        Retry.LATER,
        "Une erreur est survenue dans le serveur. Rien n’a été enregistré ; "
        "votre appareil recommence.",
        "Le serveur a eu un problème. Votre appareil recommence tout seul.",
        audited=False,
    ),
}


class Close(IntEnum):
    """WebSocket close codes: 4400-4499 do not reconnect, 4500-4599 reconnect."""

    MALFORMED = 4400
    SESSION = 4401
    FORBIDDEN = 4403
    SUPERSEDED = 4409
    """The same device opened another connection."""
    TOO_SLOW = 4500
    """More than 64 KiB was waiting; come back and resume by cursor."""
    DRAINING = 4501
    """The hub restarts; come back after the pause it told."""
    SILENT = 4502
    """Nothing was heard for 60 s."""
    UNAVAILABLE = 4503
    """The hub could not serve the connection now (full, or the database is away)."""


def reconnects(close: int) -> bool:
    """Tell whether a client comes back after this close code.

    Codes outside 4400-4499 (a network that broke, 1006) always reconnect, except 1009: the
    library's own answer to a frame beyond every bound, which the same frame would meet again.
    """
    return not (4400 <= close <= 4499) and close != 1009
