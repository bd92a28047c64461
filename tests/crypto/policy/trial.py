"""Running the shared vectors: what a file says goes in, and what comes out is put beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from crypto.encoding import Struct
from crypto.errors import CryptoError
from crypto.mls.credential import Credential
from crypto.policy.conversation import (
    CommitData,
    ConversationPolicy,
    DelegationRecord,
    Delegations,
)
from crypto.policy.decision import Granted, Refused
from crypto.policy.delegation import check_delegation, check_ending, check_record
from crypto.policy.identity import (
    CREDENTIAL_TYPE,
    Certified,
    LeafIdentity,
    Trust,
    verify_credential,
)
from crypto.policy.membership import (
    CommitView,
    check_commit,
    check_founding,
    check_state,
    may_act,
)
from crypto.policy.removal import Justified, RemoveJustification, check_removal
from crypto.policy.state import State
from crypto.policy.statements import Delegation
from crypto.policy.vocabulary import Refusal, Role, Scope

DIRECTORY: Final = Path(__file__).parents[2] / "vectors" / "policy"
S = TypeVar("S", bound=Struct)


class No(Exception):
    """A refusal, on its way out."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


def written_file(name: str) -> dict[str, Any]:
    """Return one of the files."""
    file: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_text("utf-8"))
    return file


def run(file: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is decided of a case, as the file would say it."""
    trial = Trial(_resolved(dict(case), file["data"]), _trust(file["trust"]))
    try:
        return {"granted": _CHECKS[case["check"]](trial)}
    except No as exc:
        refused = exc.refused
    breach = {} if refused.breach is None else {"breach": refused.breach.value}
    return {"refused": refused.why.value, **breach}


@dataclass(frozen=True, slots=True)
class Trial:
    """A case, its long values in place."""

    case: Mapping[str, Any]
    trust: Trust

    def hex(self, name: str) -> bytes:
        """Return an input of bytes."""
        return bytes.fromhex(self.case[name])

    def policy(self) -> ConversationPolicy:
        """Return the conversation's policy."""
        return _decoded(ConversationPolicy, self.hex("policy"), Refusal.E_POLICY)

    def delegation(self) -> Delegation:
        """Return the delegation, unsigned."""
        return _decoded(Delegation, self.hex("delegation"), Refusal.E_SIGNATURE)

    def leaf(self, said: Mapping[str, str], policy: ConversationPolicy) -> Certified:
        """Return a leaf, its certificates verified."""
        try:
            return verify_credential(
                Credential(CREDENTIAL_TYPE, bytes.fromhex(said["credential"])),
                signature_key=bytes.fromhex(said["signature_key"]),
                trust=self.trust,
                owner_aik=policy.owner_aik,
                pharmacy=policy.pharmacy,
                at_us=None,
            )
        except CryptoError as exc:
            raise No(Refused(Refusal.E_IDENTITY)) from exc

    def state(self, name: str, known: State | None = None) -> State:
        """Return a group, everything in it verified."""
        said = self.case[name]
        policy = _decoded(ConversationPolicy, bytes.fromhex(said["policy"]), Refusal.E_POLICY)
        listed = _decoded(Delegations, bytes.fromhex(said["delegations"]), Refusal.E_POLICY)
        leaves = [self.leaf(one, policy) for one in said["leaves"]]
        return _or_no(State.of(policy, listed, leaves, self.trust, known=known))


def _credential(trial: Trial) -> dict[str, Any]:
    case = trial.case
    try:
        found = verify_credential(
            Credential(case["type"], trial.hex("content")),
            signature_key=trial.hex("signature_key"),
            trust=trial.trust,
            owner_aik=trial.hex("owner_aik"),
            pharmacy=case["pharmacy"],
            at_us=case["at_us"],
        )
    except CryptoError as exc:
        raise No(Refused(Refusal.E_IDENTITY)) from exc
    return {
        "person": found.identity.person,
        "device": found.identity.device,
        "role": found.role.value,
        "profession": found.profession.value,
        "staff": found.staff,
        "certificate": found.certificate.hex(),
    }


def _state(trial: Trial) -> dict[str, Any]:
    _or_no(check_state(trial.state("state"), trial.case["at_us"]))
    return {}


def _delegation(trial: Trial) -> dict[str, Any]:
    decided = check_delegation(
        trial.delegation(),
        policy=trial.policy(),
        grantee_role=Role(trial.case["grantee_role"]),
        at_us=trial.case["at_us"],
    )
    _or_no(decided)
    return {}


def _record(trial: Trial) -> dict[str, Any]:
    record = _decoded(DelegationRecord, trial.hex("record"), Refusal.E_SIGNATURE)
    found = _or_no(
        check_record(record, policy=trial.policy(), trust=trial.trust, at_us=trial.case["at_us"])
    )
    return {
        "scopes": sorted(found.scopes),
        "confirmed_by": [_text(one.by.person) for one in found.confirmed_by],
        "heard_alone": [one.heard_alone for one in found.confirmed_by],
    }


def _ending(trial: Trial) -> dict[str, Any]:
    ending = _or_no(
        check_ending(
            trial.case["what"],
            trial.hex("statement"),
            trial.hex("staff"),
            delegation=trial.delegation(),
            policy=trial.policy(),
            trust=trial.trust,
            at_us=trial.case["at_us"],
        )
    )
    return {
        "delegation": _text(ending.delegation),
        "ending": ending.state.value,
        "by": _text(ending.by),
        "at_us": ending.at_us,
    }


def _removal(trial: Trial) -> dict[str, Any]:
    state = trial.state("state")
    target = _named(trial.case["target"])
    found = _removed(trial, state, target, trial.case["justification"], trial.case["now_us"])
    ends = [[_text(delegation), ending.value] for delegation, ending in found.ends]
    return {"why": found.why.value, "ends": ends}


def _removed(
    trial: Trial, state: State, target: LeafIdentity, justification: str, now_us: int | None
) -> Justified:
    said = _decoded(RemoveJustification, bytes.fromhex(justification), Refusal.E_SIGNATURE)
    decided = check_removal(
        said,
        target=_leaf_of(state, target),
        state=state,
        transcript=trial.hex("transcript"),
        now_us=now_us,
    )
    return _or_no(decided)


def _commit(trial: Trial) -> dict[str, Any]:
    case = trial.case
    before = trial.state("before")
    due = {
        _named(one): _removed(trial, before, _named(one), one["justification"], None)
        for one in case["due"]
    }
    after = trial.state("after", known=before)
    data = _decoded(CommitData, trial.hex("data"), Refusal.E_POLICY)
    view = CommitView(
        committer=_leaf_of(after if case["external"] else before, _named(case["committer"])),
        external=case["external"],
        added=frozenset(map(_named, case["added"])),
        removed=frozenset(map(_named, case["removed"])),
        due=due,
        barred=frozenset(map(_named, case["barred"])),
        ended=frozenset(UUID(one).bytes for one in case["ended"]),
        withdrawn={
            UUID(one).bytes: frozenset(map(Scope, scopes))
            for one, scopes in case["withdrawn"].items()
        },
        statements=data.statements,
        known_proposals=case["known_proposals"],
        same_other_extensions=case["same_other_extensions"],
    )
    decided = check_commit(
        before,
        view,
        after,
        data.at_us,
        not_below_us=case["not_below_us"],
        now_us=case["now_us"],
        catching_up=case["catching_up"],
    )
    return _by(_or_no(decided))


def _act(trial: Trial) -> dict[str, Any]:
    state = trial.state("state")
    decided = may_act(
        trial.leaf(trial.case["leaf"], state.policy),
        trial.case["act"],
        state,
        acting_for=trial.hex("acting_for"),
        delegation=trial.hex("delegation"),
        delegation_version=trial.case["delegation_version"],
        at_us=trial.case["at_us"],
    )
    return _by(_or_no(decided))


def _founding(trial: Trial) -> dict[str, Any]:
    before = None if trial.case["before"] is None else trial.state("before")
    decided = check_founding(
        trial.state("state"),
        _named(trial.case["founder"]),
        trial.case["at_us"],
        before=before,
        succession=trial.hex("succession"),
    )
    _or_no(decided)
    return {}


_CHECKS: Final[Mapping[str, Callable[[Trial], dict[str, Any]]]] = {
    "act": _act,
    "commit": _commit,
    "credential": _credential,
    "delegation": _delegation,
    "ending": _ending,
    "founding": _founding,
    "record": _record,
    "removal": _removal,
    "state": _state,
}

T = TypeVar("T")


def _or_no(decided: T | Refused) -> T:
    if isinstance(decided, Refused):
        raise No(decided)
    return decided


def _decoded(kind: type[S], data: bytes, why: Refusal) -> S:
    try:
        return kind.decode(data)
    except CryptoError as exc:
        raise No(Refused(why)) from exc


def _by(granted: Granted) -> dict[str, Any]:
    return {"by": None if granted.by is None else _text(granted.by.id)}


def _leaf_of(state: State, identity: LeafIdentity) -> Certified:
    found = state.leaf(identity)
    assert found is not None, "the case names a device that is not there"
    return found


def _named(said: Mapping[str, str]) -> LeafIdentity:
    return LeafIdentity(said["person"], said["device"])


def _text(value: bytes) -> str:
    return str(UUID(bytes=value)) if value else ""


def _trust(said: Mapping[str, str]) -> Trust:
    return Trust(said["deployment"], bytes.fromhex(said["authority"]))


def _resolved(value: Any, data: Mapping[str, Any]) -> Any:
    """Return a value of a case with what it names in `data`."""
    if isinstance(value, dict):
        return {one: _resolved(inner, data) for one, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, data) for inner in value]
    if isinstance(value, str) and value.startswith("@"):
        return _resolved(data[value[1:]], data)
    return value
