"""Signing in and out: acts of the web side, with their entries in the technical log."""

from __future__ import annotations

from server.domain.audit import Draft, EntryType
from server.domain.people import Session
from server.hub.outcome import Done, Outcome, SessionEnded
from server.ports import Tx


def open_session(tx: Tx, session: Session, now: int) -> Outcome:
    """Open a session that the web side has authenticated."""
    tx.sessions.open(session)
    located = tx.log.append(_draft(session, EntryType.SESSION_OPENED), now)
    return Done(entry=located)


def close_session(tx: Tx, session: Session, now: int) -> Outcome:
    """End a session; its connections end with it."""
    tx.sessions.close(session.key)
    located = tx.log.append(_draft(session, EntryType.SESSION_CLOSED), now)
    return Done(entry=located, effects=(SessionEnded(session.key),))


def _draft(session: Session, what: EntryType) -> Draft:
    return Draft(type=what, actor=session.person, device=None, rule=what.value)
