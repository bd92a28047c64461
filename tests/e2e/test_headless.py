"""Pharmacy software without a screen, and a patient in a browser, in one conversation."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from playwright.sync_api import expect

from clients.python import Device, Message, Motive, Observer, Site, connected, sign_in
from tests.e2e.stage import Stage
from tests.server.house import PEOPLE

QUESTION = "Bonjour Monsieur Lefèvre, votre ordonnance est prête."
ANSWER = "Merci, je passerai demain matin."
PATIENCE = 60


async def at_the_desk(port: int) -> Message:
    """Found a conversation with the patient, write, and return the answer."""
    heard: list[Message] = []
    session = await sign_in(Site("claire", port))
    observer = Observer(on_message=heard.append)
    async with connected(session, Device.new(), observer=observer) as claire:
        here, jean = str(uuid4()), PEOPLE["jean"].id
        await claire.create_conversation(here, patient=jean, motive=Motive.AGE)
        await claire.add(here, await claire.claim(here, jean))
        await claire.send(here, QUESTION)
        await claire.until(lambda: any(not one.mine for one in heard), PATIENCE)
    return next(one for one in heard if not one.mine)


def test_a_headless_client_and_a_browser_read_each_other(stage: Stage) -> None:
    """The Python core founds the group, the browser's joins it; each opens the other's words."""
    jean = stage.person("jean")
    expect(jean.page.get_by_role("heading", name="Aucun message pour l’instant")).to_be_visible()
    with ThreadPoolExecutor(1) as thread:
        desk = thread.submit(asyncio.run, at_the_desk(stage.hub.port))

        jean.reads(QUESTION)
        jean.write(ANSWER)
        answer = desk.result(PATIENCE)

    stage.sentences.append(QUESTION)
    assert (answer.text, answer.person) == (ANSWER, PEOPLE["jean"].id)
