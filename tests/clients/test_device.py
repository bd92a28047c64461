"""A device outlives its process: what it keeps, and when; and that no key encrypts twice."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import msgspec
import pytest

from clients.python import device as module
from clients.python.device import Device
from clients.python.errors import NoGroup, NotLinked, StateUnreadable
from clients.python.store import Changes, MemoryStore, Rows
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import decode_header
from crypto.mls.message import decode_key_package
from crypto.policy.identity import LeafIdentity
from tests.clients.circle import NOW, Circle


class Ledger(MemoryStore):
    """A store that remembers what was kept when."""

    def __init__(self, rows: Rows | None = None) -> None:
        super().__init__(rows)
        self.writes: list[Changes] = []

    def write(self, changes: Changes) -> None:
        """Make all changes, and note them."""
        super().write(changes)
        self.writes.append(dict(changes))


def copied(device: Device) -> Device:
    """Return a device as it would be after a crash right now."""
    return Device.load(MemoryStore(device._store.read()))


def test_a_device_is_the_same_after_a_restart(tmp_path: Path) -> None:
    """Its id, its key, its pins."""
    device = Device.open(tmp_path / "claire.device")
    device.trust.person = "somebody"
    device.touch_pins()
    device.close()

    again = Device.open(tmp_path / "claire.device")

    assert (again.id, again.signature_key) == (device.id, device.signature_key)
    assert again.trust.person == "somebody"
    again.close()


def test_a_whole_device_travels_as_bytes() -> None:
    """Its groups too: the conversation goes on where it was."""
    circle = Circle()
    claire, jean = circle.two()
    claire.keep(circle.room(claire))

    moved = Device.deserialize(claire.serialize())

    event = circle.message(moved, "Bonjour")
    assert circle.read(jean, event) == "Bonjour"


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x80", b"\x81\xa6device\xc4\x01x"], ids=repr)
def test_what_is_no_device_is_unreadable(data: bytes) -> None:
    """And is not taken for a new one."""
    with pytest.raises(StateUnreadable):
        Device.deserialize(data)


def test_the_state_of_a_newer_version_is_unreadable() -> None:
    """It is not half understood."""
    device = Device.new()
    device._store.write({"photo/1": b"x"})

    with pytest.raises(StateUnreadable):
        Device.deserialize(device.serialize())


def test_a_message_is_kept_before_its_bytes_are_known() -> None:
    """The group's next state and the ciphertext are durable together: no key encrypts twice."""
    circle = Circle()
    claire, _ = circle.two()
    claire._store = ledger = Ledger(claire._store.read())
    written = claire.write(circle.room(claire), "Bonjour")

    body = claire.seal(circle.room(claire), written, circle.judge(claire))

    crashed = copied(claire)
    assert crashed.written[written.id].body == body
    assert set(ledger.writes[-1]) == {f"room/{circle.id}", f"written/{written.id}"}


def test_a_key_that_encrypted_before_a_crash_never_encrypts_after_it() -> None:
    """The reader sees two generations, not one twice."""
    circle = Circle()
    claire, jean = circle.two()
    generations = []
    for _ in range(3):
        event = circle.message(claire, "Bonjour")
        group = circle.room(jean).group
        assert group is not None
        received = group.receive(event.body, now=int(NOW))
        generations.append(getattr(received, "generation", None))
        claire = copied(claire)

    assert generations == [0, 1, 2]


def test_a_signal_is_kept_before_its_bytes_are_known() -> None:
    """Its key is used up as any other."""
    circle = Circle()
    claire, jean = circle.two()

    circle.signal(claire, jean)

    crashed = copied(claire)
    event = circle.message(crashed, "Bonjour")
    assert circle.read(jean, event) == "Bonjour"
    assert crashed.room(circle.id).signals == 1


def test_a_message_keeps_its_id_and_commitment_at_every_try() -> None:
    """Another epoch, another ciphertext, another instant: the rest stays what it was."""
    circle = Circle()
    claire, _ = circle.two()
    room = circle.room(claire)
    written = claire.write(room, "Bonjour")
    first = claire.seal(room, written, circle.judge(claire))

    assert claire.seal(room, written, circle.judge(claire)) == first
    circle.commit(claire)
    second = claire.seal(room, written, circle.judge(claire, at=NOW + 300))

    headers = [decode_header(body) for body in (first, second)]
    assert [header.epoch for header in headers] == [1, 2]
    said = [AuthenticatedData.decode(header.authenticated_data) for header in headers]
    assert dataclasses.replace(said[0], sent_at=said[1].sent_at) == said[1]
    assert said[1].sent_at - said[0].sent_at == 300_000


def test_a_message_that_waited_for_long_is_dated_anew() -> None:
    """The hub takes none that says that it was sent minutes ago."""
    circle = Circle()
    claire, _ = circle.two()
    room = circle.room(claire)
    written = claire.write(room, "Bonjour")
    first = claire.seal(room, written, circle.judge(claire))

    soon = claire.seal(room, written, circle.judge(claire, at=NOW + 59))
    late = claire.seal(room, written, circle.judge(claire, at=NOW + 61))

    assert soon == first
    assert late != first


def test_what_was_written_goes_once_it_is_answered_and_came_back() -> None:
    """In either order; until then a restart still has it."""
    circle = Circle()
    claire, _ = circle.two()
    written = claire.write(circle.room(claire), "Bonjour")
    claire.seal(circle.room(claire), written, circle.judge(claire))

    claire.answered(written)
    claire.save()
    assert written.id in copied(claire).written
    claire.echoed(written)
    claire.save()

    assert copied(claire).written == {}


def test_a_joined_group_and_its_spent_package_are_one_write() -> None:
    """A crash between the two would leave neither or both."""
    circle = Circle()
    claire = circle.found()
    jean = circle.device("jean")
    jean._store = ledger = Ledger(jean._store.read())
    circle.add(claire, jean)
    before = len(ledger.writes)

    jean.keep(circle.room(jean))

    assert len(ledger.writes) == before + 1
    assert None in ledger.writes[-1].values()
    assert copied(jean).packages == {}
    assert copied(jean).room(circle.id).group is not None


def test_key_packages_are_kept_before_they_are_published() -> None:
    """A Welcome to one that was lost could not be opened."""
    device = Circle().device("jean")

    packages = device.make_packages(3)

    references = {decode_key_package(one).reference() for one in packages}
    assert set(copied(device).packages) == references


def test_a_key_package_says_whose_it_is_and_until_when() -> None:
    """The person and the device by name, the device's key, thirty days."""
    device = Circle().device("jean")

    leaf = decode_key_package(device.make_packages(1)[0]).leaf_node

    assert LeafIdentity.of(leaf.credential) == device.identity
    assert leaf.signature_key == device.signature_key
    assert leaf.lifetime is not None
    assert leaf.lifetime.includes(int(time.time()))
    assert leaf.lifetime.not_after - leaf.lifetime.not_before == 30 * 24 * 3600 + 3600


def test_expired_key_packages_are_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the next ones that are made."""
    device = Circle().device("jean")
    device.make_packages(2)
    old = set(device.packages)

    monkeypatch.setattr(module, "_now", lambda: int(time.time()) + 31 * 24 * 3600)
    device.make_packages(1)

    assert len(device.packages) == 1
    assert not old & set(copied(device).packages)


def test_a_device_has_no_leaf_before_its_first_hello() -> None:
    """Nobody knows whose it is; and nobody has certified it."""
    with pytest.raises(NoGroup):
        _ = Device.new().identity
    with pytest.raises(NotLinked):
        Device.new().own()


def test_a_watcher_opens_nothing_and_keeps_nothing() -> None:
    """It is the same device for the hub; its store and its groups stay away."""
    circle = Circle()
    claire, _ = circle.two()

    outside = claire.outside({circle.id: 3})

    assert (outside.id, outside.signature_key) == (claire.id, claire.signature_key)
    assert not outside.opens
    assert outside.room(circle.id).cursor == 3
    assert outside.room(circle.id).group is None


def test_a_device_outlives_its_process_with_its_account_key_and_certificates() -> None:
    """What its person signs, and what says whose it is."""
    device = Circle().device("jean")

    again = copied(device)

    assert again.account is not None
    assert device.account is not None
    assert again.account.aik == device.account.aik
    assert again.certificates == device.certificates
    assert again.own().credential == device.own().credential


def test_a_sibling_is_another_device_of_the_same_person() -> None:
    """It holds the account key, and has yet to be certified."""
    device = Circle().device("jean")

    other = device.sibling()

    assert other.id != device.id
    assert (other.account and other.account.aik) == (device.account and device.account.aik)
    assert other.certificates.device == b""


def test_a_device_without_the_account_key_has_no_sibling() -> None:
    """There is nothing to share."""
    with pytest.raises(NotLinked):
        Device.new().sibling()


def test_an_account_key_that_nobody_certified_may_go() -> None:
    """Another device of the person was first; a certified key is never dropped."""
    fresh, certified = Device.new(), Circle().device("jean")
    fresh.make_account()

    fresh.drop_account()
    certified.drop_account()

    assert copied(fresh).account is None
    assert copied(certified).account is not None


def test_a_file_of_an_older_version_is_refused_in_words() -> None:
    """It had no account key: what it holds is of nobody's groups any more."""
    old = msgspec.msgpack.encode(
        {"device": msgspec.msgpack.encode({"v": 1, "id": "a", "seed": b"b"})}
    )

    with pytest.raises(StateUnreadable, match="older version: begin with a new device"):
        Device.deserialize(old)


def test_a_device_prints_its_name_and_nothing_secret() -> None:
    """Into a log, say."""
    device = Device.new(MemoryStore())

    assert repr(device) == f"Device({device.id})"
    assert device._seed.reveal().hex() not in repr(vars(device))


def test_an_account_prints_its_public_half() -> None:
    """And a device that holds one nothing more."""
    device = Circle().device("jean")
    assert device.account is not None
    seed = device.account.seed.reveal()

    printed = repr(device.account) + repr(vars(device))

    assert device.account.aik.hex() in repr(device.account)
    assert seed.hex() not in printed
    assert repr(seed)[2:-1] not in printed
