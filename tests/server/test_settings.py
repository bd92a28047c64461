"""Settings: what does not fit is told by its name, and a secret is never told at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crypto.keys import Secret
from server.cli import app
from server.hub.bounds import TurnSettings
from server.settings import Settings

SECRET = "a secret between two servers"
URLS = "turn:relay.example:3478, turns:relay.example:5349?transport=tcp"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without settings of ours."""
    for name in ("URLS", "SECRET", "SECRET_FILE"):
        monkeypatch.delenv(f"COLLOQUE_TURN_{name}", raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Set environment variables of the relay."""
    for name, value in variables.items():
        monkeypatch.setenv(f"COLLOQUE_TURN_{name}", value)


def test_without_a_relay_the_hub_runs() -> None:
    """The demonstration on one machine needs none."""
    assert Settings().hub().turn is None


def test_a_relay_has_its_addresses_and_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses with commas between."""
    given(monkeypatch, URLS=URLS, SECRET=SECRET)

    assert Settings().hub().turn == TurnSettings(
        ("turn:relay.example:3478", "turns:relay.example:5349?transport=tcp"),
        Secret(SECRET.encode()),
    )


def test_the_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As orchestrators give it, with or without a line feed at its end."""
    file = tmp_path / "turn-secret"
    file.write_text(SECRET + "\n")
    given(monkeypatch, URLS=URLS, SECRET_FILE=str(file), SECRET="")

    turn = Settings().hub().turn

    assert turn is not None
    assert turn.secret == Secret(SECRET.encode())


def test_the_secret_prints_as_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings nor the hub's bounds show it."""
    given(monkeypatch, URLS=URLS, SECRET=SECRET)
    settings = Settings()

    printed = f"{settings!r} {settings} {settings.hub()!r}"

    assert SECRET not in printed
    assert f"Secret({len(SECRET)} bytes)" in printed


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param(
            {"URLS": URLS},
            "COLLOQUE_TURN_URLS is set and COLLOQUE_TURN_SECRET is missing",
            id="no-secret",
        ),
        pytest.param(
            {"SECRET": SECRET},
            "COLLOQUE_TURN_SECRET is set and COLLOQUE_TURN_URLS is missing",
            id="no-addresses",
        ),
        pytest.param(
            {"URLS": " , ", "SECRET": SECRET},
            "COLLOQUE_TURN_SECRET is set and COLLOQUE_TURN_URLS is missing",
            id="only-commas",
        ),
        pytest.param(
            {"URLS": URLS, "SECRET": SECRET, "SECRET_FILE": "secret"},
            "COLLOQUE_TURN_SECRET and COLLOQUE_TURN_SECRET_FILE are both set",
            id="two-secrets",
        ),
        pytest.param(
            {"URLS": URLS, "SECRET_FILE": "not-there"},
            "COLLOQUE_TURN_SECRET_FILE cannot be read",
            id="no-file",
        ),
        pytest.param(
            {"URLS": URLS, "SECRET": "fifteen letters"},
            "COLLOQUE_TURN_SECRET is shorter than 16 bytes",
            id="short-secret",
        ),
        *(
            pytest.param(
                {"URLS": url, "SECRET": SECRET},
                "COLLOQUE_TURN_URLS holds something that is no turn: or turns: URL",
                id=url,
            )
            for url in (
                "http://relay.example",
                "stun:relay.example",
                "turn:",
                "turn:user@relay.example",
                "turn:relay.example?transport=carrier-pigeon",
                f"turn:relay.example,{SECRET}",
            )
        ),
    ],
)
def test_a_relay_that_could_not_work_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    """The command says which setting, in one line, and never what stood in it."""
    monkeypatch.chdir(tmp_path)
    given(monkeypatch, **variables)

    result = CliRunner().invoke(app, ["demo"])

    assert result.exit_code == 1
    assert result.output == sentence + ".\n"
    assert SECRET not in result.output


def test_any_other_setting_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is no number."""
    monkeypatch.setenv("COLLOQUE_PORT", "http")

    result = CliRunner().invoke(app, ["demo"])

    assert result.exit_code == 1
    assert result.output.startswith("COLLOQUE_PORT: ")
    assert "http" not in result.output
