"""The headless client of Colloque: for pharmacy software integrators, load and tests.

It signs a persona in, keeps one WebSocket open through the hub's restarts, retries each act with
the same id and bytes until it is answered, and reads every conversation in order. It speaks MLS
with the same core as the hub's checks: it holds its groups itself, refuses what the hub should
have refused, and believes a receipt only once it verifies. `docs/headless.md` shows it at work.
"""

from clients.python.acts import Observer
from clients.python.client import Client, connected
from clients.python.content import Message
from clients.python.device import Device
from clients.python.errors import ClientError
from clients.python.session import Site, sign_in
from crypto.policy.vocabulary import Motive

__all__ = [
    "Client",
    "ClientError",
    "Device",
    "Message",
    "Motive",
    "Observer",
    "Site",
    "connected",
    "sign_in",
]
