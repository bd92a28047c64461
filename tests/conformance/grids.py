"""Two grids, written by hand from PRODUCT.md: not read from the tables that they hold to account.

Each legal basis against each scope; each frame against a carer who may only read.
"""

from __future__ import annotations

from collections.abc import Mapping

SCOPES = (
    "conversation.read",
    "conversation.send",
    "document.send",
    "document.read",
    "call.join",
    "appointment.manage",
    "dispensation.request",
    "prescription.present",
    "delivery.receive",
    "sensitive.read",
    "decide.assist",
    "decide.final",
)

# In the order of SCOPES: + may be given, - may not.
LEGAL: Mapping[str, str] = {
    "patient_mandate": "+++++++++++-",
    "trusted_person": "++++++++++--",
    "parental_authority": "++++++++++++",
    "guardianship_person": "++++++++++++",
    "family_habilitation_representation": "++++++++++++",
    "family_habilitation_assistance": "+++++++++++-",
    "curatorship": "+++++++++++-",
    "future_protection_mandate": "++++++++++++",
    "de_facto_carer": "------------",
}
BY_THE_PATIENT = frozenset({"patient_mandate", "trusted_person", "de_facto_carer"})
"""The others are brought by a pharmacist, who saw a document."""

ANYONE, READS, SENDS, CALLS, NEVER = "anyone", "reads", "sends", "calls", "never"
FRAMES: Mapping[str, str] = {
    "hello": ANYONE,
    "ping": ANYONE,
    "key_packages.publish": ANYONE,
    "key_packages.claim": NEVER,
    "patients.list": NEVER,
    "conversation.create": NEVER,
    "group.commit": READS,
    "group.info": READS,
    "group.receipt": READS,
    "group.stuck": READS,
    "group.succeed": NEVER,
    "device.retire": ANYONE,
    "identity.enrol": ANYONE,
    "identity.list": ANYONE,
    "device.certify": ANYONE,
    "device.list": ANYONE,
    "device.link": ANYONE,
    "recovery.keep": ANYONE,
    "recovery.ask": ANYONE,
    "staff.list": NEVER,
    "staff.certify": NEVER,
    "account.revoke": NEVER,
    "account.revocations": NEVER,
    "carers.list": NEVER,
    "carers.link": NEVER,
    "carers.code": ANYONE,
    "delegation.propose": NEVER,
    "delegation.confirm": NEVER,
    "delegation.accept": ANYONE,
    "delegation.end": ANYONE,
    "access.list": NEVER,
    "log.consistency": ANYONE,
    "message.send": SENDS,
    "cursor.advance": READS,
    "call.open": CALLS,
    "call.ring": NEVER,
    "call.accept": CALLS,
    "call.decline": CALLS,
    "call.hang_up": CALLS,
    "call.delay": NEVER,
    "call.connected": CALLS,
    "call.pair_lost": CALLS,
    "call.incident": CALLS,
    "call.turn": CALLS,
    "call.signal": CALLS,
    "audit.conversations": NEVER,
    "audit.timeline": NEVER,
    "audit.verify": NEVER,
    "audit.page": NEVER,
}
"""What a carer needs for each frame: nothing, a scope, or another role."""
