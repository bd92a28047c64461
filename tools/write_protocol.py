"""Write the tables of `docs/protocol.md` from the frames, rules and codes themselves.

`python tools/write_protocol.py` writes them anew; a test fails when they are stale.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import cast, get_args

import msgspec
from msgspec import inspect as inspection

sys.path.insert(0, str(Path(__file__).parents[1]))

from server.domain.audit import TECHNICAL_TYPES, EntryType
from server.domain.rules import EVERYONE, RULES, Rule
from signaling import frames
from signaling.codes import CODES, Close, reconnects
from signaling.frames import AnyClientFrame, AnyServerFrame

INSIDE: tuple[type[msgspec.Struct], ...] = (
    frames.Receipt,
    frames.Welcomed,
    frames.Pharmacy,
    frames.Summary,
    frames.MemberState,
    frames.Added,
    frames.IdentityView,
    frames.StaffView,
    frames.DeviceView,
    frames.CarerView,
    frames.DelegationView,
    frames.AccessRow,
    frames.CallView,
    frames.LegView,
    frames.PairView,
    frames.TurnCredentials,
)
PAGE = Path(__file__).parents[1] / "docs" / "protocol.md"


def client_frames() -> str:
    """What a device sends: fields, who may, what trace."""
    rows = (
        [
            f"`{_kind(frame)}`",
            _fields(frame),
            _who(RULES[frame]),
            _trace(RULES[frame]),
            _says(frame),
        ]
        for frame in get_args(AnyClientFrame)
    )
    return _table(["kind", "fields (beside `id`)", "who", "entry", "what it does"], rows)


def server_frames() -> str:
    """What the hub sends."""
    rows = (
        [f"`{_kind(frame)}`", _fields(frame), _says(frame)] for frame in get_args(AnyServerFrame)
    )
    return _table(["kind", "fields", "what it says"], rows)


def structs() -> str:
    """What stands inside frames and results."""
    rows = ([f"`{one.__name__}`", _fields(one), _says(one)] for one in INSIDE)
    return _table(["name", "fields", "what it is"], rows)


def codes() -> str:
    """Every refusal."""
    rows = (
        [
            f"`{code.value}`",
            row.retry.value,
            "entry" if row.audited else "metric",
            row.text,
            row.simple,
        ]
        for code, row in CODES.items()
    )
    return _table(["code", "retry", "trace", "sentence", "langage simple"], rows)


def closes() -> str:
    """Every close code."""
    rows = (
        [str(int(close)), close.name.lower(), "yes" if reconnects(close) else "no"]
        for close in Close
    )
    return _table(["code", "why", "reconnect"], rows)


def entries() -> str:
    """Every type of audit entry."""
    rows = (
        [f"`{one.value}`", "technical" if one in TECHNICAL_TYPES else "care"] for one in EntryType
    )
    return _table(["type", "log"], rows)


SECTIONS: Mapping[str, Callable[[], str]] = {
    "client-frames": client_frames,
    "server-frames": server_frames,
    "structs": structs,
    "codes": codes,
    "closes": closes,
    "entries": entries,
}


def rewritten(page: str) -> str:
    """Return the page with every marked table made anew."""
    for name, make in SECTIONS.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marked.search(page):
            raise LookupError(name)
        page = marked.sub(lambda found: found[1] + make() + found[2], page)  # noqa: B023
    return page


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def _kind(frame: type[msgspec.Struct]) -> str:
    return str(frame.__struct_config__.tag or "")


def _fields(frame: type[msgspec.Struct]) -> str:
    # A client frame's id is told once, above the table; elsewhere it says something of its own.
    answers = _kind(frame) in ("ok", "refused", "")
    info = cast("inspection.StructType", inspection.type_info(frame))
    told = (_field(field) for field in info.fields if field.name != "id" or answers)
    return ", ".join(told) or "–"


def _field(field: inspection.Field) -> str:
    return f"`{field.encode_name}`" + ("" if field.required else "?") + f" {_type(field.type)}"


def _type(told: inspection.Type) -> str:
    """Say a field's type and bounds in a word or two."""
    match told:
        case inspection.StrType():
            return _text(told)
        case inspection.BytesType(min_length=low, max_length=high):
            return (
                f"{high} bytes" if low == high and high else f"bytes ≤ {high}" if high else "bytes"
            )
        case inspection.EnumType(cls=values):
            return "(" + ", ".join(f"`{one.value}`" for one in values) + ")"
        case inspection.LiteralType(values=values):
            return "(" + ", ".join(f"`{one}`" for one in values) + ")"
        case inspection.ListType(item_type=item):
            return f"[{_type(item)}]"
        case inspection.DictType(key_type=key, value_type=value):
            return f"{{{_type(key)}: {_type(value)}}}"
        case inspection.UnionType(types=several):
            return " or ".join(_type(one) for one in several)
        case inspection.StructType(cls=struct):
            return struct.__name__
        case _:
            return PLAIN[type(told)]


def _text(told: inspection.StrType) -> str:
    if told.pattern and told.pattern.startswith("^[0-9a-f]{8}-"):
        return "uuid"
    if told.pattern and "{64}" in told.pattern:
        return "hex SHA-256"
    return "text"


PLAIN: Mapping[type[inspection.Type], str] = {
    inspection.IntType: "int",
    inspection.BoolType: "bool",
    inspection.NoneType: "null",
    inspection.AnyType: "any",
}


def _who(rule: Rule) -> str:
    roles = "everyone" if rule.roles == EVERYONE else ", ".join(sorted(rule.roles))
    standing = {
        "none": "",
        "member": "; member",
        "concerned": "; member, or its carer",
        "admitted": "; device in the group",
    }
    scope = f"; a carer: `{rule.scope.value}`" if rule.scope else ""
    bare = "; also before the device is certified" if rule.bare else ""
    return roles + standing[rule.standing.value] + scope + bare


def _trace(rule: Rule) -> str:
    return f"`{rule.audited.value}`" if rule.audited else "–"


def _says(frame: type) -> str:
    return re.sub(r"\s+", " ", inspect.getdoc(frame) or "").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
