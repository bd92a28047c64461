"""A delegation's life: proposed, confirmed, accepted, let in, narrowed, ended."""

from __future__ import annotations

from crypto.policy.vocabulary import DelegationState
from signaling import frames
from signaling.frames import Ok, RefusedFrame
from tests.server.delegations import a_care, a_carer
from tests.server.house import House


async def test_a_carer_writes_in_the_patients_name(house: House) -> None:
    """From the patient's word to the carer's first message: everybody sees it."""
    care = await a_carer(house)

    done = await care.write()

    assert isinstance(done, Ok), done
    event = await care.jean.event()
    assert event.person == care.sophie.person
    (entry,) = [e for e in house.entries() if e["type"] == "message.sent"]
    assert entry["acting_for"] == {
        "delegation": care.delegation,
        "patient": care.jean.person,
        "version": 1,
    }


async def test_an_end_stops_the_carer_at_once(house: House) -> None:
    """The very next frame is refused, in words; then the session is over."""
    care = await a_carer(house)
    body = care.message()

    await care.end()

    refused = await care.sophie.refused(
        frames.SendMessage, conversation=care.conversation, body=body
    )
    assert refused.code == "E_DELEGATION_REVOKED"
    assert refused.text == "Cette autorisation est terminée. Questions : appelez votre pharmacie."
    again = await care.sophie.refused(frames.SendMessage, conversation=care.conversation, body=body)
    assert again.code == "E_SESSION"
    assert await care.sophie.closed() == 4401


async def test_nothing_is_sent_until_the_carer_is_out_of_the_group(house: House) -> None:
    """No ciphertext that the carer could read is ever accepted."""
    care = await a_carer(house)
    await care.end()

    refused = await care.jean.refused(
        frames.SendMessage,
        conversation=care.conversation,
        body=care.jean.message(care.conversation).at_epoch(2),
    )
    assert refused.code == "E_REMOVE_PENDING"

    await care.carry_out()
    await care.jean.settle()
    await care.jean.say(care.conversation, epoch=3)
    assert not care.row().ending
    assert care.row().state is DelegationState.REVOKED


async def test_a_carer_who_was_not_named_finds_nothing(house: House) -> None:
    """A conversation of somebody else's is like one that never was."""
    care = await a_care(house)

    answer = await care.sophie.ask(frames.AskGroupInfo, conversation=care.conversation)

    assert isinstance(answer, RefusedFrame)
    assert answer.code == "E_NOT_FOUND"
