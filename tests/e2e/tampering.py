"""A hub that lies, and a member whose client is not ours, against real browsers.

Everything passes through `tests.e2e.proxy`, as through the machine of whoever runs the server.
Each attack names what its victim must say of it; between the lie and that word at most 200 ms.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec.structs import replace
from playwright.sync_api import Playwright

from crypto.mls.authenticated_data import AuthenticatedData, SignalHeader, SignalType
from crypto.mls.framing import decode_header
from server.demo import PERSONAS
from signaling.codes import Code
from signaling.frames import AnyServerFrame, CallPush, CallView, SignalPush
from tests.e2e.callers import CLAIRE, JEAN, Caller, a_context, in_call, who_met
from tests.e2e.chromium import CAMERA, a_browser
from tests.e2e.figures import Figures
from tests.e2e.hub import Hub
from tests.e2e.netns import Place, a_place
from tests.e2e.proxy import Line, Proxy, Tap, pass_on
from tests.e2e.stage import Stage

FORGE = Path(__file__).with_name("forge.js").read_text("utf-8")
REFUSED = "a lie, to its refusal"
MANY = {"COLLOQUE_RATE_CALLS": "100000/minute"}
ENTRIES = ("call.incident", "act.refused")
NAMES = {"claire": CLAIRE, "jean": JEAN}
OTHER = {"claire": "jean", "jean": "claire"}
HUGO = next(persona.person.id for persona in PERSONAS if persona.slug == "hugo")


@dataclass
class Scene:
    """Two people who met, the hub between them, and whoever owns its machine."""

    hub: Hub
    proxy: Proxy
    stage: Stage
    people: dict[str, Caller]
    kept: dict[str, SignalPush] = field(default_factory=dict)
    """The last signal that each got in the call before."""
    heard: list[str] = field(default_factory=list)
    """Whatever any page wrote on its console."""

    def begin(self) -> None:
        """Have a call; return once each sees the other."""
        claire, jean = self.people["claire"], self.people["jean"]
        if not claire.button("Rappeler").is_visible():
            in_call(claire, jean)
            return
        if jean.button("Fermer").is_visible():
            jean.close_ended()
        claire.ring_again()
        jean.is_rung()
        jean.answer()
        self._see_since(jean.pressed())

    def goes_on(self) -> None:
        """Expect that each sees the other, from now on."""
        self._see_since(self.people["jean"].now())

    def next_generation(self) -> None:
        """Have both lose their connection, and make another."""
        for caller in self.people.values():
            caller.page.evaluate("calls.live().forEach((one) => one.close())")
        self.goes_on()

    def end(self) -> None:
        """Hang up, and keep what may be said again."""
        for slug, line in self.proxy.lines.items():
            self.kept[slug] = line.signals[-1].push
            line.signals.clear()
        self.people["claire"].hang_up()
        for caller in self.people.values():
            caller.ended("Visio terminée")

    def is_seen(self, slug: str) -> bool:
        """Tell whether somebody's camera, microphone or connections are on."""
        page = self.people[slug].page
        live = "calls.tracks.some(({ readyState }) => readyState === 'live')"
        open_ = "calls.connections.some(({ signalingState }) => signalingState !== 'closed')"
        return bool(page.evaluate(f"{live} || {open_}"))

    def secrets(self, slug: str) -> list[str]:
        """Return what stood in anybody's description, and must not stand anywhere else."""
        return [*self.people[slug].page.evaluate("calls.secrets()"), "a=candidate", "candidate:"]

    def memory(self, slug: str) -> str:
        """Return everything that somebody's browser keeps, bytes as characters."""
        return str(self.people[slug].page.evaluate(MEMORY))

    def line(self, slug: str) -> Line:
        """Return what passed between somebody and the hub."""
        return self.proxy.lines[slug]

    def view(self, slug: str) -> CallView:
        """Return what the hub last said of the call, to somebody."""
        return list(self.line(slug).views.values())[-1]

    def entries(self) -> int:
        """Count what the hub wrote down of refusals."""
        with sqlite3.connect(self.hub.data / "colloque.sqlite") as database:
            where = " OR ".join("instr(bytes, ?) > 0" for _ in ENTRIES)
            words = [f'"{one}"'.encode() for one in ENTRIES]
            (count,) = database.execute(f"SELECT count(*) FROM entry WHERE {where}", words)
        database.close()
        return int(count[0])

    def strangers(self, victim: str) -> list[str]:
        """Return whatever a victim connected to, or shows, that is not the other's."""
        here, there = self.people[victim].page, self.people[OTHER[victim]].page
        known = set(there.evaluate(FINGERPRINTS, "localDescription"))
        met = set(here.evaluate(FINGERPRINTS, "remoteDescription"))
        shown = set(here.evaluate(PICTURES)) - {f"Image de {NAMES[OTHER[victim]]}"}
        # The one before rests until the new picture plays; a stranger's would stay.
        here.wait_for_function(ONE_OPEN)
        return [*(met - known), *shown]

    def _see_since(self, instant: float) -> None:
        self.people["claire"].sees_frames(JEAN, since=instant)
        self.people["jean"].sees_frames(CLAIRE, since=instant)


# Of every description that a page's connections ever had.
FINGERPRINTS = """(which) => calls.connections.flatMap((one) =>
  [...(one[which]?.sdp ?? "").matchAll(/a=fingerprint:(.*)/g)].map(([, value]) => value.trim()))"""
MEMORY = """async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const said = (value) => {
    if (value instanceof Uint8Array) return new TextDecoder("latin1").decode(value)
    if (Array.isArray(value)) return value.map(said).join("\\n")
    const isMap = typeof value === "object" && value !== null
    return isMap ? said(Object.entries(value)) : String(value)
  }
  const kept = [said([{ ...localStorage }, { ...sessionStorage }]), document.cookie, location.href]
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      kept.push(store, said(await done(database.transaction(store).objectStore(store).getAll())))
    }
    database.close()
  }
  return kept.join("\\n")
}"""
ONE_OPEN = """() =>
  calls.connections.filter((one) => one.signalingState !== "closed").length === 1"""
PICTURES = """() => [...document.querySelectorAll("video")]
  .map((one) => one.getAttribute("aria-label")).filter((label) => label?.startsWith("Image de "))"""


@dataclass(frozen=True, slots=True)
class Attack:
    """What is said to one victim, and the code under which that must be refused."""

    name: str
    victim: str
    code: Code
    """What the victim reports; `by_hub`: what the hub answers the liar."""
    altered: Callable[[SignalPush, Scene], SignalPush] | None = None
    """Of the victim's first offer or answer, which then follows as it was."""
    said: Callable[[Scene, str], AnyServerFrame] | None = None
    """In the midst of a call."""
    forged: str | None = None
    """By a member: one of `calls.forgeries`, in the other's page."""
    by_hub: bool = False


def header_of(push: SignalPush) -> SignalHeader:
    """Read what a signal says to the hub."""
    data = AuthenticatedData.decode(decode_header(push.body).authenticated_data)
    assert data.signal is not None
    return data.signal


def with_header(push: SignalPush, **changed: Any) -> SignalPush:
    """Say something else to the receiver, in the clear part."""
    before = decode_header(push.body).authenticated_data
    data = AuthenticatedData.decode(before)
    assert data.signal is not None
    fields = {name: getattr(data.signal, name) for name in ("call", "to", "generation", "type")}
    header = SignalHeader(**{**fields, **changed})
    known = ("id", "kind", "counter", "sent_at", "franking_tag")
    after = AuthenticatedData(**{name: getattr(data, name) for name in known}, signal=header)
    assert push.body.count(before) == 1
    return replace(push, body=push.body.replace(before, after.encode()))


def flipped(push: SignalPush, _scene: Scene) -> SignalPush:
    """Change one bit of the ciphertext."""
    return replace(push, body=push.body[:-1] + bytes([push.body[-1] ^ 1]))


def other_type(push: SignalPush, _scene: Scene) -> SignalPush:
    """Call an offer or an answer candidates."""
    return with_header(push, type=SignalType.CANDIDATES)


def other_receiver(push: SignalPush, _scene: Scene) -> SignalPush:
    """Say that it was for another device."""
    return with_header(push, to=uuid4().bytes)


def other_call(push: SignalPush, _scene: Scene) -> SignalPush:
    """Say that it was of another call."""
    return with_header(push, call=uuid4().bytes)


def other_generation(push: SignalPush, _scene: Scene) -> SignalPush:
    """Say that it was of the generation to come."""
    return with_header(push, generation=header_of(push).generation + 1)


def other_person(push: SignalPush, _scene: Scene) -> SignalPush:
    """Say that somebody else sent it."""
    return replace(push, person=HUGO)


def other_device(push: SignalPush, _scene: Scene) -> SignalPush:
    """Say that another device sent it."""
    return replace(push, device=str(uuid4()))


def again(scene: Scene, victim: str) -> SignalPush:
    """Say the same once more."""
    return scene.line(victim).signals[-1].push


def of_before(scene: Scene, victim: str) -> SignalPush:
    """Say in this call what was said in the one before."""
    return scene.kept[victim]


def of_generation_before(scene: Scene, victim: str) -> SignalPush:
    """Say in this generation what was said in the one before."""
    before = scene.line(victim).signals[-1].push
    scene.next_generation()
    return before


def told(scene: Scene, victim: str, **changed: Any) -> CallPush:
    """Tell of the call something that the hub did not say."""
    view = scene.view(victim)
    return CallPush(call=replace(view, **{"version": view.version + 1, **changed}))


def other_pair(scene: Scene, victim: str, **changed: Any) -> CallPush:
    """Say something else of the connection."""
    (pair,) = scene.view(victim).pairs
    return told(scene, victim, pairs=[replace(pair, **changed)])


def other_offerer(scene: Scene, victim: str) -> CallPush:
    """Say that the other side offers, in the same generation."""
    (pair,) = scene.view(victim).pairs
    (offerer,) = set(pair.devices) - {pair.offerer}
    return other_pair(scene, victim, offerer=offerer)


def no_generation(scene: Scene, victim: str) -> CallPush:
    """Say that a generation is current that was before the first."""
    return other_pair(scene, victim, generation=0)


def last_generation(scene: Scene, victim: str) -> CallPush:
    """Say that there is no generation left."""
    return other_pair(scene, victim, generation=2**31 - 1)


def of_nobody(scene: Scene, victim: str) -> CallPush:
    """Say that a third device offers."""
    return other_pair(scene, victim, offerer=str(uuid4()))


def other_contents(scene: Scene, victim: str) -> CallPush:
    """Say something else under the same version."""
    return told(scene, victim, version=scene.view(victim).version, state="degraded")


def elsewhere(scene: Scene, victim: str) -> CallPush:
    """Say that the call is of another conversation."""
    return told(scene, victim, conversation=str(uuid4()))


def as_hugo(scene: Scene, victim: str) -> CallPush:
    """Say that the other's device is somebody else's."""
    me = scene.line(victim).person
    legs = [
        leg if leg.person == me else replace(leg, person=HUGO) for leg in scene.view(victim).legs
    ]
    return told(scene, victim, state="active", legs=legs)


def swapped(scene: Scene, victim: str) -> CallPush:
    """Say that the two have exchanged their devices."""
    one, other = scene.view(victim).legs
    legs = [replace(one, person=other.person), replace(other, person=one.person)]
    return told(scene, victim, state="active", legs=legs)


def one_more(scene: Scene, victim: str) -> CallPush:
    """Seat a device that the group does not hold, beside the others."""
    view, stranger = scene.view(victim), str(uuid4())
    leg = replace(view.legs[0], person=HUGO, device=stranger)
    (pair,) = view.pairs
    mine = scene.line(victim).device
    extra = replace(pair, devices=[stranger, mine], offerer=stranger)
    return told(scene, victim, legs=[*view.legs, leg], pairs=[pair, extra])


ALTERED: dict[str, tuple[Callable[[SignalPush, Scene], SignalPush], Code]] = {
    "a bit of the ciphertext": (flipped, Code.CALL_IDENTITY_CHANGED),
    "another type": (other_type, Code.CALL_IDENTITY_CHANGED),
    "another receiver": (other_receiver, Code.CALL_WRONG_STATE),
    "another call": (other_call, Code.CALL_WRONG_STATE),
    "another generation": (other_generation, Code.CALL_STALE_GENERATION),
    "another person": (other_person, Code.CALL_IDENTITY_CHANGED),
    "another device": (other_device, Code.CALL_WRONG_STATE),
}
SAID: dict[str, tuple[Callable[[Scene, str], AnyServerFrame], Code]] = {
    "a signal twice": (again, Code.CALL_IDENTITY_CHANGED),
    "a signal of the call before": (of_before, Code.CALL_WRONG_STATE),
    "a signal of the generation before": (of_generation_before, Code.CALL_STALE_GENERATION),
    "another offerer": (other_offerer, Code.CALL_WRONG_ROLE),
    "an offerer who is nobody": (of_nobody, Code.CALL_WRONG_STATE),
    "a generation before the first": (no_generation, Code.CALL_STALE_GENERATION),
    "the last of all generations": (last_generation, Code.CALL_WRONG_STATE),
    "two things under one version": (other_contents, Code.CALL_WRONG_STATE),
    "another conversation": (elsewhere, Code.CALL_WRONG_STATE),
    "the other's device as somebody else's": (as_hugo, Code.CALL_IDENTITY_CHANGED),
    "devices exchanged": (swapped, Code.CALL_IDENTITY_CHANGED),
    "a stranger's device": (one_more, Code.CALL_IDENTITY_CHANGED),
}
FORGED: dict[str, Code] = {
    "second_fingerprint": Code.CALL_FINGERPRINT_MISMATCH,
    "second_certificate": Code.CALL_FINGERPRINT_MISMATCH,
    "no_fingerprint": Code.CALL_FINGERPRINT_MISMATCH,
    "keys_in_the_description": Code.CALL_FINGERPRINT_MISMATCH,
    "bare_line_feed": Code.CALL_FINGERPRINT_MISMATCH,
    "second_picture": Code.CALL_WRONG_STATE,
    "unencrypted_sound": Code.CALL_WRONG_STATE,
    "name_to_ask": Code.CALL_WRONG_STATE,
}


def attacks() -> list[Attack]:
    """Return every attack, on each side of a connection."""
    found = [
        Attack(
            "out of role", OTHER[victim], Code.CALL_WRONG_ROLE, forged="out_of_role", by_hub=True
        )
        for victim in OTHER
    ]
    for victim in OTHER:
        found += [
            Attack(name, victim, code, altered=altered) for name, (altered, code) in ALTERED.items()
        ]
        found += [Attack(name, victim, code, said=said) for name, (said, code) in SAID.items()]
        found += [
            Attack(name.replace("_", " "), victim, code, forged=name)
            for name, code in FORGED.items()
        ]
    return found


def planned(some: Sequence[Attack]) -> list[list[Attack]]:
    """Sort attacks into calls: of one code a victim reports once in a generation."""
    calls: list[list[Attack]] = []
    for attack in some:
        for call in calls:
            if all(_may_share(attack, other) for other in call):
                call.append(attack)
                break
        else:
            calls.append([attack])
    return calls


def _may_share(one: Attack, other: Attack) -> bool:
    if one.victim != other.victim:
        return True
    # Both at the beginning would be of the same first signal.
    return one.code != other.code and (one.said is None) != (other.said is None)


def play(scene: Scene, call: Sequence[Attack], refused: Figures) -> None:
    """Have one call, with these attacks in it."""
    before, since = scene.entries(), time.monotonic()
    scene.proxy.tap = _altering(scene, [one for one in call if one.altered is not None])
    for attack in call:
        if attack.forged is not None:
            liar = attack.victim if attack.by_hub else OTHER[attack.victim]
            scene.people[liar].page.evaluate(f"calls.forgeries.{attack.forged}()")
    scene.begin()
    scene.proxy.tap = pass_on
    for attack in call:
        if attack.said is None:
            _judge(scene, attack, since, refused)
    for attack in call:
        if attack.said is not None:
            frame = attack.said(scene, attack.victim)
            _judge(scene, attack, scene.proxy.lie(attack.victim, frame), refused)
    scene.goes_on()
    for victim in OTHER:
        if strangers := scene.strangers(victim):
            refused.failures.append(f"{victim} met {strangers}")
    scene.end()
    entries = scene.entries() - before
    if entries < len(call):
        refused.failures.append(f"{entries} entries of {[attack.name for attack in call]}")


def _judge(scene: Scene, attack: Attack, since: float, refused: Figures) -> None:
    told = scene.proxy.wait_told(attack.victim, since, attack.code)
    if told is None or told.by_hub != attack.by_hub:
        refused.failures.append(f"{attack.victim}, {attack.name}: not refused")
        return
    after = told.after if attack.forged else scene.proxy.lied_at[attack.victim]
    refused.values.append((told.at - after) * 1000)


def _altering(scene: Scene, some: Sequence[Attack]) -> Tap:
    """Alter the first signal that each victim is sent, and give them the true one after it."""
    waiting = {attack.victim: attack for attack in some}

    def tap(slug: str, frame: AnyServerFrame) -> list[AnyServerFrame]:
        if not isinstance(frame, SignalPush) or slug not in waiting:
            return [frame]
        alter = waiting.pop(slug).altered
        assert alter is not None
        return [alter(frame, scene), frame]

    return tap


@contextmanager
def a_scene(playwright: Playwright, directory: Path, place: Place) -> Iterator[Scene]:
    """Set it."""
    with ExitStack() as stack:
        hub = Hub(directory, MANY, place=place)
        stack.callback(hub.stop)
        hub.start()
        proxy = Proxy(hub)
        front = proxy.start()
        stack.callback(proxy.stop)
        browser = stack.enter_context(a_browser(playwright, CAMERA, place))
        contexts = [a_context(browser) for _ in range(2)]
        for context in contexts:
            context.add_init_script(FORGE)
        stage = Stage(front, contexts[0], "", directory)
        claire, jean = who_met(stage, *contexts)
        scene = Scene(hub, proxy, stage, {"claire": claire, "jean": jean})
        for context in contexts:
            context.on("console", lambda message: scene.heard.append(message.text))
        yield scene
        assert proxy.faults == [], repr(proxy.faults)


def tampering(playwright: Playwright, count: int) -> list[Figures]:
    """Make so many attacks, of every kind in turn; measure from each to its refusal."""
    refused = Figures(REFUSED)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloque-")))
        place = stack.enter_context(a_place())
        print(place.says, flush=True)
        scene = stack.enter_context(a_scene(playwright, directory, place))
        # For what is said in a later one.
        play(scene, [], refused)
        for call in planned(list(islice(cycle(attacks()), count))):
            play(scene, call, refused)
        refused.failures += scene.stage.complaints
    return [refused]
