"""Leaf nodes, key packages, credentials, extensions, PSK names: read as written, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import Struct
from crypto.errors import BadKey, InvalidPsk, MalformedInput
from crypto.keys import Secret
from crypto.mls.commit import Commit, HpkeCiphertext, UpdatePath, UpdatePathNode
from crypto.mls.content import AuthenticatedContent
from crypto.mls.credential import Credential
from crypto.mls.extensions import (
    Extension,
    ExternalSender,
    RequiredCapabilities,
    external_pub,
    external_pub_extension,
    external_senders,
    external_senders_extension,
)
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_package import KeyPackage, KeyPackageBundle
from crypto.mls.key_schedule import GroupContext
from crypto.mls.leaf_node import Capabilities, LeafNode, LeafNodeSource, Lifetime
from crypto.mls.message import (
    decode_group_info,
    decode_key_package,
    decode_message,
    decode_welcome,
    encode_message,
)
from crypto.mls.proposal import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ProposalRef,
    ReInit,
    Remove,
    Update,
    decode_proposal,
    encode_proposal,
)
from crypto.mls.psk import NO_PSKS, PreSharedKeyId, Psks, PskType, ResumptionUsage, psk_secret
from crypto.mls.welcome import GroupSecrets, Welcome
from tests.crypto.mls.members import SUITE, Client, Room, a_random, published

CLIENT = Client(name="ada")
LEAF = CLIENT.bundle.key_package.leaf_node
PSK = PreSharedKeyId.external(b"id", SUITE, a_random("psk"))
EXTENSIONS = (Extension(0x0A0A, b"grease"), Extension(1, b"application id"))
STRUCTS: list[Struct] = [
    Credential.basic(b"ada"),
    Credential.x509((b"leaf", b"intermediate")),
    Credential(0xF000, b"private use"),
    Capabilities(cipher_suites=(1, 0x0A0A), extensions=(0x1A1A,), proposals=(7,), credentials=(1,)),
    Lifetime(1, 2),
    LEAF,
    CLIENT.bundle.key_package,
    CLIENT.bundle,
    RequiredCapabilities((1,), (2,), (3,)),
    ExternalSender(b"key", Credential.basic(b"hub")),
    PSK,
    PreSharedKeyId.resumption(ResumptionUsage.BRANCH, b"group", 7, SUITE, a_random("psk")),
    Commit((ProposalRef(b"ref"), Remove(3), PreSharedKey(PSK))),
    Commit((), UpdatePath(LEAF, (UpdatePathNode(b"key", (HpkeCiphertext(b"kem", b"ct"),)),))),
    GroupContext(
        cipher_suite=1,
        group_id=b"g",
        epoch=2**64 - 1,
        tree_hash=b"t",
        confirmed_transcript_hash=b"c",
        extensions=EXTENSIONS,
    ),
    GroupSecrets(Secret(b"joiner"), Secret(b"path"), (PSK,)),
    GroupSecrets(Secret(b"joiner"), None, ()),
]
PROPOSALS = [
    Add(CLIENT.bundle.key_package),
    Update(LEAF),
    Remove(2**32 - 1),
    PreSharedKey(PSK),
    ReInit(group_id=b"next", version=1, cipher_suite=2, extensions=EXTENSIONS),
    ExternalInit(b"kem"),
    GroupContextExtensions(EXTENSIONS),
]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda one: type(one).__name__)
def test_a_structure_is_read_as_it_was_written(struct: Struct) -> None:
    """Byte for byte, and no prefix of it is one."""
    data = struct.encode()

    assert type(struct).decode(data) == struct
    assert type(struct).decode(data).encode() == data
    for wrong in [data[:end] for end in range(len(data))] + [data + b"\x00"]:
        with pytest.raises(MalformedInput):
            type(struct).decode(wrong)


@pytest.mark.parametrize("proposal", PROPOSALS, ids=lambda one: type(one).__name__)
def test_a_proposal_is_read_as_it_was_written(proposal: Update) -> None:
    """Each of the seven kinds, behind its type."""
    assert decode_proposal(encode_proposal(proposal)) == proposal


@pytest.mark.parametrize("code", ["0000", "0008", "0a0a", "f001"])
def test_a_proposal_of_an_unknown_type_is_refused(code: str) -> None:
    """RFC 9420, 12.2: what a member does not support is in no commit."""
    with pytest.raises(MalformedInput):
        decode_proposal(bytes.fromhex(code))


@given(
    st.binary(max_size=200), st.sampled_from(["", "00010001", "00010003", "00010004", "00010005"])
)
def test_random_bytes_raise_the_declared_error_only(data: bytes, start: str) -> None:
    """They are refused, or they were a message."""
    for read in (
        lambda one: decode_message(bytes.fromhex(start) + one),
        LeafNode.decode,
        Commit.decode,
        Welcome.decode,
        GroupInfo.decode,
        AuthenticatedContent.decode,
        KeyPackageBundle.decode,
    ):
        try:
            read(data)
        except MalformedInput:
            continue


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_raises_the_declared_error_only(place: int, change: int) -> None:
    """Nearly right is no more dangerous than wrong."""
    data = bytearray(published(CLIENT))
    data[place % len(data)] ^= change

    try:
        decode_message(bytes(data))
    except MalformedInput:
        return


def test_a_leaf_says_what_its_source_has_to_say() -> None:
    """A lifetime from a key package, a parent hash from a commit, and neither elsewhere."""
    fields = {
        "encryption_key": b"e",
        "signature_key": b"s",
        "credential": Credential.basic(b""),
        "capabilities": Capabilities(),
    }
    for source, lifetime, parent_hash in [
        (LeafNodeSource.KEY_PACKAGE, None, None),
        (LeafNodeSource.UPDATE, Lifetime(), None),
        (LeafNodeSource.COMMIT, None, None),
        (LeafNodeSource.UPDATE, None, b""),
    ]:
        with pytest.raises(MalformedInput):
            LeafNode(**fields, source=source, lifetime=lifetime, parent_hash=parent_hash)  # type: ignore[arg-type]


def test_a_leafs_signature_is_for_one_place() -> None:
    """From a key package for any group; in a group, for that group and leaf (7.2)."""
    update = LeafNode(
        encryption_key=b"e",
        signature_key=b"s",
        credential=Credential.basic(b""),
        capabilities=Capabilities(),
        source=LeafNodeSource.UPDATE,
    )

    assert LEAF.tbs(b"one", 1) == LEAF.tbs(b"other", 2)
    assert len({update.tbs(b"one", 1), update.tbs(b"one", 2), update.tbs(b"other", 1)}) == 3


def test_a_lifetime_includes_both_ends() -> None:
    """Seconds, from the first to the last."""
    assert [Lifetime(10, 20).includes(now) for now in (9, 10, 20, 21)] == [False, True, True, False]


def test_credentials_say_what_they_are() -> None:
    """A basic identity is none of X.509's, and a broken chain is no credential."""
    assert Credential.x509((b"a", b"b")).certificates() == (b"a", b"b")
    with pytest.raises(MalformedInput):
        Credential.basic(b"ada").certificates()
    with pytest.raises(MalformedInput):
        _ = Credential.x509(()).identity
    with pytest.raises(MalformedInput):
        Credential(2, b"\x05abc")


def test_external_senders_and_external_pub_are_vectors_inside_the_extension() -> None:
    """What other libraries got wrong: each has a length of its own (12.1.8.1, 12.4.3.2)."""
    sender = ExternalSender(b"K", Credential.basic(b"hub"))
    senders = external_senders_extension((sender,))
    public = external_pub_extension(b"P" * 32)

    assert senders.data == bytes.fromhex("08014b000103687562")
    assert public.data == b"\x20" + b"P" * 32
    assert external_senders((senders,)) == (sender,)
    assert external_pub((public,)) == b"P" * 32
    assert external_senders(()) == ()
    assert external_pub(()) is None


def test_a_bundle_knows_its_own_keys() -> None:
    """A stored key package comes back whole; another's private key is noticed."""
    again = KeyPackageBundle.deserialize(CLIENT.bundle.serialize())
    again.check(SUITE)
    other = Client(name="bob").bundle
    mixed = KeyPackageBundle(
        key_package=again.key_package,
        init_key=other.init_key,
        encryption_key=again.encryption_key,
        signature_key=again.signature_key,
    )

    with pytest.raises(BadKey):
        mixed.check(SUITE)
    assert again.init_key.reveal().hex() not in repr(again)


def test_a_wiped_bundle_keeps_the_clients_signature_key() -> None:
    """It is the client's for other key packages."""
    bundle = Client(name="eve").bundle
    bundle.wipe()

    with pytest.raises(ValueError, match="wiped"):
        bundle.init_key.reveal()
    assert len(bundle.signature_key.reveal()) == 32


def test_a_message_is_what_it_is_asked_for() -> None:
    """A key package is no GroupInfo, nor a Welcome."""
    package, info = published(CLIENT), Room("ada").groups["ada"].group_info()

    assert isinstance(decode_key_package(package), KeyPackage)
    assert encode_message(decode_group_info(info)) == info
    for decode, data in (
        (decode_key_package, info),
        (decode_group_info, package),
        (decode_welcome, info),
    ):
        with pytest.raises(MalformedInput):
            decode(data)


def test_psks_are_found_or_refused() -> None:
    """By their id, or by group and epoch; what is not held is an error."""
    resumption = PreSharedKeyId.resumption(
        ResumptionUsage.APPLICATION, b"g", 3, SUITE, a_random("r")
    )
    psks = Psks(external={b"id": Secret(b"e")}, resumption={(b"g", 3): Secret(b"r")})

    assert psks.find(PSK) == Secret(b"e")
    assert psks.find(resumption) == Secret(b"r")
    for wanted in (PSK, resumption):
        with pytest.raises(InvalidPsk, match="unknown_psk"):
            NO_PSKS.find(wanted)
    with pytest.raises(MalformedInput):
        PreSharedKeyId(type=PskType.RESUMPTION, nonce=b"")


def test_the_order_of_psks_counts() -> None:
    """They are chained, each with its place (8.4)."""
    one, other = ((PSK, Secret(value)) for value in (b"1", b"2"))

    assert psk_secret(SUITE, ()) == bytes(32)
    assert psk_secret(SUITE, (one, other)) != psk_secret(SUITE, (other, one))


def test_no_structure_prints_a_secret() -> None:
    """Group secrets in a traceback show their lengths."""
    shown = repr(GroupSecrets(Secret(b"joiner secret"), Secret(b"path secret"), ()))
    assert "secret(" in shown.lower()
    assert "joiner secret" not in shown
