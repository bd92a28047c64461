"""Everything of the MLS core that takes bytes from somebody else, and honest bytes for it.

The second half of the targets is behind the armour: whoever holds a member's keys signs, tags and
encrypts again what was broken, so that no signature stands before the code that must refuse it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from crypto.encoding import Reader, Writer
from crypto.errors import CryptoError
from crypto.hpke import RandomBytes
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.commit import Commit, HpkeCiphertext
from crypto.mls.content import AuthData, AuthenticatedContent, read_content, write_content
from crypto.mls.extensions import Extension, ExtensionType
from crypto.mls.framing import ContentType, Sender, SenderType, WireFormat, decode_header
from crypto.mls.group import Committed, Group
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.key_schedule import Joiner
from crypto.mls.message import (
    PrivateMessage,
    PublicMessage,
    decode_group_info,
    decode_key_package,
    decode_message,
    decode_welcome,
    encode_message,
)
from crypto.mls.proposal import Add, GroupContextExtensions, PreSharedKey, Proposal, Remove
from crypto.mls.protection import protect_public, sign_content
from crypto.mls.psk import PreSharedKeyId, psk_secret
from crypto.mls.public_group import PublicGroup
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.secret_tree import RatchetType, sender_data_key
from crypto.mls.tree_hash import tree_hash
from crypto.mls.validation import check_key_package
from crypto.mls.welcome import EncryptedGroupSecrets, Welcome
from loadtests.random_group import NOW, PSKS, World


class Crash(Exception):
    """Something happened that must not, whatever comes in."""

    def __init__(self, where: str, what: str, data: bytes = b"") -> None:
        super().__init__(f"{where} {what}: {data.hex()}")


@dataclass(frozen=True, slots=True)
class Target:
    """Where bytes go in, the honest ones, and what a refusal must leave as it was."""

    name: str
    seeds: tuple[bytes, ...]
    attempt: Callable[[bytes], object]
    state: Callable[[], bytes] | None = None
    is_sealed: bool = False
    """Each byte is signed or encrypted: nothing that was broken may be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A group at some moment, and what somebody in it sends next."""

    author: Group
    reader: Group
    hub: PublicGroup
    newcomer: Own
    bundle: KeyPackageBundle
    """Of the one whom the last of the commits adds."""
    commits: tuple[Committed, ...]
    joined: Committed
    proposals: tuple[bytes, ...]
    messages: tuple[bytes, ...]
    draw: RandomBytes

    @property
    def added(self) -> Committed:
        """Return the commit that does a little of everything."""
        return self.commits[-1]

    @property
    def welcome(self) -> bytes:
        """Return the Welcome of that commit."""
        if self.added.welcome is None:
            raise Crash("commit", "adds without a Welcome")
        return self.added.welcome


def scene_of(seed: int) -> Scene:
    """Return a group that has lived a little."""
    world = World(seed)
    for _ in range(80):
        world.step()
    world.settle()
    while world.hub.proposals or not 4 <= len(world.members) <= 8:
        world.step()
        world.settle()
    author, reader, third = (client.group for client in list(world.members.values())[:3])
    return _next_words(world, author, reader, third.own_leaf_index)


def _next_words(world: World, author: Group, reader: Group, third: int) -> Scene:
    draw = world.random.randbytes
    own, bundle = world.newcomer()
    psk = PreSharedKey(PreSharedKeyId.external(b"psk", world.suite, draw))
    add, remove = Add(bundle.key_package), Remove(third)
    lists: tuple[list[Proposal], ...] = (
        [], [remove], [GroupContextExtensions(author.context.extensions)], [psk],
        [remove, add, psk],
    )  # fmt: skip
    commits = tuple(
        author.commit(one, force_path=True, psks=PSKS, now=NOW, random_bytes=draw) for one in lists
    )
    made = [author.propose(one, now=NOW, random_bytes=draw) for one in (remove, add, psk)]
    update = author.propose_update(now=NOW, random_bytes=draw)
    joined = Group.join_external(author.group_info(), own, now=NOW, random_bytes=draw)
    return Scene(
        author=author,
        reader=reader,
        hub=world.hub,
        newcomer=own,
        bundle=bundle,
        commits=commits,
        joined=joined,
        proposals=tuple(one.message for one in (*made, update)),
        messages=tuple(author.encrypt(draw(20 * i), random_bytes=draw) for i in range(3)),
        draw=draw,
    )


def targets_of(scene: Scene) -> list[Target]:
    """Return all of them."""
    wire = [*_decoders(scene), *_stored(scene), *_member(scene), *_hub(scene), *_joiner(scene)]
    return [*wire, *_signed_again(scene), *_trees(scene), *_encrypted_again(scene)]


# On the wire.


def _decoders(scene: Scene) -> list[Target]:
    info = scene.author.group_info()
    package = encode_message(scene.bundle.key_package)
    handshakes = (*(made.message for made in scene.commits), *scene.proposals)
    everything = (*handshakes, *scene.messages, info, package, scene.welcome)
    suite = scene.hub.suite

    def published(data: bytes) -> None:
        check_key_package(suite, decode_key_package(data), (), NOW)

    return [
        Target("decode_message", everything, _read_and_write),
        Target("decode_header", everything, decode_header),
        Target("AuthenticatedData.decode", everything, AuthenticatedData.decode),
        Target(
            "RatchetTree.decode",
            (scene.hub.tree.encode(),),
            lambda data: RatchetTree.decode(suite, data),
        ),
        Target("a published key package", (package,), published, is_sealed=True),
    ]


def _read_and_write(data: bytes) -> None:
    """There is one encoding of everything: what is read is written again the same."""
    if encode_message(decode_message(data)) != data:
        raise Crash("decode_message", "reads what it does not write", data)


def _stored(scene: Scene) -> list[Target]:
    return [
        Target("Group.deserialize", (scene.reader.serialize(),), Group.deserialize),
        Target("PublicGroup.deserialize", (scene.hub.serialize(),), PublicGroup.deserialize),
        Target(
            "KeyPackageBundle.deserialize",
            (scene.bundle.serialize(),),
            KeyPackageBundle.deserialize,
        ),
    ]


def _member(scene: Scene) -> list[Target]:
    reader = Group.deserialize(scene.reader.serialize())
    commits = tuple(made.message for made in scene.commits)

    def receive(data: bytes) -> None:
        reader.receive(data, now=NOW, psks=PSKS)

    seeds = (*commits, scene.joined.message, *scene.proposals, *scene.messages)
    return [Target("Group.receive", seeds, receive, reader.serialize, is_sealed=True)]


def _hub(scene: Scene) -> list[Target]:
    hub, added = scene.hub, scene.added
    infos = (scene.author.group_info(), added.group_info)

    def commit(data: bytes) -> None:
        _check(scene, data, added)

    def joined(data: bytes) -> None:
        _check(scene, data, scene.joined)

    def info(data: bytes) -> None:
        _check(scene, added.message, replace(added, group_info=data))

    def welcome(data: bytes) -> None:
        _check(scene, added.message, replace(added, welcome=data))

    def proposal(data: bytes) -> None:
        hub.receive_proposal(data, now=NOW)

    return [
        Target("PublicGroup.receive_proposal", scene.proposals, proposal, hub.serialize),
        Target("PublicGroup.check_commit", (added.message,), commit, hub.serialize),
        Target("PublicGroup.check_commit, external", (scene.joined.message,), joined),
        Target(
            "PublicGroup.check_commit, its GroupInfo", infos, info, hub.serialize, is_sealed=True
        ),
        Target("PublicGroup.check_commit, its Welcome", (scene.welcome,), welcome, hub.serialize),
        Target("PublicGroup.found", infos, PublicGroup.found, is_sealed=True),
    ]


def _check(scene: Scene, message: bytes, made: Committed) -> None:
    scene.hub.check_commit(message, group_info=made.group_info, welcome=made.welcome, now=NOW)


def _joiner(scene: Scene) -> list[Target]:
    def join(data: bytes) -> None:
        Group.join(data, scene.bundle, psks=PSKS)

    def join_external(data: bytes) -> None:
        Group.join_external(data, scene.newcomer, now=NOW, random_bytes=scene.draw)

    infos = (scene.author.group_info(), scene.added.group_info)
    return [
        Target("Group.join", (scene.welcome,), join, scene.bundle.serialize, is_sealed=True),
        Target("Group.join_external", infos, join_external, is_sealed=True),
    ]


# Behind the armour.


def _signed_again(scene: Scene) -> list[Target]:
    author = Sender(SenderType.MEMBER, scene.author.own_leaf_index)
    newcomer = Sender(SenderType.NEW_MEMBER_COMMIT)

    def target(name: str, kind: ContentType, sender: Sender, seeds: tuple[bytes, ...]) -> Target:
        reader = Group.deserialize(scene.reader.serialize())

        def attempt(data: bytes) -> None:
            message = _sent(scene, kind, sender, data)
            _both(
                lambda: reader.receive(message, now=NOW, psks=PSKS),
                lambda: (
                    _check(scene, message, scene.added)
                    if kind is ContentType.COMMIT
                    else scene.hub.receive_proposal(message, now=NOW)
                ),
            )

        contents = tuple(_content_of(one) for one in seeds)
        return Target(name, contents, attempt, reader.serialize)

    commits = tuple(made.message for made in scene.commits)
    return [
        target("a commit signed again", ContentType.COMMIT, author, commits),
        target("a proposal signed again", ContentType.PROPOSAL, author, scene.proposals),
        target(
            "an external commit signed again",
            ContentType.COMMIT,
            newcomer,
            (scene.joined.message,),
        ),
    ]


def _both(*attempts: Callable[[], object]) -> None:
    """Make each attempt; raise the last refusal, if there was one."""
    refused: CryptoError | None = None
    for attempt in attempts:
        try:
            attempt()
        except CryptoError as exc:
            refused = exc
    if refused is not None:
        raise refused


def _opened(message: bytes) -> PublicMessage:
    decoded = decode_message(message)
    if not isinstance(decoded, PublicMessage):
        raise Crash("a handshake", "is not in the open", message)
    return decoded


def _content_of(message: bytes) -> bytes:
    writer = Writer()
    write_content(writer, _opened(message).content.content)
    return writer.finish()


def _sent(scene: Scene, kind: ContentType, sender: Sender, data: bytes) -> bytes:
    """Return a message of this content, if it can be read at all, with all its signatures."""
    reader = Reader(data)
    content = read_content(reader, kind)
    reader.finish()
    author, wire = scene.author, WireFormat.PUBLIC_MESSAGE
    key = author.signing_key
    if sender.type is SenderType.NEW_MEMBER_COMMIT:
        key = author.suite.signing_key(scene.newcomer.signature_key)
    template = _opened(scene.proposals[0]).content
    framed = replace(template, sender=sender, content=content)
    context = author.public.context_bytes
    signature = sign_content(wire, framed, context, key)
    tag = bytes(32) if isinstance(content, Commit) else None
    message = AuthenticatedContent(wire, framed, AuthData(signature, tag))
    membership_key = author.secrets.membership_key
    return encode_message(protect_public(author.suite, message, context, membership_key))


def _trees(scene: Scene) -> list[Target]:
    key, suite = scene.author.signing_key, scene.hub.suite
    info = decode_group_info(scene.author.group_info())

    def told(data: bytes) -> None:
        tree = RatchetTree.decode(suite, data)
        context = replace(info.group_context, tree_hash=tree_hash(tree))
        extensions = tuple(
            Extension(one.type, data) if one.type == ExtensionType.RATCHET_TREE else one
            for one in info.extensions
        )
        lie = replace(info, group_context=context, extensions=extensions).signed(key)
        PublicGroup.found(encode_message(lie))

    def signed(data: bytes) -> None:
        PublicGroup.found(encode_message(GroupInfo.decode(data).signed(key)))

    return [
        Target("a tree signed again", (scene.hub.tree.encode(),), told),
        Target("a GroupInfo signed again", (info.encode(),), signed),
    ]


def _encrypted_again(scene: Scene) -> list[Target]:
    read = decode_welcome(scene.welcome)
    suite, bundle = scene.hub.suite, scene.bundle
    secrets = read.open_secrets(suite, bundle.key_package, bundle.init_key)
    psks = [(one, PSKS.find(one)) for one in secrets.psks]
    joiner = Joiner.of_welcome(suite, secrets.joiner_secret.reveal(), psk_secret(suite, psks))
    info = read.open_group_info(suite, joiner)
    key, nonce = joiner.welcome_key_and_nonce()
    key_of_author = scene.author.signing_key

    def join(plain_secrets: bytes, plain_info: bytes) -> None:
        sealed_info = suite.hpke.aead.seal(key, nonce, b"", plain_info)
        welcome = _welcome_again(scene, read, plain_secrets, sealed_info)
        Group.join(welcome, bundle, psks=PSKS)

    return [
        Target("secrets encrypted again", (secrets.encode(),), lambda it: join(it, info.encode())),
        Target(
            "a welcoming GroupInfo signed and encrypted again",
            (info.encode(),),
            lambda it: join(secrets.encode(), GroupInfo.decode(it).signed(key_of_author).encode()),
        ),
        *_private(scene),
    ]


def _welcome_again(scene: Scene, read: Welcome, secrets: bytes, sealed_info: bytes) -> bytes:
    package = scene.bundle.key_package
    sealed = scene.hub.suite.encrypt_with_label(
        package.init_key, b"Welcome", sealed_info, secrets, scene.draw
    )
    ours = EncryptedGroupSecrets(package.reference(), HpkeCiphertext(*sealed))
    return encode_message(replace(read, secrets=(ours,), encrypted_group_info=sealed_info))


def _private(scene: Scene) -> list[Target]:
    reader = Group.deserialize(scene.reader.serialize())
    seeds = (b"\x05hello\x40\x40" + bytes(64), b"\x00\x40\x40" + bytes(64) + bytes(20))
    handshakes = tuple(_content_of(one) + b"\x40\x40" + bytes(64) for one in scene.proposals)
    commit = tuple(
        _content_of(one.message) + b"\x40\x40" + bytes(64) + b"\x20" + bytes(32)
        for one in scene.commits
    )

    def target(kind: ContentType, plain: tuple[bytes, ...]) -> Target:
        def attempt(data: bytes) -> None:
            reader.receive(_sealed(scene, kind, data), now=NOW, psks=PSKS)

        name = f"the inside of an encrypted {kind.name.lower()}"
        return Target(name, plain, attempt, reader.serialize)

    return [
        target(ContentType.APPLICATION, seeds),
        target(ContentType.PROPOSAL, handshakes),
        target(ContentType.COMMIT, commit),
    ]


def _sealed(scene: Scene, kind: ContentType, plain: bytes) -> bytes:
    """Encrypt any plaintext as the author would, under a generation that was not used."""
    author, leaf, generation = scene.author, scene.author.own_leaf_index, 40
    application = kind is ContentType.APPLICATION
    ratchet = RatchetType.APPLICATION if application else RatchetType.HANDSHAKE
    found = author.secret_tree.find(leaf, ratchet, generation)
    empty = PrivateMessage(
        group_id=author.group_id,
        epoch=author.epoch,
        content_type=kind,
        authenticated_data=b"",
        encrypted_sender_data=b"",
        ciphertext=b"",
    )
    aead = author.suite.hpke.aead
    writer = Writer()
    writer.opaque(author.group_id)
    writer.uint64(author.epoch)
    writer.uint8(kind)
    header = writer.finish()
    key, nonce = found.key.key.reveal(), found.key.nonce.reveal()
    ciphertext = aead.seal(key, nonce, header + b"\x00", plain)
    sender = leaf.to_bytes(4, "big") + generation.to_bytes(4, "big") + bytes(4)
    outer = sender_data_key(author.suite, author.secrets.sender_data_secret, ciphertext)
    sealed = aead.seal(*outer, header, sender)
    return encode_message(replace(empty, encrypted_sender_data=sealed, ciphertext=ciphertext))
