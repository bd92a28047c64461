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
    CALL_NOT_MEMBER = "call.not_member"
    CALL_NOT_AUTHORIZED = "call.not_authorized"
    CALL_DELEGATION_EXPIRED = "call.delegation_expired"
    CALL_DELEGATION_REVOKED = "call.delegation_revoked"
    CALL_BUSY = "call.busy"
    CALL_TAKEN = "call.taken"
    CALL_DECLINED = "call.declined"
    CALL_TIMEOUT = "call.timeout"
    CALL_CANCELLED = "call.cancelled"
    CALL_FULL = "call.full"
    CALL_WRONG_STATE = "call.wrong_state"
    CALL_STALE_GENERATION = "call.stale_generation"
    CALL_WRONG_ROLE = "call.wrong_role"
    CALL_RATE_LIMITED = "call.rate_limited"
    CALL_TOO_LARGE = "call.too_large"
    CALL_TURN_UNAVAILABLE = "call.turn_unavailable"
    CALL_DEVICE_DENIED = "call.device_denied"
    CALL_NO_DEVICE = "call.no_device"
    CALL_NETWORK_BLOCKED = "call.network_blocked"
    CALL_FINGERPRINT_MISMATCH = "call.fingerprint_mismatch"
    CALL_IDENTITY_CHANGED = "call.identity_changed"
    CALL_MEDIA_LOST = "call.media_lost"
    CALL_PEER_LEFT = "call.peer_left"
    CALL_TRANSFERRED = "call.transferred"
    CALL_SERVER_RESTART = "call.server_restart"
    E_GROUP_INFO = "E_GROUP_INFO"
    E_KEY_PACKAGE = "E_KEY_PACKAGE"
    E_SENDER = "E_SENDER"
    E_COMMIT = "E_COMMIT"
    E_POLICY = "E_POLICY"
    E_REMOVE_PENDING = "E_REMOVE_PENDING"
    E_RECEIPT = "E_RECEIPT"
    E_DEVICE_RETIRED = "E_DEVICE_RETIRED"
    E_IDENTITY = "E_IDENTITY"
    E_IDENTITY_TAKEN = "E_IDENTITY_TAKEN"
    E_DEVICE_CERTIFICATE = "E_DEVICE_CERTIFICATE"
    E_STAFF_CERTIFICATE = "E_STAFF_CERTIFICATE"
    E_CARER_CODE = "E_CARER_CODE"
    E_SIGNATURE = "E_SIGNATURE"
    E_FOUR_EYES = "E_FOUR_EYES"
    E_CLOCK = "E_CLOCK"
    E_SCOPE = "E_SCOPE"
    E_CAPACITY = "E_CAPACITY"
    E_ACTING_FOR = "E_ACTING_FOR"
    E_NO_DELEGATION = "E_NO_DELEGATION"
    E_DELEGATION_EXPIRED = "E_DELEGATION_EXPIRED"
    E_DELEGATION_REVOKED = "E_DELEGATION_REVOKED"
    E_DELEGATION_SUSPENDED = "E_DELEGATION_SUSPENDED"
    E_DELEGATION_RESIGNED = "E_DELEGATION_RESIGNED"
    E_LEGAL_BASIS = "E_LEGAL_BASIS"
    E_EVIDENCE = "E_EVIDENCE"
    E_SELF_DELEGATION = "E_SELF_DELEGATION"
    E_SUB_DELEGATION = "E_SUB_DELEGATION"
    E_STAFF_GRANTEE = "E_STAFF_GRANTEE"
    E_PERIOD = "E_PERIOD"
    E_PERIOD_TOO_LONG = "E_PERIOD_TOO_LONG"
    E_UNKNOWN_SCOPE = "E_UNKNOWN_SCOPE"
    E_DUPLICATE_DELEGATION = "E_DUPLICATE_DELEGATION"
    E_STALE_CONFIRMATION = "E_STALE_CONFIRMATION"
    E_NOT_CONFIRMED = "E_NOT_CONFIRMED"
    E_NOT_ACCEPTED = "E_NOT_ACCEPTED"
    E_ALREADY_ENDED = "E_ALREADY_ENDED"


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


_OVER = CodeRow(
    Retry.NEVER,
    "Cette autorisation est terminée. Questions : appelez votre pharmacie.",
    "Cette autorisation est terminée. Appelez votre pharmacie.",
    audited=True,
)
"""However it ended, the carer reads the same: why is between the patient and the pharmacy."""

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
    Code.CALL_NOT_MEMBER: CodeRow(
        Retry.NEVER,
        "Cette visio n’est pas ouverte pour vous. Revenez à la liste de vos conversations.",
        "Cette visio n’est pas pour vous. Revenez à la liste.",
        audited=True,
    ),
    Code.CALL_NOT_AUTHORIZED: CodeRow(
        Retry.NEVER,
        "Votre rôle ne permet pas cet acte pendant une visio. Demandez à un pharmacien.",
        "Vous ne pouvez pas faire cela. Demandez au pharmacien.",
        audited=True,
    ),
    Code.CALL_DELEGATION_EXPIRED: _OVER,
    Code.CALL_DELEGATION_REVOKED: _OVER,
    Code.CALL_BUSY: CodeRow(
        Retry.CHANGED,
        "Une autre visio est déjà en cours sur cet appareil. Raccrochez-la, puis recommencez.",
        "Une autre visio est en cours. Raccrochez d’abord.",
        audited=True,
    ),
    Code.CALL_TAKEN: CodeRow(
        Retry.NEVER,
        "La visio a été prise sur un autre de vos appareils. Continuez sur celui-là.",
        "Vous avez répondu sur un autre appareil. Continuez sur celui-là.",
        audited=True,
    ),
    Code.CALL_DECLINED: CodeRow(
        Retry.NEVER,
        "La visio a été refusée. Vous pouvez continuer par message ou par téléphone.",
        "La visio est refusée. Écrivez un message ou téléphonez.",
        audited=True,
    ),
    Code.CALL_TIMEOUT: CodeRow(
        Retry.CHANGED,
        "Personne n’a répondu. Proposez un message, un appel téléphonique ou un autre créneau.",
        "Personne n’a répondu. Essayez par message ou par téléphone.",
        audited=True,
    ),
    Code.CALL_CANCELLED: CodeRow(
        Retry.NEVER,
        "L’appel a été annulé avant la réponse. La pharmacie peut rappeler ; "
        "vous pouvez lui écrire.",
        "L’appel est annulé. Vous pouvez écrire à la pharmacie.",
        audited=True,
    ),
    Code.CALL_FULL: CodeRow(
        Retry.CHANGED,
        "La visio compte déjà quatre personnes. Quelqu’un doit la quitter avant d’y entrer.",
        "La visio est complète : quatre personnes.",
        audited=True,
    ),
    Code.CALL_WRONG_STATE: CodeRow(
        Retry.NEVER,
        "Cette visio est terminée ou n’en est pas là. Fermez cet écran et recommencez.",
        "Cette visio est terminée. Fermez cet écran.",
        audited=True,
    ),
    Code.CALL_STALE_GENERATION: CodeRow(
        Retry.CHANGED,
        "La liaison de cette visio vient d’être refaite. Votre appareil suit tout seul.",
        "La liaison est refaite. Votre appareil suit tout seul.",
        audited=True,
    ),
    Code.CALL_WRONG_ROLE: CodeRow(
        Retry.NEVER,
        "Ce n’est pas à cet appareil de proposer la liaison. Il attend celle de l’autre.",
        "Cet appareil attend l’autre. Il n’y a rien à faire.",
        audited=True,
    ),
    Code.CALL_RATE_LIMITED: CodeRow(
        Retry.LATER,
        "La liaison a été refaite trop souvent en une minute. "
        "Vérifiez le réseau ; en attendant, continuez par message.",
        "La liaison coupe trop souvent. Continuez par message.",
        audited=True,
    ),
    Code.CALL_TOO_LARGE: CodeRow(
        Retry.NEVER,
        "Cette proposition de liaison est trop longue. Rechargez la page et reprenez la visio.",
        "Rechargez la page et reprenez la visio.",
        audited=True,
    ),
    Code.CALL_TURN_UNAVAILABLE: CodeRow(
        Retry.LATER,
        "Le relais de la visio n’est pas disponible. Essayez un autre réseau, "
        "ou continuez par message.",
        "Le relais ne marche pas. Changez de réseau ou écrivez.",
        audited=True,
    ),
    Code.CALL_DEVICE_DENIED: CodeRow(
        Retry.CHANGED,
        "Le navigateur n’a pas le droit d’utiliser la caméra ou le micro. "
        "Autorisez-les près de l’adresse, ou entrez sans.",
        "Autorisez la caméra et le micro, ou entrez sans.",
        audited=True,
    ),
    Code.CALL_NO_DEVICE: CodeRow(
        Retry.CHANGED,
        "Aucune caméra ou aucun micro n’a été trouvé. Branchez-en un, ou entrez sans.",
        "Pas de caméra ou pas de micro. Vous pouvez entrer sans.",
        audited=True,
    ),
    Code.CALL_NETWORK_BLOCKED: CodeRow(
        Retry.CHANGED,
        "Ce réseau empêche la visio. Essayez le téléphone mobile ou un autre Wi-Fi, "
        "ou continuez par message.",
        "Ce réseau bloque la visio. Changez de réseau ou écrivez.",
        audited=True,
    ),
    Code.CALL_FINGERPRINT_MISMATCH: CodeRow(
        Retry.NEVER,
        "La clé de la visio ne correspond pas à la personne attendue : rien n’a été montré. "
        "Rappelez ; si cela se répète, téléphonez à la pharmacie.",
        "La visio n’est pas sûre : elle est coupée. Téléphonez à la pharmacie.",
        audited=True,
    ),
    Code.CALL_IDENTITY_CHANGED: CodeRow(
        Retry.NEVER,
        "Ce n’est pas la personne attendue qui a signé cette liaison : rien n’a été montré. "
        "Rappelez ; si cela se répète, téléphonez à la pharmacie.",
        "Ce n’est pas la bonne personne : la visio est coupée. Téléphonez à la pharmacie.",
        audited=True,
    ),
    Code.CALL_MEDIA_LOST: CodeRow(
        Retry.CHANGED,
        "L’image et le son n’ont pas pu être rétablis. Rappelez en un geste, "
        "ou continuez par message.",
        "L’image est coupée. Rappelez ou écrivez.",
        audited=True,
    ),
    Code.CALL_PEER_LEFT: CodeRow(
        Retry.NEVER,
        "L’autre personne a quitté la visio. Vous pouvez continuer par message.",
        "L’autre personne est partie. Vous pouvez écrire.",
        audited=True,
    ),
    Code.CALL_TRANSFERRED: CodeRow(
        Retry.NEVER,
        "La visio a été confiée à un autre pharmacien. Il vous reprend dans un instant.",
        "Un autre pharmacien vous reprend.",
        audited=True,
    ),
    Code.CALL_SERVER_RESTART: CodeRow(
        Retry.LATER,
        "Le serveur redémarre. La visio continue ; les commandes reviennent dans un instant.",
        "Le serveur redémarre. La visio continue.",
        audited=True,
    ),
    Code.E_GROUP_INFO: CodeRow(
        Retry.NEVER,
        "L’état de chiffrement envoyé par cet appareil n’est pas valable : rien n’a changé. "
        "Rechargez la page ; si cela se répète, appelez la pharmacie.",
        "Le chiffrement n’est pas valable. Rechargez la page.",
        audited=True,
    ),
    Code.E_KEY_PACKAGE: CodeRow(
        Retry.CHANGED,
        "Les clés publiées par cet appareil ne sont pas valables. "
        "Vérifiez l’heure de l’appareil, puis rechargez la page.",
        "Vérifiez l’heure de l’appareil, puis rechargez la page.",
        audited=True,
    ),
    Code.E_SENDER: CodeRow(
        Retry.NEVER,
        "Ce changement porte la signature d’un autre appareil : rien n’a changé. "
        "Rechargez la page ; si cela se répète, appelez la pharmacie.",
        "Ce changement vient d’un autre appareil. Rechargez la page.",
        audited=True,
    ),
    Code.E_COMMIT: CodeRow(
        Retry.NEVER,
        "Ce changement du groupe n’est pas valable : rien n’a changé. "
        "Rechargez la page ; si cela se répète, appelez la pharmacie.",
        "Ce changement n’est pas valable. Rechargez la page.",
        audited=True,
    ),
    Code.E_POLICY: CodeRow(
        Retry.NEVER,
        "Les règles de la conversation ne permettent pas ce changement. "
        "Demandez à un pharmacien de le faire.",
        "Vous ne pouvez pas changer cela. Demandez au pharmacien.",
        audited=True,
    ),
    Code.E_REMOVE_PENDING: CodeRow(
        Retry.CHANGED,
        "Un appareil est en cours de retrait. Votre envoi partira dès que ce sera fait, "
        "sans rien refaire.",
        "Un appareil est en cours de retrait. Votre envoi partira ensuite.",
        audited=True,
    ),
    Code.E_RECEIPT: CodeRow(
        Retry.NEVER,
        "La confirmation de cet appareil ne correspond pas à la conversation. "
        "Rechargez la page ; si cela se répète, appelez la pharmacie.",
        "Cet appareil n’est pas d’accord avec les autres. Rechargez la page.",
        audited=True,
    ),
    Code.E_DEVICE_RETIRED: CodeRow(
        Retry.NEVER,
        "Cet appareil a été retiré de votre compte. "
        "Utilisez un autre de vos appareils, ou appelez la pharmacie.",
        "Cet appareil a été retiré. Prenez-en un autre ou téléphonez.",
        audited=True,
    ),
    Code.E_IDENTITY: CodeRow(
        Retry.NEVER,
        "Le certificat envoyé par cet appareil ne correspond pas à cette personne : rien n’a "
        "changé. Rechargez la page ; si cela se répète, appelez la pharmacie.",
        "Ce certificat n’est pas le bon. Rechargez la page ou téléphonez.",
        audited=True,
    ),
    Code.E_IDENTITY_TAKEN: CodeRow(
        Retry.NEVER,
        "Vous avez déjà une clé de compte sur un autre appareil. Reliez celui-ci depuis l’autre, "
        "ou saisissez votre code de secours.",
        "Vous utilisez déjà Colloque ailleurs. Reliez cet appareil ou tapez votre code.",
        audited=True,
    ),
    Code.E_DEVICE_CERTIFICATE: CodeRow(
        Retry.CHANGED,
        "Cet appareil n’est pas encore relié à votre compte. Reliez-le depuis un autre de vos "
        "appareils, ou saisissez votre code de secours.",
        "Cet appareil n’est pas relié. Prenez votre autre appareil ou votre code.",
        audited=True,
    ),
    Code.E_STAFF_CERTIFICATE: CodeRow(
        Retry.CHANGED,
        "Le pharmacien titulaire n’a pas encore confirmé que vous faites partie de l’équipe. "
        "Demandez-lui de le faire.",
        "Le titulaire doit d’abord confirmer que vous êtes de l’équipe. Demandez-lui.",
        audited=True,
    ),
    Code.E_CARER_CODE: CodeRow(
        Retry.NEVER,
        "Ce code d’aidant n’est pas valable ou a déjà servi. Demandez à votre aidant celui que "
        "son écran montre maintenant.",
        "Ce code ne marche pas. Demandez-en un autre à votre aidant.",
        audited=True,
    ),
    Code.E_SIGNATURE: CodeRow(
        Retry.NEVER,
        "La signature de cet acte ne correspond pas à la clé de la personne : rien n’a changé. "
        "Rechargez la page ; si cela se répète, appelez la pharmacie.",
        "La signature n’est pas la bonne. Rechargez la page ou téléphonez.",
        audited=True,
    ),
    Code.E_FOUR_EYES: CodeRow(
        Retry.NEVER,
        "Cet acte demande deux pharmaciens différents, et aucun ne peut être la personne "
        "concernée. Demandez à un autre pharmacien.",
        "Il faut deux pharmaciens différents. Demandez à un autre pharmacien.",
        audited=True,
    ),
    Code.E_CLOCK: CodeRow(
        Retry.CHANGED,
        "L’heure de cet appareil et celle du serveur ne s’accordent pas. "
        "Votre appareil se met à l’heure et recommence ; sinon, réglez son heure.",
        "L’heure de l’appareil n’est pas juste. Réglez-la, puis recommencez.",
        audited=True,
    ),
    Code.E_SCOPE: CodeRow(
        Retry.NEVER,
        "Cette autorisation ne permet pas cet acte. Le patient peut en donner une autre, ou "
        "faire l’acte lui-même.",
        "Vous n’avez pas le droit de faire cela. Demandez au patient.",
        audited=True,
    ),
    Code.E_CAPACITY: CodeRow(
        Retry.NEVER,
        "Une décision au nom du patient demande que la pharmacie ait noté, pour cette "
        "décision, s’il peut décider lui-même. Appelez la pharmacie.",
        "La pharmacie doit d’abord voir si le patient peut décider. Appelez-la.",
        audited=True,
    ),
    Code.E_ACTING_FOR: CodeRow(
        Retry.NEVER,
        "Cet envoi ne dit pas au nom de qui il est fait, ou le dit mal. Rechargez la page et "
        "écrivez à nouveau.",
        "Rechargez la page et écrivez à nouveau.",
        audited=True,
    ),
    Code.E_NO_DELEGATION: CodeRow(
        Retry.NEVER,
        "Aucune autorisation ne vous permet d’agir ici. Le patient peut en donner une depuis "
        "« Mes aidants ».",
        "Vous n’avez pas d’autorisation. Demandez au patient.",
        audited=True,
    ),
    Code.E_DELEGATION_EXPIRED: _OVER,
    Code.E_DELEGATION_REVOKED: _OVER,
    Code.E_DELEGATION_SUSPENDED: _OVER,
    Code.E_DELEGATION_RESIGNED: _OVER,
    Code.E_LEGAL_BASIS: CodeRow(
        Retry.NEVER,
        "Ce fondement juridique ne permet pas ce qui est demandé. Retirez les droits qu’il "
        "ne couvre pas, ou choisissez un autre fondement.",
        "Ce titre ne donne pas ces droits. Choisissez-en d’autres.",
        audited=True,
    ),
    Code.E_EVIDENCE: CodeRow(
        Retry.NEVER,
        "Il manque le document qui prouve ce titre, ou celui qui l’a émis. Joignez-le, puis "
        "recommencez.",
        "Il manque un document. Ajoutez-le, puis recommencez.",
        audited=True,
    ),
    Code.E_SELF_DELEGATION: CodeRow(
        Retry.NEVER,
        "On ne peut pas s’autoriser soi-même. Choisissez une autre personne.",
        "Choisissez une autre personne que vous.",
        audited=True,
    ),
    Code.E_SUB_DELEGATION: CodeRow(
        Retry.NEVER,
        "Seul le patient peut autoriser un aidant ; un aidant ne peut pas transmettre la "
        "sienne. Demandez au patient.",
        "Seul le patient peut donner cette autorisation.",
        audited=True,
    ),
    Code.E_STAFF_GRANTEE: CodeRow(
        Retry.NEVER,
        "Une personne de la pharmacie ne peut pas être aidante d’un patient de la pharmacie. "
        "Choisissez une autre personne.",
        "Cette personne travaille à la pharmacie. Choisissez-en une autre.",
        audited=True,
    ),
    Code.E_PERIOD: CodeRow(
        Retry.NEVER,
        "Cette autorisation finirait avant de commencer, ou serait déjà finie. Corrigez les dates.",
        "Les dates ne vont pas. Corrigez-les.",
        audited=True,
    ),
    Code.E_PERIOD_TOO_LONG: CodeRow(
        Retry.NEVER,
        "Une autorisation dure au plus 365 jours. Choisissez une date de fin plus proche.",
        "La date de fin est trop loin. Un an au plus.",
        audited=True,
    ),
    Code.E_UNKNOWN_SCOPE: CodeRow(
        Retry.NEVER,
        "Un des droits demandés n’existe pas. Rechargez la page et choisissez dans la liste.",
        "Un des droits n’existe pas. Rechargez la page.",
        audited=True,
    ),
    Code.E_DUPLICATE_DELEGATION: CodeRow(
        Retry.NEVER,
        "Cette personne a déjà une autorisation dans cette conversation. Retirez-la d’abord, "
        "ou attendez sa fin.",
        "Cette personne a déjà une autorisation. Retirez-la d’abord.",
        audited=True,
    ),
    Code.E_STALE_CONFIRMATION: CodeRow(
        Retry.CHANGED,
        "Le texte confirmé n’est pas celui qui est proposé. Relisez l’autorisation et "
        "confirmez à nouveau.",
        "Le texte a changé. Relisez et recommencez.",
        audited=True,
    ),
    Code.E_NOT_CONFIRMED: CodeRow(
        Retry.CHANGED,
        "Un pharmacien doit d’abord confirmer cette autorisation. Vous serez prévenu.",
        "La pharmacie doit d’abord dire oui.",
        audited=True,
    ),
    Code.E_NOT_ACCEPTED: CodeRow(
        Retry.CHANGED,
        "L’aidant n’a pas encore accepté cette autorisation. Il doit d’abord se connecter et "
        "l’accepter.",
        "L’aidant doit d’abord accepter.",
        audited=True,
    ),
    Code.E_ALREADY_ENDED: CodeRow(
        Retry.NEVER,
        "Cette autorisation est déjà terminée : il n’y a rien de plus à faire.",
        "Cette autorisation est déjà terminée.",
        audited=True,
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
