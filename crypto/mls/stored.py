"""How a member's `Group` is stored (version 1): the same bytes in every language.

Written in the presentation language of MLS; lists are sorted, so that equal states are equal
bytes. Every secret is in the clear: whoever stores it wraps it.

    struct {
        uint8 version = 1;
        uint8 what = 1;
        CipherSuite suite;
        GroupContext context;
        optional<Node> ratchet_tree<V>;
        uint32 own_leaf;
        opaque signature_private_key<V>;
        PathKey path_keys<V>;                    /* uint32 node, opaque private_key<V> */
        opaque init_secret<V>, sender_data_secret<V>, exporter_secret<V>, external_secret<V>,
               confirmation_key<V>, membership_key<V>, resumption_psk<V>, epoch_authenticator<V>;
        opaque interim_transcript_hash<V>;
        opaque confirmation_tag<V>;
        NodeSecret secret_tree<V>;               /* uint32 node, opaque secret<V> */
        LeafRatchets ratchets<V>;                /* uint32 leaf, Ratchet handshake, application */
        opaque proposals<V><V>;                  /* each an AuthenticatedContent */
        OwnUpdate own_updates<V>;                /* opaque ref<V>, opaque leaf_private_key<V> */
        PastPsk past_resumption_psks<V>;         /* uint64 epoch, opaque psk<V>; newest last */
        optional<ReInit> reinit;
    } GroupState;
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crypto.encoding import Reader, Writer
from crypto.errors import BadKey, MalformedInput
from crypto.keys import Secret
from crypto.mls.key_schedule import EpochSecrets, GroupContext
from crypto.mls.proposal import ReInit
from crypto.mls.public_group import PublicGroup, read_proposals
from crypto.mls.ratchet_tree import RatchetTree
from crypto.mls.secret_tree import SecretTree
from crypto.suites import SigningKey, Suite, suite_of

if TYPE_CHECKING:
    from crypto.mls.group import Group

_VERSION: Final = 1
_WHAT: Final = 1
_SECRETS: Final = (
    "init_secret",
    "sender_data_secret",
    "exporter_secret",
    "external_secret",
    "confirmation_key",
    "membership_key",
    "resumption_psk",
    "epoch_authenticator",
)


def encode_group(group: Group) -> bytes:
    """Return the stored form of a group."""
    writer, public = Writer(), group.public
    writer.uint8(_VERSION)
    writer.uint8(_WHAT)
    writer.uint16(public.suite.id)
    public.context.write(writer)
    writer.rest(public.tree.encode())
    writer.uint32(group.own_leaf_index)
    writer.opaque(group.signing_key.private.reveal())
    writer.vector(sorted(group.path_keys.items(), key=_number), _write_path_key)
    for name in _SECRETS:
        writer.opaque(getattr(group.secrets, name).reveal())
    writer.opaque(public.interim_transcript_hash)
    writer.opaque(public.confirmation_tag)
    group.secret_tree.write(writer)
    public.write_proposals(writer)
    writer.vector(sorted(group.own_updates.items(), key=_reference), _write_own_update)
    writer.vector(group.past_psks, _write_past_psk)
    writer.optional(public.reinit, lambda reinit: reinit.write(writer))
    return writer.finish()


def decode_group(data: bytes) -> dict[str, Any]:
    """Return the fields of the `Group` whose stored form this is."""
    reader = Reader(data)
    if (reader.uint8(), reader.uint8()) != (_VERSION, _WHAT):
        raise MalformedInput("not version 1 of a stored group")
    suite = suite_of(reader.uint16())
    context = GroupContext.read(reader)
    tree = RatchetTree.read(suite, reader)
    own_leaf_index = reader.uint32()
    signing_key = _read_signing_key(suite, reader)
    path_keys = dict(reader.vector(_read_path_key))
    # The encryption secret is in the secret tree, or what is left of it.
    secrets = EpochSecrets(
        **{name: Secret(reader.opaque()) for name in _SECRETS}, encryption_secret=Secret(b"")
    )
    interim, tag = reader.opaque(), reader.opaque()
    secret_tree = SecretTree.read(suite, tree.leaf_count, reader)
    proposals = read_proposals(suite, reader)
    own_updates = dict(reader.vector(_read_own_update))
    past_psks = reader.vector(_read_past_psk)
    reinit = reader.optional(lambda: ReInit.read(reader))
    reader.finish()
    if tree.leaf(own_leaf_index) is None:
        raise MalformedInput("a stored group without its owner")
    public = PublicGroup(
        suite=suite,
        context=context,
        tree=tree,
        interim_transcript_hash=interim,
        confirmation_tag=tag,
        proposals=proposals,
        reinit=reinit,
    )
    return {
        "public": public,
        "own_leaf_index": own_leaf_index,
        "signing_key": signing_key,
        "path_keys": path_keys,
        "secrets": secrets,
        "secret_tree": secret_tree,
        "own_updates": own_updates,
        "past_psks": past_psks,
    }


def _read_signing_key(suite: Suite, reader: Reader) -> SigningKey:
    try:
        return suite.signing_key(Secret(reader.opaque()))
    except BadKey as exc:
        raise MalformedInput("a stored group without its signature key") from exc


def _number(item: tuple[int, Secret]) -> int:
    return item[0]


def _reference(item: tuple[bytes, Secret]) -> bytes:
    return item[0]


def _write_path_key(writer: Writer, item: tuple[int, Secret]) -> None:
    writer.uint32(item[0])
    writer.opaque(item[1].reveal())


def _read_path_key(reader: Reader) -> tuple[int, Secret]:
    return reader.uint32(), Secret(reader.opaque())


def _write_own_update(writer: Writer, item: tuple[bytes, Secret]) -> None:
    writer.opaque(item[0])
    writer.opaque(item[1].reveal())


def _read_own_update(reader: Reader) -> tuple[bytes, Secret]:
    return reader.opaque(), Secret(reader.opaque())


def _write_past_psk(writer: Writer, item: tuple[int, Secret]) -> None:
    writer.uint64(item[0])
    writer.opaque(item[1].reveal())


def _read_past_psk(reader: Reader) -> tuple[int, Secret]:
    return reader.uint64(), Secret(reader.opaque())
