"""`colloque verify-receipt`: a receipt, its entry and the log's public key; no server.

The key is never taken from the receipt itself: a forger would sign with their own. It comes from
`--key`, or from a `.vkey` file that lies beside the receipt.
"""

from __future__ import annotations

from pathlib import Path

import typer

from crypto.errors import CryptoError
from crypto.log.checkpoint import VerifierKey
from crypto.log.proof import UnverifiedLogProof
from crypto.log.verify import verify_receipt as verify_text

HOLDS, REFUSED, CANNOT = 0, 1, 2
MAX_FILE_BYTES = 256 * 1024


def verify_file(file: Path, *, key: str | None, entry: Path | None) -> int:
    """Verify a `.tlog-proof` file and say in words what was found; return the exit code."""
    try:
        text, keys = _read_text(file), _keys(file, key)
        given = entry.read_bytes() if entry else None
    except (OSError, UnicodeDecodeError) as exc:
        where = getattr(exc, "filename", None) or file
        return _say(CANNOT, f"Cannot read {where}: {getattr(exc, 'strerror', None) or 'not text'}.")
    if not keys:
        return _say(
            CANNOT,
            "No public key: give the log's with --key (a vkey line or a file), or put its .vkey "
            "file beside the receipt.",
        )
    try:
        used = _key_for(text, keys)
        receipt = verify_text(text, used, given)
    except CryptoError as exc:
        return _say(REFUSED, f"REFUSED: {exc}")
    checkpoint = receipt.checkpoint
    typer.echo(f"log      {checkpoint.origin}")
    # What was believed: whoever sends a false receipt may send a false key beside it.
    typer.echo(f"key      {used.encode()}")
    typer.echo(f"entry    {receipt.index} of {checkpoint.size}")
    typer.echo(f"root     {checkpoint.root.hex()}")
    typer.echo(f"content  {_printable(receipt.entry)}")
    return _say(HOLDS, "VERIFIED: this entry is in the log, at this place (unwitnessed).")


def _key_for(text: str, keys: list[str]) -> VerifierKey:
    """Of several keys choose the one that bears the log's name; another's is of no use."""
    origin = UnverifiedLogProof.parse(text).checkpoint_text.partition("\n")[0]
    parsed = [VerifierKey.parse(line) for line in keys]
    return next((one for one in parsed if one.name == origin), parsed[0])


def _keys(file: Path, key: str | None) -> list[str]:
    if key is not None:
        path = Path(key)
        text = _read_text(path) if "\n" not in key and path.is_file() else key
        return _lines(text)
    beside = sorted(file.parent.glob("*.vkey"))
    return [line for path in beside for line in _lines(_read_text(path))]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _printable(entry: bytes) -> str:
    """Spell out what a terminal would obey, or a reader not see: the log wrote these bytes, not we.

    An entry could else clear the screen and say what it likes of itself.
    """
    text = entry.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _read_text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES).decode()


def _say(code: int, sentence: str) -> int:
    typer.echo(sentence, err=code != HOLDS)
    return code
