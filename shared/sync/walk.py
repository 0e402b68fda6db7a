"""Walks Partner Center's pages, from where the walk is to its end, and lets what they hold be written meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from shared.core.context import ContextExecutor
from shared.core.errors import ContractChanged, Rejected
from shared.model import times
from shared.model.order import OrderIgnored, check_newest_first, is_newest_first, reaches
from shared.model.referral import Head
from shared.partner_center.client import BY_CREATION, BY_UPDATE, LinkExpired, Page, PartnerCenterClient
from shared.sync.pages import Pages, read_page
from shared.sync.progress import Place, Progress
from shared.sync.settle import Settling

MANY_PAGES: Final = 5
"""From here on an incremental walk asks storage for all hashes at once."""


class TimeIsUp(Exception):
    """The run's time is used up; it pauses."""


class NextPage:
    """Asks for the next page while the last is taken; to be closed.

    Args:
        client: reads pages.
        beside: ask in a thread of its own; else when the page is waited for.
    """

    def __init__(self, client: PartnerCenterClient, *, beside: bool) -> None:
        self._client = client
        self.beside = beside
        self._thread = ContextExecutor(1, thread_name_prefix="next-page") if beside else None
        self._asked: Callable[[], Page] | None = None

    def ask(self, query: str, *, is_link: bool = False) -> None:
        """Ask for a page, now or when ``take`` waits for it."""
        call = partial(self._client.page, query, is_link=is_link)
        self._asked = self._thread.submit(call).result if self._thread else call

    def take(self) -> Page:
        """The page that was asked for; raises what the client raised."""
        asked, self._asked = self._asked, None
        if asked is None:
            raise RuntimeError("no page was asked for")
        return asked()

    def close(self) -> None:
        """Ask for nothing any more, and wait until what was asked for is over: at most as long as one request lasts."""
        self._client.stop()
        if self._thread:
            self._thread.shutdown()


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
        beside: whether the next page is asked for while the last is taken.
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
        beside: bool,
    ) -> None:
        self._client, self._pages, self._progress, self._settling = client, pages, progress, settling
        self._next = NextPage(client, beside=beside)
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
        self._ask(walk.link, links)
        for number in itertools.count(1):
            page = read_page((answer := self._next.take()).records)
            # Whether there is a next one to be read, the heads of this one tell.
            link = None if not full and reaches(page.heads, bound) else answer.next
            ahead = self._next.beside and self._is_sure(link, links, page.heads) and self._has_time()
            if ahead:
                self._ask(link, links)
            self._pages.take(page, walk.id, full=full)
            self._progress.note_page()
            if not full:
                check_newest_first(page.heads)
                if walk.pages == 1:
                    self._progress.note_watermark(_newest(page.heads))
                elif number == MANY_PAGES:
                    self._pages.know_all()  # so many changes: one scan is cheaper than asking page by page
            self._shown()
            if link is None:
                return
            self._progress.note_link(link)
            self._settling.follow()
            if not ahead and not self._has_time():
                raise TimeIsUp
            self._keep_up()
            if not ahead:
                self._ask(link, links)

    def _is_sure(self, link: str | None, links: set[str], heads: Sequence[Head]) -> bool:
        """Whether the page under a link will be read, whatever is still found in the one before it."""
        in_order = self._progress.walk.mode == "full" or is_newest_first(heads)
        return link is not None and link not in links and in_order

    def close(self) -> None:
        """Ask for nothing any more; see ``NextPage.close``."""
        self._next.close()

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

    def _ask(self, link: str | None, links: set[str]) -> None:
        """Ask for the page under a link, or for the first one."""
        if link is None:
            self._next.ask(BY_CREATION if self._progress.walk.mode == "full" else BY_UPDATE)
            return
        if link in links:
            raise ContractChanged
        links.add(link)
        self._next.ask(link, is_link=True)

    def _bound(self) -> str | None:
        """Behind which time an incremental walk may stop."""
        watermark = self._progress.cursor.watermark
        return times.shifted(watermark, minutes=-self._overlap_minutes) if watermark else None

    def _keep_up(self) -> None:
        """Write when enough has gathered, keep the place, and show how far it is."""
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
