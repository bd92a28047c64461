"""Members of groups that other implementations are in too."""

from __future__ import annotations

import os
import time
from typing import Final

from crypto.mls.credential import Credential
from crypto.mls.extensions import Extensions
from crypto.mls.group import Group, ReceivedApplication, ReceivedCommit, ReceivedProposal
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities
from crypto.mls.message import decode_key_package, encode_message
from crypto.mls.proposal import Add
from crypto.suites import Suite, suite_of

# The peers begin lifetimes at the very second, however long after this line is read: an hour ahead
# is inside them all.
NOW: Final = int(time.time()) + 3600
RANDOM: Final = os.urandom
PURPOSE: Final = b"interop"

BASIC: Final = 1


def an_own(name: bytes, suite: Suite | None = None) -> Own:
    """Return what a plain client of ours says of itself, with a fresh signature key."""
    chosen = suite or suite_of(1)
    return Own(
        signature_key=chosen.generate_signature_key(RANDOM),
        credential=Credential.basic(name),
        capabilities=Capabilities(cipher_suites=(chosen.id,), credentials=(BASIC,)),
    )


def a_key_package(name: bytes, suite: Suite | None = None) -> KeyPackageBundle:
    """Return a key package of ours, with its private keys."""
    chosen = suite or suite_of(1)
    return KeyPackageBundle.create(chosen, an_own(name, chosen), RANDOM)


def published(bundle: KeyPackageBundle) -> bytes:
    """Return a key package as others get it."""
    return encode_message(bundle.key_package)


def an_add(key_package: bytes) -> Add:
    """Return the proposal to add whoever published this."""
    return Add(decode_key_package(key_package))


def a_group(name: bytes, group_id: bytes = b"group", extensions: Extensions = ()) -> Group:
    """Return a group of suite 1 that we founded and are alone in."""
    return Group.create(suite_of(1), group_id, an_own(name), extensions, RANDOM)


def said(group: Group, message: bytes) -> bytes:
    """Return what an application message says to a member of ours."""
    received = group.receive(message, now=NOW)
    assert isinstance(received, ReceivedApplication)
    return received.data


def proposed(group: Group, message: bytes) -> Group:
    """Return our group with another's proposal remembered."""
    received = group.receive(message, now=NOW)
    assert isinstance(received, ReceivedProposal)
    return received.next


def committed(group: Group, message: bytes) -> ReceivedCommit:
    """Return another's commit, verified by a member of ours."""
    received = group.receive(message, now=NOW)
    assert isinstance(received, ReceivedCommit)
    return received


def followed(group: Group, message: bytes) -> Group:
    """Return the epoch that another's commit opens for a member of ours."""
    following = committed(group, message).next
    assert following is not None
    return following
