"""A real TURN server: coturn as a child, with the configuration that `docs/turn.md` recommends.

Only addresses, ports, certificate and secret are the tests' own; and the one network that the
tests are in may be relayed to, which production refuses.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crypto.keys import Secret
from tests.e2e.netns import LOOPBACK, Place

PAGE = Path(__file__).parents[2] / "docs" / "turn.md"
REALM = "colloque.test"
READY = b"SQLite DB connection success"
"""The last thing it says of its beginning."""
START_SECONDS = 20
STOP_SECONDS = 10
OURS = (
    "static-auth-secret",
    "realm",
    "listening-ip",
    "relay-ip",
    "listening-port",
    "tls-listening-port",
    "cert",
    "pkey",
)


def recommended() -> list[str]:
    """Return the lines of the recommended configuration, without comments."""
    block = re.search(r"^```ini\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert block, "docs/turn.md has no configuration"
    return [line for line in block[1].splitlines() if line and not line.startswith("#")]


@dataclass
class Coturn:
    """One TURN server in one place; `strict` is as in production: it relays to nobody here."""

    directory: Path
    place: Place
    strict: bool = False
    addresses: Sequence[str] = ()
    """Where it listens and relays; none: the place's own."""
    secret: Secret = field(default_factory=lambda: Secret(secrets.token_hex(32).encode()))
    port: int = 0
    tls_port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _listener: threading.Thread | None = None
    _ready: threading.Event = field(default_factory=threading.Event)

    @property
    def log(self) -> Path:
        """All that it says."""
        return self.directory / "turn.log"

    @property
    def urls(self) -> list[str]:
        """Its three ways in, as browsers and hub take them."""
        return [url for address in self._addresses for url in self._ways(address)]

    @property
    def _addresses(self) -> list[str]:
        return list(self.addresses) or [self.place.address]

    def _ways(self, address: str) -> list[str]:
        return [
            f"turn:{address}:{self.port}?transport=udp",
            f"turn:{address}:{self.port}?transport=tcp",
            f"turns:{address}:{self.tls_port}?transport=tcp",
        ]

    @property
    def flag(self) -> str:
        """What Chromium is started with to believe its certificate."""
        certificate = x509.load_pem_x509_certificate((self.directory / "cert.pem").read_bytes())
        key = certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        digest = b64encode(hashlib.sha256(key).digest()).decode()
        return f"--ignore-certificate-errors-spki-list={digest}"

    def settings(self, urls: list[str] | None = None) -> dict[str, str]:
        """Return what a hub that uses it is started with."""
        path = self.directory / "secret"
        path.touch(mode=0o600)
        path.write_bytes(self.secret.reveal())
        return {
            "COLLOQUE_TURN_URLS": ",".join(urls or self.urls),
            "COLLOQUE_TURN_SECRET_FILE": str(path),
        }

    def start(self) -> None:
        """Start it, and return once it says that it serves."""
        program = shutil.which("turnserver")
        assert program, "coturn is missing: `make test` installs it"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = self.port or self._free_port()
        self.tls_port = self.tls_port or self._free_port()
        _write_certificate(self.directory, self._addresses)
        configuration = self.directory / "turnserver.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(self._lines()) + "\n")
        self._process = subprocess.Popen(
            self.place.command([program, "-c", str(configuration)]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
        )
        assert self._process.stdout is not None
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,))
        self._listener.start()
        assert self._ready.wait(START_SECONDS), f"coturn did not start: {self.log.read_text()}"

    def stop(self) -> None:
        """End it; then all that it said is in its log."""
        if self._process is None or self._listener is None:
            return
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
        self._listener.join(STOP_SECONDS)
        self._process = None
        self._ready.clear()

    def _listen(self, said: IO[bytes]) -> None:
        with said, self.log.open("ab") as log:
            for line in said:
                log.write(line)
                log.flush()
                if READY in line:
                    self._ready.set()

    def _lines(self) -> list[str]:
        here = [f"allowed-peer-ip={address}" for address in map(_network, self._addresses)]
        if LOOPBACK in self._addresses:
            here.append("allow-loopback-peers")
        return [
            *(line for line in recommended() if line.partition("=")[0] not in OURS),
            *([] if self.strict else here),
            f"static-auth-secret={self.secret.reveal().decode()}",
            f"realm={REALM}",
            *(f"listening-ip={address}" for address in self._addresses),
            *(f"relay-ip={address}" for address in self._addresses),
            f"listening-port={self.port}",
            f"tls-listening-port={self.tls_port}",
            f"cert={self.directory / 'cert.pem'}",
            f"pkey={self.directory / 'key.pem'}",
            f"userdb={self.directory / 'users'}",
            f"pidfile={self.directory / 'pid'}",
        ]

    def _free_port(self) -> int:
        with self.place.entered(), socket.socket() as probe:
            probe.bind((self.place.address, 0))
            port: int = probe.getsockname()[1]
            return port


def _network(address: str) -> str:
    """Return the addresses that a cable of ours has, as a range."""
    network = address.rpartition(".")[0]
    return f"{network}.0-{network}.255"


def _write_certificate(directory: Path, addresses: Sequence[str]) -> None:
    """Make a certificate for these addresses, for some hours."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, REALM)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=12))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(one)) for one in addresses]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = directory / "key.pem"
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
