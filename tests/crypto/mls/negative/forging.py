"""What somebody who holds a member's keys can make that the product never would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from crypto.encoding import Reader, Writer, vector
from crypto.keys import Secret
from crypto.mls.commit import Commit, UpdatePath
from crypto.mls.content import AuthData, AuthenticatedContent, Content, FramedContent, write_content
from crypto.mls.extensions import Extension, ExtensionType
from crypto.mls.framing import Sender, SenderType, WireFormat
from crypto.mls.group import Group
from crypto.mls.group_info import GroupInfo
from crypto.mls.leaf_node import LeafNode
from crypto.mls.message import (
    PrivateMessage,
    PublicMessage,
    decode_group_info,
    decode_message,
    encode_message,
)
from crypto.mls.proposal import ProposalOrRef
from crypto.mls.protection import sign_content
from crypto.mls.ratchet_tree import Node, RatchetTree
from crypto.mls.secret_tree import MAX_FORWARD, Found, RatchetType, sender_data_key
from crypto.mls.tree_hash import tree_hash
from crypto.suites import SigningKey

Change = Callable[[FramedContent], FramedContent]


def content_by(group: Group, content: Content, **changes: Any) -> FramedContent:
    """Return what a member says, here and now unless `changes` say otherwise."""
    said = FramedContent(
        group_id=group.group_id,
        epoch=group.epoch,
        sender=Sender(SenderType.MEMBER, group.own_leaf_index),
        content=content,
    )
    return replace(said, **changes)


def public(
    group: Group,
    content: FramedContent,
    *,
    key: SigningKey | None = None,
    tag: bytes | None = None,
    context: bytes | None = None,
    signature: bytes | None = None,
    signed_as: WireFormat = WireFormat.PUBLIC_MESSAGE,
    membership_key: Secret | None = None,
    membership_tag: bytes | None = None,
) -> bytes:
    """Return a PublicMessage with every signature and tag right, unless told otherwise."""
    around = group.public.context_bytes if context is None else context
    by = group.signing_key if key is None else key
    made = sign_content(signed_as, content, around, by) if signature is None else signature
    auth = AuthData(made, tag)
    if content.sender.type is not SenderType.MEMBER:
        return encode_message(PublicMessage(content, auth))
    if membership_tag is None:
        sealed_with = group.secrets.membership_key if membership_key is None else membership_key
        membership_tag = _membership_tag(group, content, auth, sealed_with)
    return encode_message(PublicMessage(content, auth, membership_tag))


def _membership_tag(group: Group, content: FramedContent, auth: AuthData, key: Secret) -> bytes:
    writer = Writer()
    writer.uint16(1)
    writer.uint16(WireFormat.PUBLIC_MESSAGE)
    content.write(writer)
    writer.rest(group.public.context_bytes)
    auth.write(writer, content.content_type)
    return group.suite.mac(key.reveal(), writer.finish())


def opened(message: bytes) -> PublicMessage:
    """Return a PublicMessage read."""
    decoded = decode_message(message)
    assert isinstance(decoded, PublicMessage)
    return decoded


def again(group: Group, message: bytes, change: Change, **how: Any) -> bytes:
    """Return a message with another content, signed anew; its confirmation tag is as it was."""
    read = opened(message)
    how.setdefault("tag", read.auth.confirmation_tag)
    return public(group, change(read.content), **how)


def commit_in(message: bytes) -> Commit:
    """Return the commit in a message."""
    content = opened(message).content.content
    assert isinstance(content, Commit)
    return content


def path_in(message: bytes) -> UpdatePath:
    """Return the path of the commit in a message."""
    path = commit_in(message).path
    assert path is not None
    return path


def with_proposals(
    group: Group, message: bytes, items: Sequence[ProposalOrRef], **how: Any
) -> bytes:
    """Return a commit with another list of proposals."""
    changed = replace(commit_in(message), proposals=tuple(items))
    return again(group, message, lambda said: replace(said, content=changed), **how)


def with_path(group: Group, message: bytes, path: UpdatePath | None, **how: Any) -> bytes:
    """Return a commit with another path."""
    changed = replace(commit_in(message), path=path)
    return again(group, message, lambda said: replace(said, content=changed), **how)


def with_leaf(
    group: Group,
    message: bytes,
    *,
    leaf_index: int | None = None,
    leaf_key: SigningKey | None = None,
    group_id: bytes | None = None,
    key: SigningKey | None = None,
    **changes: Any,
) -> bytes:
    """Return a commit whose path's leaf says something else, and is signed so."""
    path = path_in(message)
    leaf = replace(path.leaf_node, **changes).signed(
        leaf_key or group.signing_key,
        group.group_id if group_id is None else group_id,
        group.own_leaf_index if leaf_index is None else leaf_index,
    )
    if "signature" in changes:
        leaf = replace(leaf, signature=changes["signature"])
    return with_path(group, message, replace(path, leaf_node=leaf), **({"key": key} if key else {}))


def private(
    group: Group,
    content: Content,
    *,
    leaf: int | None = None,
    said_leaf: int | None = None,
    generation: int = 0,
    said_generation: int | None = None,
    kind: RatchetType = RatchetType.APPLICATION,
    key: SigningKey | None = None,
    signature: bytes | None = None,
    after: bytes = b"",
    after_sender_data: bytes = b"",
    authenticated_data: bytes = b"",
    epoch: int | None = None,
    group_id: bytes | None = None,
) -> bytes:
    """Return a PrivateMessage made by hand, with any leaf's keys: every member knows them all."""
    own = group.own_leaf_index if leaf is None else leaf
    told = own if said_leaf is None else said_leaf
    framed = content_by(
        group,
        content,
        authenticated_data=authenticated_data,
        sender=Sender(SenderType.MEMBER, told),
    )
    framed = replace(
        framed,
        epoch=group.epoch if epoch is None else epoch,
        group_id=group.group_id if group_id is None else group_id,
    )
    if signature is None:
        by = group.signing_key if key is None else key
        wire_format = WireFormat.PRIVATE_MESSAGE
        signature = sign_content(wire_format, framed, group.public.context_bytes, by)
    writer = Writer()
    write_content(writer, content)
    writer.opaque(signature)
    writer.rest(after)
    found = _key_of(group, own, kind, generation)
    header = (
        vector(framed.group_id) + framed.epoch.to_bytes(8, "big") + bytes((framed.content_type,))
    )
    aead = group.suite.hpke.aead
    nonce = found.key.nonce.reveal()  # of a reuse guard of zeros
    associated = header + vector(authenticated_data)
    ciphertext = aead.seal(found.key.key.reveal(), nonce, associated, writer.finish())
    sender_data = told.to_bytes(4, "big")
    sender_data += (generation if said_generation is None else said_generation).to_bytes(4, "big")
    sender_data += bytes(4) + after_sender_data
    outer = sender_data_key(group.suite, group.secrets.sender_data_secret, ciphertext)
    return encode_message(
        PrivateMessage(
            group_id=framed.group_id,
            epoch=framed.epoch,
            content_type=framed.content_type,
            authenticated_data=authenticated_data,
            encrypted_sender_data=aead.seal(*outer, header, sender_data),
            ciphertext=ciphertext,
        )
    )


def _key_of(group: Group, leaf: int, kind: RatchetType, generation: int) -> Found:
    """Return a key of any generation, however far ahead; the group stays as it is."""
    tree = Group.deserialize(group.serialize()).secret_tree
    for hop in range(MAX_FORWARD, generation, MAX_FORWARD):
        tree.consume(tree.find(leaf, kind, hop))
    return tree.find(leaf, kind, generation)


def info_again(message: bytes, key: SigningKey, **changes: Any) -> bytes:
    """Return a GroupInfo that says something else, signed with this key."""
    return encode_message(replace(decode_group_info(message), **changes).signed(key))


def info_with_tree(
    info: GroupInfo, tree: RatchetTree, key: SigningKey, *, tree_data: bytes | None = None
) -> bytes:
    """Return a GroupInfo with another tree: its hash in the context, and everything signed."""
    context = replace(info.group_context, tree_hash=tree_hash(tree))
    data = tree.encode() if tree_data is None else tree_data
    extensions = tuple(
        Extension(one.type, data) if one.type == ExtensionType.RATCHET_TREE else one
        for one in info.extensions
    )
    changed = replace(info, group_context=context, extensions=extensions)
    return encode_message(changed.signed(key))


def tree_in(info: GroupInfo, group: Group) -> RatchetTree:
    """Return the tree of a GroupInfo."""
    data = next(one.data for one in info.extensions if one.type == ExtensionType.RATCHET_TREE)
    return RatchetTree.decode(group.suite, data)


def with_node(tree: RatchetTree, index: int, node: Node | None) -> RatchetTree:
    """Return a tree that remembers nothing, with one node changed."""
    nodes = [tree.node(i) for i in range(tree.width)]
    nodes[index] = node
    return RatchetTree(tree.suite, nodes)


def signed_leaf(leaf: LeafNode, key: SigningKey, leaf_index: int, group_id: bytes) -> LeafNode:
    """Return a leaf signed for its place."""
    return leaf.signed(key, group_id, leaf_index)


def authenticated(message: bytes) -> AuthenticatedContent:
    """Return what is signed in a PublicMessage."""
    return opened(message).authenticated_content()


def reader_after_version(message: bytes) -> Reader:
    """Return a reader behind the first two bytes."""
    reader = Reader(message)
    reader.uint16()
    return reader
