"""Go's checksum database verifies the logs that Colloque makes: no marking our own homework."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crypto.log import tiles, tree
from tests.crypto.log.builders import VECTORS, MemoryLog, a_verifier_key
from tests.needs import absent

GO_SOURCE = Path(__file__).parents[2] / "foreign" / "go" / "main.go"
# Where Debian's golang-*-dev packages put their sources; nothing is fetched.
GO_PATH = os.environ.get("COLLOQUE_GOPATH", "/usr/share/gocode")


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The foreign verifier, built; absent where Go or golang.org/x/mod is."""
    compiler = shutil.which("go")
    if compiler is None or not (Path(GO_PATH) / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        absent("no Go with golang.org/x/mod here (Debian: golang-golang-x-mod-dev)")
    built = tmp_path_factory.mktemp("go")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": GO_PATH,
        "GOCACHE": str(built / "cache"),
        "CGO_ENABLED": "0",
    }
    subprocess.run(
        [compiler, "build", "-o", built / "foreign", GO_SOURCE], env=environment, check=True
    )
    return built / "foreign"


def test_the_golden_files_are_what_go_makes(go: Path, tmp_path: Path) -> None:
    """Nobody edited a golden file by hand: Go makes the same bytes again."""
    golden = [Path("log/trees.json"), Path("log/receipts.json"), Path("mls/messages.json")]
    for file in golden:
        (tmp_path / file).parent.mkdir(exist_ok=True)

    subprocess.run([go, "make", tmp_path], check=True)

    for file in golden:
        assert (tmp_path / file).read_bytes() == (VECTORS.parent / file).read_bytes()


def a_claim(batches: list[int]) -> dict[str, Any]:
    """Return everything we say about a log that grew by these batches."""
    log = MemoryLog()
    for batch in batches:
        first = len(log.entries)
        log.append(b"entry %d" % n for n in range(first, first + batch))
    size, read = len(log.entries), log.reader
    indices = sorted({0, size // 2, size - 1, *range(0, size, 37)})
    return {
        "verifier_key": a_verifier_key().encode(),
        "entries": [entry.decode() for entry in log.entries],
        "checkpoint": log.checkpoint(),
        "inclusion": [
            {"index": i, "size": size, "proof": hexes(tree.inclusion_proof(i, size, read))}
            for i in indices
        ],
        "consistency": [
            {
                "old_size": i,
                "new_size": size,
                "proof": hexes(tree.consistency_proof(i, size, read)),
            }
            for i in indices
            if i
        ],
        "tiles": [
            {
                "path": tiles.tile_path(tile, len(data) // 32),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
            for tile, data in log.tiles.items()
        ],
    }


def hexes(hashes: tuple[bytes, ...]) -> list[str]:
    return [one.hex() for one in hashes]


def ask(go: Path, claim: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [go, "verify"], input=json.dumps(claim), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("batches", [[1], [2, 1], [255, 1, 1], [512, 512, 7], [3000]], ids=str)
def test_go_believes_our_logs(go: Path, batches: list[int]) -> None:
    """Checkpoint, proofs and tiles of our logs verify in Go."""
    answer = ask(go, a_claim(batches))

    assert (answer.stdout, answer.stderr) == ("ok\n", "")


@pytest.mark.parametrize("part", ["checkpoint", "inclusion", "consistency", "tiles", "entries"])
def test_go_refuses_our_logs_with_a_part_of_another(go: Path, part: str) -> None:
    """The foreign verifier does look: each part of another log is noticed."""
    claim = a_claim([300]) | {part: a_claim([299, 2])[part]}

    assert ask(go, claim).returncode == 1
