"""Which version a page is drawn with, so that nobody waits: questions are asked before they are wanted."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import streamlit as st

from dashboard import client
from dashboard.questions import Question, Questions
from dashboard.scope import Scope

# What a page asks, as far as that is known before it is drawn.
Wanted = Callable[[Scope], list[Question]]

# How old a page may be that is drawn at once while its questions are asked for the newest version.
OLDEST = timedelta(minutes=3)
# How long a version is asked for answers: the ledger keeps two, and makes one every half minute.
KEPT = timedelta(seconds=50)
# How often the pages that are one click away are asked for; well within OLDEST, or a click would wait.
WARM = timedelta(minutes=2)
# How long a reader stays with filters before their other pages are asked for.
STAY_SECONDS = 8.0
# Of how many different views they are: more would keep the report service busy with what nobody opens.
MOST_VIEWS = 8
# Where a session notes for which version its page's questions are being asked.
ASKED_FOR = "asked_for"
# Where it notes since when it has had the same filters.
MET = "met_filters"


def choose(newest: Questions) -> Questions:
    """The newest version; or one of just now whose answers are all there, while the newest's are not.

    The strip has the newest asked when there is time, and draws the page anew when it knows all.
    """
    if newest.fresh.is_stale or newest.knows():
        return newest
    for fresh in _views().of(newest.scope.filters):
        known = newest.at(fresh)
        if newest.fresh.asked_at - fresh.asked_at < OLDEST and known.knows():
            return known
    # Nobody has asked this before: side by side it takes a third of the time.
    newest.ahead()
    return newest


def drawn(ask: Questions) -> None:
    """Note that a page was drawn: whoever comes back to it soon finds its answers."""
    if not ask.fresh.is_stale:
        _views().note(ask.scope.filters, ask.fresh)


def is_ready(shown: Questions, newest: client.Freshness) -> bool:
    """Whether all that the page asked is known for a newer version; what is not is asked meanwhile."""
    if newest == shown.fresh:
        return False
    fresh: client.Freshness = st.session_state.get(ASKED_FOR) or newest
    if fresh == shown.fresh or newest.asked_at - fresh.asked_at > KEPT:
        fresh = newest
    st.session_state[ASKED_FOR] = fresh
    newer = shown.at(fresh)
    newer.some_time()
    if is_known := newer.knows():
        _views().note(newer.scope.filters, fresh)
    return is_known or newest.asked_at - shown.fresh.asked_at > OLDEST


def keep_warm(pages: Sequence[Wanted], shown: Questions, newest: client.Freshness) -> None:
    """Have the pages one click away asked for the same filters, every few minutes and when nobody waits.

    Only once a reader has stayed with them: who tries one filter after another, or leaves, wants no other
    page. Not of a moment in the past: its answers take long, and few leave it for another page.
    """
    scope = shown.scope.at(newest.minute)
    if not newest.version or newest.is_stale or scope.as_of:
        return
    if _has_stayed(scope.filters) and _views().is_due(scope.filters, newest):
        for wanted in pages:
            Questions(newest, scope, wanted(scope)).some_time()


def _has_stayed(filters: Scope) -> bool:
    """Whether this reader has looked at the same view for a while."""
    met: tuple[Scope, float] | None = st.session_state.get(MET)
    if met is None or met[0] != filters:
        met = st.session_state[MET] = (filters, time.monotonic())
    return time.monotonic() - met[1] >= STAY_SECONDS


@dataclass(slots=True)
class View:
    """When the pages of some filters were last asked for, and for which versions."""

    warmed_at: datetime | None = None
    versions: list[client.Freshness] = field(default_factory=list)

    def is_due(self, now: datetime) -> bool:
        """Whether its pages are to be asked anew."""
        return self.warmed_at is None or now - self.warmed_at >= WARM


@dataclass(slots=True)
class Views:
    """What is looked at, by whomever. Thread-safe; a view that nobody looks at is soon forgotten."""

    _known: dict[Scope, View] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, filters: Scope) -> list[client.Freshness]:
        """The versions that this view's pages were asked for of late, the newest first."""
        with self._lock:
            versions = self._known[filters].versions if filters in self._known else []
            return sorted(versions, key=lambda one: one.asked_at, reverse=True)

    def note(self, filters: Scope, fresh: client.Freshness) -> None:
        """Another version of this view."""
        with self._lock:
            self._note(filters, fresh)

    def is_due(self, filters: Scope, fresh: client.Freshness) -> bool:
        """Whether this view's pages are to be asked; then that is noted."""
        with self._lock:
            view = self._known.setdefault(filters, View())
            warm = sum(one.warmed_at is not None for one in self._known.values() if one is not view)
            if not view.is_due(fresh.asked_at) or warm >= MOST_VIEWS:
                return False
            view.warmed_at = fresh.asked_at
            self._note(filters, fresh)
            return True

    def _note(self, filters: Scope, fresh: client.Freshness) -> None:
        self._known.setdefault(filters, View()).versions.append(fresh)
        for one, view in list(self._known.items()):
            young = {v.asked_at: v for v in view.versions if fresh.asked_at - v.asked_at < OLDEST}
            view.versions = list(young.values())
            if not young:
                del self._known[one]


@st.cache_resource(show_spinner=False)
def _views() -> Views:
    return Views()
