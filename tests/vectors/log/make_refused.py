"""Make `refused/`: one good receipt, broken in one way per file, named by its fault.

Run `python -m tests.vectors.log.make_refused` from the repository; the result is committed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.log.checkpoint import Checkpoint, UnverifiedCheckpoint, sign_checkpoint

HERE: Final = Path(__file__).parent
# The receipt of entry 3 in the tree of 7: its proof has hashes of both sides.
GOOD: Final[str] = next(
    r["proof"]
    for r in json.loads((HERE / "receipts.json").read_text("utf-8"))["receipts"]
    if (r["index"], r["size"]) == (3, 7)
)
GOLDEN_KEY: Final = Ed25519PrivateKey.from_private_bytes(
    hashlib.sha256(b"colloque golden log").digest()
)
OTHER_KEY: Final = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"another").digest())
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493

HEAD, CHECKPOINT = GOOD.split("\n\n", 1)
MAGIC, EXTRA, INDEX, *HASHES = HEAD.split("\n")
BODY, SIGNATURES = CHECKPOINT.split("\n\n")
ORIGIN, SIZE, ROOT = BODY.split("\n")
OURS, WITNESS = SIGNATURES.rstrip("\n").split("\n")
CONTENT: Final = UnverifiedCheckpoint.parse(CHECKPOINT).content


def head(
    *, magic: str = MAGIC, extra: str = EXTRA, index: str = INDEX, hashes: list[str] = HASHES
) -> str:
    """Return the whole proof with another head."""
    return "\n".join([magic, extra, index, *hashes]) + "\n\n" + CHECKPOINT


def note(*, body: str = BODY, lines: list[str]) -> str:
    """Return the whole proof with another checkpoint."""
    return f"{HEAD}\n\n{body}\n\n" + "".join(f"{line}\n" for line in lines)


def signed(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the whole proof with `checkpoint` in its place."""
    return f"{HEAD}\n\n{sign_checkpoint(checkpoint, key)}"


def flip(line: str) -> str:
    """Change one bit of the value at the end of `line`, after any key id."""
    value = bytearray(base64.b64decode(line.split(" ")[-1]))
    value[8] ^= 1
    return " ".join([*line.split(" ")[:-1], base64.b64encode(value).decode()])


def with_signature(change: bytes) -> str:
    """Return our signature line with other bytes after the key id."""
    dash, name, value = OURS.split(" ")
    return f"{dash} {name} " + base64.b64encode(base64.b64decode(value)[:4] + change).decode()


def malleable() -> str:
    """Return our signature line with S + L for S: the same equation, another signature."""
    signature = base64.b64decode(OURS.split(" ")[-1])[4:]
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    return with_signature(signature[:32] + s.to_bytes(32, "little"))


MALFORMED: Final = {
    "empty": "",
    "magic_of_version_2": head(magic="c2sp.org/tlog-proof@v2"),
    "checkpoint_missing": HEAD + "\n",
    "extra_not_base64": head(extra="extra *"),
    "extra_too_long": head(extra="extra " + "AAAA" * 2731),
    "extra_after_index": head(extra=INDEX, index=EXTRA),
    "index_missing": "\n".join([MAGIC, EXTRA, *HASHES]) + "\n\n" + CHECKPOINT,
    "index_leading_zero": head(index="index 03"),
    "index_signed": head(index="index +3"),
    "index_not_ascii": head(index="index ٣"),
    "index_2_to_the_63": head(index=f"index {2**63}"),
    "hash_too_short": head(hashes=["AAAA", *HASHES[1:]]),
    "hash_unpadded": head(hashes=[HASHES[0].rstrip("="), *HASHES[1:]]),
    "hash_stray_bits": head(hashes=["A" * 42 + "B=", *HASHES[1:]]),
    "hash_trailing_space": head(hashes=[HASHES[0] + " ", *HASHES[1:]]),
    "hashes_65": head(hashes=HASHES[:1] * 65),
    "carriage_returns": GOOD.replace("\n", "\r\n"),
    "control_character": note(body=BODY.replace("care", "ca\x07re"), lines=[OURS]),
    "origin_with_space": note(body=BODY.replace("care", "ca re"), lines=[OURS]),
    "size_leading_zero": note(body=f"{ORIGIN}\n0{SIZE}\n{ROOT}", lines=[OURS]),
    "size_2_to_the_63": note(body=f"{ORIGIN}\n{2**63}\n{ROOT}", lines=[OURS]),
    "root_missing": note(body=f"{ORIGIN}\n{SIZE}", lines=[OURS]),
    "root_too_short": note(body=f"{ORIGIN}\n{SIZE}\nAAAA", lines=[OURS]),
    "extension_line": note(body=BODY + "\nextension", lines=[OURS]),
    "signatures_missing": f"{HEAD}\n\n{BODY}\n",
    "signatures_17": note(lines=[OURS] + [WITNESS] * 16),
    "signature_with_hyphen": note(lines=[OURS.replace("—", "-")]),
    "signature_not_base64": note(lines=[OURS[:-1] + "*"]),
    "signature_key_id_only": note(lines=[with_signature(b"")]),
    "signature_name_with_plus": note(lines=[OURS, WITNESS.replace("witness.", "witness+")]),
    "signature_name_with_nbsp": note(lines=[OURS, WITNESS.replace("witness.", "witness\xa0")]),
    "final_newline_missing": GOOD.rstrip("\n"),
    "text_after_the_end": GOOD + "more\n",
    "checkpoint_too_long": note(lines=[OURS, "— witness.example " + "AAAA" * 2048]),
}
UNSIGNED: Final = {
    "signed_by_another_key": signed(CONTENT, OTHER_KEY),
    "signed_by_the_witness_only": note(lines=[WITNESS]),
    "signature_flipped": note(lines=[flip(OURS)]),
    "signature_truncated": note(lines=[OURS[:-4]]),
    "signature_empty_of_meaning": note(lines=[with_signature(bytes(64))]),
    "signature_malleable": note(lines=[malleable()]),
    "signature_once_good_once_bad": note(lines=[OURS, flip(OURS)]),
    "size_changed": note(body=f"{ORIGIN}\n8\n{ROOT}", lines=[OURS]),
    "root_changed": note(body=f"{ORIGIN}\n{SIZE}\n{flip(ROOT)}", lines=[OURS]),
}
UNPROVEN: Final = {
    "index_of_the_neighbour": head(index="index 2"),
    "index_beyond_the_tree": head(index="index 7"),
    "extra_flipped": head(extra=flip(EXTRA)),
    "hash_flipped": head(hashes=[flip(HASHES[0]), *HASHES[1:]]),
    "hash_missing": head(hashes=HASHES[:-1]),
    "hash_added": head(hashes=[*HASHES, HASHES[0]]),
    "hashes_swapped": head(hashes=[HASHES[1], HASHES[0], *HASHES[2:]]),
    "hashes_none": head(hashes=[]),
    "size_resigned": signed(Checkpoint(origin=ORIGIN, size=4, root=CONTENT.root), GOLDEN_KEY),
    "root_resigned": signed(Checkpoint(origin=ORIGIN, size=7, root=bytes(32)), GOLDEN_KEY),
}
OTHER: Final = {
    "origin_of_another_log": signed(
        Checkpoint(origin="colloque.example/technical/golden", size=7, root=CONTENT.root),
        GOLDEN_KEY,
    ),
}
ENTRYLESS: Final = {"extra_missing": GOOD.replace(f"{EXTRA}\n", "")}

FAULTS: Final = {
    "malformed_input": MALFORMED,
    "bad_signature": UNSIGNED,
    "bad_proof": UNPROVEN,
    "wrong_origin": OTHER,
    "wrong_entry": ENTRYLESS,
}


def main() -> None:
    """Write every file and the list of what each is refused for."""
    (HERE / "refused").mkdir(exist_ok=True)
    listed = {}
    for fault, texts in FAULTS.items():
        for name, text in texts.items():
            (HERE / "refused" / f"{name}.tlog-proof").write_bytes(text.encode())
            listed[name] = fault
    (HERE / "refused.json").write_text(json.dumps(listed, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
