"""The runner of conformance vectors: `python -m crypto.mls.vectors FILE…`.

It recognises each kind of the MLS working group's files by what stands in a case, and goes through
the functions that the product uses. A case is one element of a file's top-level array. The format
is described in `test-vectors.md` of mlswg/mls-implementations.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from crypto.encoding import Reader, Struct, Writer
from crypto.errors import CryptoError, InvalidMessage
from crypto.keys import Secret
from crypto.mls import tree_math, validation
from crypto.mls.commit import Commit, UpdatePath
from crypto.mls.content import AuthData, AuthenticatedContent, Content, FramedContent
from crypto.mls.framing import Sender, SenderType, WireFormat
from crypto.mls.group import Group, ReceivedCommit, ReceivedProposal
from crypto.mls.key_package import KeyPackageBundle
from crypto.mls.key_schedule import GroupContext, Joiner, exporter, external_key_pair
from crypto.mls.leaf_node import LeafNode
from crypto.mls.message import (
    PrivateMessage,
    PublicMessage,
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
    ReInit,
    Remove,
    Update,
    decode_proposal,
)
from crypto.mls.proposal_list import SentProposal, apply_to_tree
from crypto.mls.protection import (
    open_private,
    open_public,
    open_sender_data,
    protect_private,
    protect_public,
    sign_content,
    verify_content,
)
from crypto.mls.psk import PreSharedKeyId, Psks, PskType, psk_secret
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.secret_tree import RatchetType, SecretTree, sender_data_key
from crypto.mls.transcript import (
    confirmed_transcript_hash,
    interim_transcript_hash,
    verify_confirmation_tag,
)
from crypto.mls.tree_hash import tree_hash, verify_parent_hashes
from crypto.mls.treekem import (
    check_recipients,
    make_path,
    merge_path,
    node_key_pair,
    open_path,
)
from crypto.mls.welcome import GroupSecrets
from crypto.suites import Suite, suite_of

Case = dict[str, Any]


class Mismatch(Exception):
    """What came out is not what the vector says."""


def _expect(actual: object, wanted: object, what: str) -> None:
    if actual != wanted:
        raise Mismatch(what)


def _suite(case: Case) -> Suite:
    return suite_of(case["cipher_suite"])


def _hex(value: str) -> bytes:
    return bytes.fromhex(value)


def _secret(value: str) -> Secret:
    return Secret(_hex(value))


def run_tree_math(case: Case) -> None:
    """Indices of a tree."""
    leaves = case["n_leaves"]
    _expect(tree_math.node_width(leaves), case["n_nodes"], "n_nodes")
    _expect(tree_math.root(leaves), case["root"], "root")
    relations: dict[str, Callable[[int], int]] = {
        "left": tree_math.left,
        "right": tree_math.right,
        "parent": lambda node: tree_math.parent(node, leaves),
        "sibling": lambda node: tree_math.sibling(node, leaves),
    }
    for name, relation in relations.items():
        for node, wanted in enumerate(case[name]):
            _expect(_or_none(relation, node), wanted, name)


def _or_none(relation: Callable[[int], int], node: int) -> int | None:
    try:
        return relation(node)
    except tree_math.NoSuchNode:
        return None


def run_deserialization(case: Case) -> None:
    """Headers of variable-size vectors."""
    reader = Reader(_hex(case["vlbytes_header"]))
    _expect(reader.length(), case["length"], "length")
    reader.finish()
    writer = Writer()
    writer.length(case["length"])
    _expect(writer.finish().hex(), case["vlbytes_header"], "vlbytes_header")


def run_crypto_basics(case: Case) -> None:
    """The labelled functions."""
    suite = _suite(case)
    one = case["ref_hash"]
    _expect(suite.ref_hash(one["label"].encode(), _hex(one["value"])).hex(), one["out"], "ref_hash")
    one = case["expand_with_label"]
    out = suite.expand_with_label(
        _hex(one["secret"]), one["label"].encode(), _hex(one["context"]), one["length"]
    )
    _expect(out.hex(), one["out"], "expand_with_label")
    one = case["derive_secret"]
    out = suite.derive_secret(_hex(one["secret"]), one["label"].encode())
    _expect(out.hex(), one["out"], "derive_secret")
    one = case["derive_tree_secret"]
    out = suite.derive_tree_secret(
        _hex(one["secret"]), one["label"].encode(), one["generation"], one["length"]
    )
    _expect(out.hex(), one["out"], "derive_tree_secret")
    _run_signature(suite, case["sign_with_label"])
    _run_encryption(suite, case["encrypt_with_label"])


def _run_signature(suite: Suite, one: Case) -> None:
    label, content, public = one["label"].encode(), _hex(one["content"]), _hex(one["pub"])
    key = suite.signing_key(_secret(one["priv"]))
    _expect(key.public, public, "sign_with_label: the public key")
    suite.verify_with_label(public, label, content, _hex(one["signature"]))
    suite.verify_with_label(public, label, content, key.sign_with_label(label, content))


def _run_encryption(suite: Suite, one: Case) -> None:
    label, context, private = one["label"].encode(), _hex(one["context"]), _secret(one["priv"])
    public, plaintext = _hex(one["pub"]), _hex(one["plaintext"])
    ours = suite.encrypt_with_label(public, label, context, plaintext, os.urandom)
    for sealed in ((_hex(one["kem_output"]), _hex(one["ciphertext"])), ours):
        opened = suite.decrypt_with_label(private, label, context, *sealed)
        _expect(opened, plaintext, "encrypt_with_label")


def run_secret_tree(case: Case) -> None:
    """Sender data and ratchets."""
    suite, one = _suite(case), case["sender_data"]
    key, nonce = sender_data_key(suite, _secret(one["sender_data_secret"]), _hex(one["ciphertext"]))
    _expect((key.hex(), nonce.hex()), (one["key"], one["nonce"]), "sender_data")
    tree = SecretTree(suite, len(case["leaves"]), _secret(case["encryption_secret"]))
    for leaf, generations in enumerate(case["leaves"]):
        for one in generations:
            for kind, name in (
                (RatchetType.HANDSHAKE, "handshake"),
                (RatchetType.APPLICATION, "application"),
            ):
                found = tree.find(leaf, kind, one["generation"])
                _expect(found.key.key, _secret(one[f"{name}_key"]), f"{name}_key")
                _expect(found.key.nonce, _secret(one[f"{name}_nonce"]), f"{name}_nonce")
                tree.consume(found)


def run_message_protection(case: Case) -> None:
    """Public and private messages, both ways."""
    for kind, decode in (("proposal", decode_proposal), ("commit", Commit.decode)):
        raw: Content = decode(_hex(case[kind]))
        _open_and_expect(case, _hex(case[f"{kind}_pub"]), raw)
        _open_and_expect(case, _hex(case[f"{kind}_priv"]), raw)
        for wire_format in (WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE):
            _open_and_expect(case, _protect(case, wire_format, raw), raw)
    raw = _hex(case["application"])
    _open_and_expect(case, _hex(case["application_priv"]), raw)
    _open_and_expect(case, _protect(case, WireFormat.PRIVATE_MESSAGE, raw), raw)
    try:
        _protect(case, WireFormat.PUBLIC_MESSAGE, raw)
    except InvalidMessage:
        return
    raise Mismatch("application data became a public message")


_SENDER_LEAF: Final = 1


def _context(case: Case) -> bytes:
    return GroupContext(
        cipher_suite=case["cipher_suite"],
        group_id=_hex(case["group_id"]),
        epoch=case["epoch"],
        tree_hash=_hex(case["tree_hash"]),
        confirmed_transcript_hash=_hex(case["confirmed_transcript_hash"]),
    ).encode()


def _secret_tree(case: Case) -> SecretTree:
    return SecretTree(_suite(case), 2, _secret(case["encryption_secret"]))


def _protect(case: Case, wire_format: WireFormat, raw: Content) -> bytes:
    suite, context = _suite(case), _context(case)
    content = FramedContent(
        group_id=_hex(case["group_id"]),
        epoch=case["epoch"],
        sender=Sender(SenderType.MEMBER, _SENDER_LEAF),
        authenticated_data=b"authenticated",
        content=raw,
    )
    key = suite.signing_key(_secret(case["signature_priv"]))
    signature = sign_content(wire_format, content, context, key)
    # The tag of a commit is not of this epoch; any will do for its armour.
    tag = bytes(suite.secret_size) if isinstance(raw, Commit) else None
    message = AuthenticatedContent(wire_format, content, AuthData(signature, tag))
    if wire_format is WireFormat.PUBLIC_MESSAGE:
        membership_key = _secret(case["membership_key"])
        return encode_message(protect_public(suite, message, context, membership_key))
    secret = _secret(case["sender_data_secret"])
    return encode_message(
        protect_private(suite, message, _secret_tree(case), secret, 7, os.urandom)
    )


def _open_and_expect(case: Case, data: bytes, raw: Content) -> None:
    suite, context, message = _suite(case), _context(case), decode_message(data)
    if isinstance(message, PublicMessage):
        opened = open_public(suite, message, context, _secret(case["membership_key"]))
    elif isinstance(message, PrivateMessage):
        sender = open_sender_data(suite, message, _secret(case["sender_data_secret"]))
        _expect(sender.leaf, _SENDER_LEAF, "sender")
        opened = open_private(suite, message, _secret_tree(case), sender).message
    else:
        raise Mismatch("neither public nor private")
    verify_content(suite, opened, context, _hex(case["signature_pub"]))
    _expect(opened.content.content, raw, "content")


def run_key_schedule(case: Case) -> None:
    """From the group context to every secret of an epoch."""
    suite, init_secret = _suite(case), _secret(case["initial_init_secret"])
    for number, epoch in enumerate(case["epochs"]):
        context = GroupContext(
            cipher_suite=suite.id,
            group_id=_hex(case["group_id"]),
            epoch=number,
            tree_hash=_hex(epoch["tree_hash"]),
            confirmed_transcript_hash=_hex(epoch["confirmed_transcript_hash"]),
        ).encode()
        _expect(context.hex(), epoch["group_context"], "group_context")
        joiner = Joiner.of_commit(
            suite, init_secret, _hex(epoch["commit_secret"]), _hex(epoch["psk_secret"]), context
        )
        _expect(joiner.joiner_secret, _secret(epoch["joiner_secret"]), "joiner_secret")
        _expect(joiner.welcome_secret().hex(), epoch["welcome_secret"], "welcome_secret")
        secrets = joiner.epoch_secrets(context)
        for name in secrets.__dataclass_fields__:
            _expect(getattr(secrets, name), _secret(epoch[name]), name)
        public = external_key_pair(suite, secrets.external_secret).public
        _expect(public.hex(), epoch["external_pub"], "external_pub")
        one = epoch["exporter"]
        label, exported_for = one["label"].encode(), _hex(one["context"])
        out = exporter(suite, secrets.exporter_secret, label, exported_for, one["length"])
        _expect(out.hex(), one["secret"], "exporter")
        init_secret = secrets.init_secret


def run_psk_secret(case: Case) -> None:
    """Chains of pre-shared keys."""
    psks = [
        (
            PreSharedKeyId(
                type=PskType.EXTERNAL, psk_id=_hex(one["psk_id"]), nonce=_hex(one["psk_nonce"])
            ),
            _secret(one["psk"]),
        )
        for one in case["psks"]
    ]
    _expect(psk_secret(_suite(case), psks).hex(), case["psk_secret"], "psk_secret")


def run_transcript_hashes(case: Case) -> None:
    """Confirmed and interim hashes, and the confirmation tag."""
    suite = _suite(case)
    commit = AuthenticatedContent.decode(_hex(case["authenticated_content"]))
    tag = commit.auth.confirmation_tag
    if tag is None:
        raise Mismatch("not a commit")
    before = _hex(case["interim_transcript_hash_before"])
    confirmed = confirmed_transcript_hash(suite, before, commit)
    _expect(confirmed.hex(), case["confirmed_transcript_hash_after"], "confirmed_transcript_hash")
    interim = interim_transcript_hash(suite, confirmed, tag)
    _expect(interim.hex(), case["interim_transcript_hash_after"], "interim_transcript_hash")
    verify_confirmation_tag(suite, _secret(case["confirmation_key"]), confirmed, tag)


def run_welcome(case: Case) -> None:
    """A Welcome and the GroupInfo inside it."""
    suite = _suite(case)
    package = decode_key_package(_hex(case["key_package"]))
    welcome = decode_welcome(_hex(case["welcome"]))
    secrets = welcome.open_secrets(suite, package, _secret(case["init_priv"]))
    joiner = Joiner.of_welcome(suite, secrets.joiner_secret.reveal(), psk_secret(suite, ()))
    info = welcome.open_group_info(suite, joiner)
    info.verify(suite, _hex(case["signer_pub"]))
    epoch = joiner.epoch_secrets(info.group_context.encode())
    confirmed = info.group_context.confirmed_transcript_hash
    verify_confirmation_tag(suite, epoch.confirmation_key, confirmed, info.confirmation_tag)


def run_tree_operations(case: Case) -> None:
    """One proposal applied to a tree."""
    suite = _suite(case)
    before = RatchetTree.decode(suite, _hex(case["tree_before"]))
    _expect(tree_hash(before).hex(), case["tree_hash_before"], "tree_hash_before")
    sender = Sender(SenderType.MEMBER, case["proposal_sender"])
    proposal = decode_proposal(_hex(case["proposal"]))
    after = apply_to_tree(before, (SentProposal(proposal, sender, None),)).tree
    _expect(after.encode().hex(), case["tree_after"], "tree_after")
    _expect(tree_hash(after).hex(), case["tree_hash_after"], "tree_hash_after")


def run_tree_validation(case: Case) -> None:
    """Resolutions, hashes and signatures of a tree."""
    tree = RatchetTree.decode(_suite(case), _hex(case["tree"]))
    for node, resolution in enumerate(case["resolutions"]):
        _expect(tree.resolution(node), resolution, "resolution")
    for node, wanted in enumerate(case["tree_hashes"]):
        _expect(tree_hash(tree, node).hex(), wanted, "tree_hash")
    verify_parent_hashes(tree)
    for index, leaf in tree.leaves():
        validation.check_leaf_signature(tree.suite, leaf, _hex(case["group_id"]), index)


@dataclass(frozen=True, slots=True)
class _Holder:
    """A member of a TreeKEM case."""

    leaf: int
    leaf_node: LeafNode
    keys: dict[int, Secret]
    signature_key: Secret


def run_treekem(case: Case) -> None:
    """Update paths: processed by every member, and made anew by their senders."""
    tree = RatchetTree.decode(_suite(case), _hex(case["ratchet_tree"]))
    holders = {one["index"]: _holder(tree, one) for one in case["leaves_private"]}
    for one in case["update_paths"]:
        sender, path = one["sender"], UpdatePath.decode(_hex(one["update_path"]))
        check_recipients(tree, sender, path, ())
        merged = merge_path(tree, sender, path)
        _expect(tree_hash(merged).hex(), one["tree_hash_after"], "tree_hash_after")
        context = _context({**case, "tree_hash": tree_hash(merged).hex()})
        for holder in holders.values():
            if holder.leaf == sender:
                continue
            opened = open_path(merged, sender, path, holder.leaf, holder.keys, (), context)
            wanted = _secret(one["path_secrets"][holder.leaf])
            _expect(opened.path_secret, wanted, "path_secret")
            _expect(opened.commit_secret, _secret(one["commit_secret"]), "commit_secret")
        _run_new_path(case, tree, holders, sender)


def _holder(tree: RatchetTree, one: Case) -> _Holder:
    suite = tree.suite
    leaf_node = tree.member(one["index"])
    keys = {2 * one["index"]: _secret(one["encryption_priv"])}
    for known in one["path_secrets"]:
        keys[known["node"]] = node_key_pair(suite, _hex(known["path_secret"])).private
    for node, private in keys.items():
        found = tree.node(node)
        public = suite.hpke.kem.public_key(private)
        if found is None or found.encryption_key != public:
            raise Mismatch("a private key is not of its node")
    signature_key = _secret(one["signature_priv"])
    return _Holder(one["index"], leaf_node, keys, signature_key)


def _run_new_path(case: Case, tree: RatchetTree, holders: dict[int, _Holder], sender: int) -> None:
    maker = holders[sender]
    key = tree.suite.signing_key(maker.signature_key)
    group_id = _hex(case["group_id"])
    fresh = make_path(tree, sender, maker.leaf_node, group_id, key, os.urandom)
    context = _context({**case, "tree_hash": tree_hash(fresh.tree).hex()})
    path = fresh.encrypt(context, (), os.urandom)
    merged = merge_path(tree, sender, path)
    _expect(tree_hash(merged), tree_hash(fresh.tree), "the tree of a new path")
    for holder in holders.values():
        if holder.leaf != sender:
            opened = open_path(merged, sender, path, holder.leaf, holder.keys, (), context)
            _expect(opened.commit_secret, fresh.commit_secret, "the commit secret of a new path")


_MESSAGES: Final = (
    "mls_welcome",
    "mls_group_info",
    "mls_key_package",
    "public_message_application",
    "public_message_proposal",
    "public_message_commit",
    "private_message",
)
_STRUCTS: Final[dict[str, type[Struct]]] = {
    "group_secrets": GroupSecrets,
    "add_proposal": Add,
    "update_proposal": Update,
    "remove_proposal": Remove,
    "pre_shared_key_proposal": PreSharedKey,
    "re_init_proposal": ReInit,
    "external_init_proposal": ExternalInit,
    "group_context_extensions_proposal": GroupContextExtensions,
    "commit": Commit,
}


DECODED_ONLY: Final = frozenset((*_MESSAGES, *_STRUCTS, "ratchet_tree"))
"""The fields of a `messages` case."""


def run_messages(case: Case) -> None:
    """Every structure decoded, and encoded again byte for byte."""
    for name in _MESSAGES:
        _expect(encode_message(decode_message(_hex(case[name]))).hex(), case[name], name)
    for name, struct in _STRUCTS.items():
        _expect(struct.decode(_hex(case[name])).encode().hex(), case[name], name)
    # A tree's encoding does not depend on the suite; the case does not say which.
    tree = RatchetTree.decode(suite_of(1), _hex(case["ratchet_tree"]))
    _expect(tree.encode().hex(), case["ratchet_tree"], "ratchet_tree")


def run_passive_client(case: Case) -> None:
    """Join by a Welcome and follow the group."""
    suite = _suite(case)
    bundle = KeyPackageBundle(
        key_package=decode_key_package(_hex(case["key_package"])),
        init_key=_secret(case["init_priv"]),
        encryption_key=_secret(case["encryption_priv"]),
        signature_key=_secret(case["signature_priv"]),
    )
    bundle.check(suite)
    psks = Psks({_hex(one["psk_id"]): _secret(one["psk"]) for one in case["external_psks"]})
    tree = case["ratchet_tree"]
    group = Group.join(
        _hex(case["welcome"]), bundle, ratchet_tree=None if tree is None else _hex(tree), psks=psks
    )
    wanted = case["initial_epoch_authenticator"]
    _expect(group.epoch_authenticator, _secret(wanted), "initial_epoch_authenticator")
    for epoch in case["epochs"]:
        group = _follow(group, epoch, psks)
        # What is stored and read again is the same state: the rest of the case runs on it.
        group = Group.deserialize(group.serialize())


# The lifetimes of recorded key packages are from 0 to the end of time.
_NOW: Final = 0


def _follow(group: Group, epoch: Case, psks: Psks) -> Group:
    for proposal in epoch["proposals"]:
        received = group.receive(_hex(proposal), now=_NOW, psks=psks)
        if not isinstance(received, ReceivedProposal):
            raise Mismatch("not a proposal")
        group = received.next
    committed = group.receive(_hex(epoch["commit"]), now=_NOW, psks=psks)
    if not isinstance(committed, ReceivedCommit) or committed.next is None:
        raise Mismatch("not a commit that leaves us in")
    wanted = _secret(epoch["epoch_authenticator"])
    _expect(committed.next.epoch_authenticator, wanted, "epoch_authenticator")
    return committed.next


# A field that stands in the cases of one kind only.
KINDS: Final[dict[str, Callable[[Case], None]]] = {
    "n_leaves": run_tree_math,
    "vlbytes_header": run_deserialization,
    "ref_hash": run_crypto_basics,
    "sender_data": run_secret_tree,
    "proposal_priv": run_message_protection,
    "initial_init_secret": run_key_schedule,
    "psks": run_psk_secret,
    "interim_transcript_hash_before": run_transcript_hashes,
    "signer_pub": run_welcome,
    "tree_before": run_tree_operations,
    "resolutions": run_tree_validation,
    "update_paths": run_treekem,
    "mls_welcome": run_messages,
    "initial_epoch_authenticator": run_passive_client,
}


def run_case(case: Case) -> None:
    """Run one case of any kind; raise what went wrong."""
    kinds = [run for field, run in KINDS.items() if field in case]
    if len(kinds) != 1:
        raise Mismatch("no kind of vector that this runner knows")
    kinds[0](case)


def failure_of(case: Case) -> str | None:
    """Return why a case failed, or nothing."""
    try:
        run_case(case)
    except Mismatch as exc:
        return f"differs: {exc}"
    except CryptoError as exc:
        return f"refused: {type(exc).__name__}: {exc}"
    except (KeyError, TypeError, ValueError) as exc:
        return f"not as its kind is described: {type(exc).__name__}: {exc}"
    return None


def run_file(path: Path) -> Iterable[tuple[int, str | None]]:
    """Run every case of a file: its index, and why it failed, where it did."""
    for index, case in enumerate(json.loads(path.read_text("utf-8"))):
        yield index, failure_of(case)


def main(arguments: list[str]) -> int:
    """Run the cases of all files; say which failed, and how many."""
    passed = failed = 0
    for argument in arguments:
        for index, failure in run_file(Path(argument)):
            if failure is None:
                passed += 1
            else:
                failed += 1
                sys.stdout.write(f"{argument}[{index}]: {failure}\n")
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
