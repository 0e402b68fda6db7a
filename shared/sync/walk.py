"""Walks Partner Center's pages, from where the walk is to its end, and lets what they hold be written meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from shared.core.errors import ContractChanged, Rejected
from shared.model import times
from shared.model.order import OrderIgnored, check_newest_first, reaches
from shared.model.referral import Head
from shared.partner_center.client import BY_CREATION, BY_UPDATE, LinkExpired, Page, PartnerCenterClient
from shared.sync.pages import Pages, read_page
from shared.sync.progress import Place, Progress
from shared.sync.settle import Settling

MANY_PAGES: Final = 5
"""From here on an incremental walk asks storage for all hashes at once."""


class TimeIsUp(Exception):
    """The run's time is used up; it pauses."""


class Walker:
    """The walking of one run.

    Args:
        client: reads the pages.
        pages: takes them.
        progress: where the walk is.
        settling: follows what is written.
        overlap_minutes: how far an incremental walk reads behind the watermark.
        has_time: whether there is time for another request.
        shown: called after every page.
    """

    def __init__(
        self,
        client: PartnerCenterClient,
        pages: Pages,
        progress: Progress,
        settling: Settling,
        *,
        overlap_minutes: float,
        has_time: Callable[[], bool],
        shown: Callable[[], None],
    ) -> None:
        self._client, self._pages, self._progress, self._settling = client, pages, progress, settling
        self._overlap_minutes, self._has_time, self._shown = overlap_minutes, has_time, shown
        self._behind: Place | None = None
        """Where the walk was when records were handed over that are being written now."""

    def walk(self) -> bool:
        """Walk to the end, and have everything stored. A walk whose link expired, or whose order is not honoured, begins
        anew, once. Returns whether it did.

        Raises:
            TimeIsUp: the run has to pause.
            HunterError: see the retry table.
        """
        begun_anew = False
        while True:
            try:
                self._walk_pages()
                break
            except LinkExpired as expired:
                if begun_anew:
                    raise expired.error from None
                self._begin_anew(full=self._progress.walk.mode == "full")
            except OrderIgnored:
                self._begin_anew(full=True)
            begun_anew = True
        self._behind = None
        self._pages.flush_all()
        return begun_anew

    def _begin_anew(self, *, full: bool) -> None:
        self._behind = None
        self._pages.finish()
        self._progress.begin_anew("full" if full else "incremental")
        self._pages.restart()

    def _walk_pages(self) -> None:
        walk = self._progress.walk
        full = walk.mode == "full"
        if full:
            if walk.link is None and not walk.complete:
                self._progress.note_watermark(_newest(self._newest()))
                self._progress.keep()  # so that a full walk is not forgotten if this process dies before its first page
            self._pages.know_all()
        else:
            self._pages.know(self._progress.recent)
        if walk.complete:
            return
        bound, links = self._bound(), set[str]()
        for number in itertools.count(1):
            page = self._page(links)
            records = read_page(page.records)
            self._pages.take(records, walk.id, full=full)
            self._progress.note_page()
            if not full:
                check_newest_first(records.heads)
                if walk.pages == 1:
                    self._progress.note_watermark(_newest(records.heads))
                elif number == MANY_PAGES:
                    self._pages.know_all()  # so many changes: one scan is cheaper than asking page by page
            self._shown()
            if page.next is None or (not full and reaches(records.heads, bound)):
                return
            self._progress.note_link(page.next)
            self._between_pages()

    def _newest(self) -> Sequence[Head]:
        """The referral that was changed last; where that one can't be read, it is among the newest page."""
        try:
            page = read_page(self._client.newest().records)
        except Rejected as error:
            if error.upstream_status != 400:
                raise
            page = None  # it takes no $top, which Microsoft does not document for this list
        if page is None or (len(page) and not any(head.updated for head in page.heads)):
            page = read_page(self._client.page(BY_UPDATE).records)
        return page.heads

    def _page(self, links: set[str]) -> Page:
        walk = self._progress.walk
        if walk.link is None:
            return self._client.page(BY_CREATION if walk.mode == "full" else BY_UPDATE)
        if walk.link in links:
            raise ContractChanged
        links.add(walk.link)
        return self._client.page(walk.link, is_link=True)

    def _bound(self) -> str | None:
        """Behind which time an incremental walk may stop."""
        watermark = self._progress.cursor.watermark
        return times.shifted(watermark, minutes=-self._overlap_minutes) if watermark else None

    def _between_pages(self) -> None:
        """Write when enough has gathered, keep the place, show how far it is, and stop when the time is up."""
        self._settling.follow()
        if not self._has_time():
            raise TimeIsUp
        due = self._pages.full or self._progress.is_due
        if self._behind and (due or self._pages.has_flushed):
            self._pages.finish_flush()
            self._progress.keep(self._behind)
            self._behind = None
        if due:
            # Written while the next pages come; the place is kept when everything before it is stored.
            self._pages.learn()
            place = self._progress.place
            self._pages.flush_beside()
            if self._pages.is_flushing:
                self._behind = place
                self._progress.note_on_its_way()
            else:
                self._progress.keep()
        else:
            self._progress.show()


def _newest(heads: Sequence[Head]) -> str | None:
    return max((head.updated for head in heads if head.updated), default=None)
