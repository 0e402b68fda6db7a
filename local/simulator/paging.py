"""Pages of a list and the links between them: live, by key or by offset, with the odd links of Microsoft's samples."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from .messages import Json
from .odata import ODataError, Predicate, Query, compile_filter
from .store import Position, Record, ReferralStore, decode, encode
from .switches import Switches

PUBLIC_HOST = "api.partner.microsoft.com"
LIST_PATH = "/v1.0/engagements/referrals"
_CONTEXT = encode("http://api.partner.microsoft.com/v1.0/$metadata#Referrals")
_TOKEN_BYTES = 750  # about 1,000 characters once encoded, as in the 2019 sample


class ExpiredToken(ValueError):
    """A skip token that this service no longer takes."""


@dataclass(frozen=True)
class Cursor:
    """Where a walk stands: the query it belongs to, the pages served, what is left of $top, and the place itself."""

    query: Query
    page: int = 0
    left: int | None = None
    after: Position | None = None
    offset: int = 0


class Pager:
    """Serves pages of the store. `api_url` is the simulator's own address, for well-formed links."""

    def __init__(self, store: ReferralStore, switches: Switches, api_url: Callable[[], str]) -> None:
        self._store = store
        self._switches = switches
        self._api_url = api_url
        self.generation = 0

    def expire_tokens(self) -> None:
        """Every link given so far is refused from now on."""
        self.generation += 1

    def page(self, cursor: Cursor, visible: Predicate | None, link: str | None = None) -> bytes:
        """One page as JSON. `link` is the link that asked for it, for the switch that repeats it.

        Raises ODataError for a $filter that is not supported.
        """
        switches = self._switches
        wanted = compile_filter(cursor.query.filter, dates=switches.date_filters)
        every = switches.empty_page_every
        if every and cursor.page % every == every - 1 and not (cursor.page and cursor.left == 0):
            return self._envelope([], self._link(replace(cursor, page=cursor.page + 1), link))
        size = switches.page_size if cursor.left is None else min(switches.page_size, cursor.left)
        if cursor.query.top is not None and switches.top == "page":
            size = min(switches.page_size, cursor.query.top)
        records, more = self._read(cursor, size, visible, wanted)
        left = None if cursor.left is None else cursor.left - len(records)
        after = replace(
            cursor,
            page=cursor.page + 1,
            left=left,
            after=records[-1].position(cursor.query.order) if records else cursor.after,
            offset=cursor.offset + len(records),
        )
        goes_on = (more and left != 0) or (switches.last_page_link and bool(records))
        bodies = [self._body(record, cursor.query.select) for record in records]
        return self._envelope(bodies, self._link(after, link) if goes_on else None)

    def first(self, query: Query) -> Cursor:
        """The beginning of a walk."""
        return Cursor(query, left=query.top if self._switches.top == "total" else None)

    def resume(self, token: str) -> Cursor:
        """The place that a skip token stands for. Raises ExpiredToken, ODataError."""
        try:
            state = json.loads(base64.b64decode(token, validate=True))
            query = Query(state["f"], state["o"], state["d"], tuple(state["s"]), state["t"])
            after = None if state["a"] is None else (str(state["a"][0]), int(state["a"][1]))
            cursor = Cursor(query, state["p"], state["l"], after, state["n"])
        except (ValueError, KeyError, TypeError) as problem:
            raise ODataError("The $skiptoken is malformed.") from problem
        if state["g"] != self.generation:
            raise ExpiredToken("The $skiptoken has expired.")
        return cursor

    def _read(
        self, cursor: Cursor, size: int, visible: Predicate | None, wanted: Predicate | None
    ) -> tuple[list[Record], bool]:
        by_offset = self._switches.paging == "offset"
        after = None if by_offset else cursor.after
        tests = [test for test in (visible, wanted) if test is not None]
        skip = cursor.offset if by_offset else 0
        found: list[Record] = []
        with self._store.locked():
            walk = self._store.walk(cursor.query.order, cursor.query.descending, after, 0 if tests else skip)
            for record in walk:
                if tests:
                    payload = decode(record.body)
                    if not isinstance(payload, dict) or not all(test(payload) for test in tests):
                        continue
                    if skip:
                        skip -= 1
                        continue
                if len(found) == size:
                    return found, True
                found.append(record)
        return found, False

    def _body(self, record: Record, select: tuple[str, ...]) -> bytes:
        if not select and self._switches.list_etags:
            return record.body
        payload: Any = decode(record.body)
        if not isinstance(payload, dict):
            return record.body
        if select:
            payload = {name: payload[name] for name in select if name in payload}
        if not self._switches.list_etags:
            payload.pop("eTag", None)
        return encode(payload)

    @staticmethod
    def _envelope(bodies: list[bytes], link: str | None) -> bytes:
        tail = b"" if link is None else b',"@odata.nextLink":' + encode(link)
        head = b'{"@odata.context":%s,"@odata.count":%d,"value":[' % (_CONTEXT, len(bodies))
        return head + b",".join(bodies) + b"]" + tail + b"}"

    def _link(self, cursor: Cursor, asked: str | None) -> str:
        form = self._switches.next_link
        if form == "repeating" and asked is not None:
            return self._written(asked, "well_formed")
        return self._written(self._token(cursor), form)

    def _written(self, token: str, form: str) -> str:
        query = f"$skiptoken={quote(token, safe='')}"
        bases = {
            "odd": f"http://{PUBLIC_HOST}/v1.0/referrals",
            "public": f"https://{PUBLIC_HOST}{LIST_PATH}",
            "evil": f"https://partner-center.evil.example{LIST_PATH}",
            "evil_userinfo": f"https://{PUBLIC_HOST}@evil.example{LIST_PATH}",
            "evil_suffix": f"https://{PUBLIC_HOST}.evil.example{LIST_PATH}",
        }
        return f"{bases.get(form, self._api_url() + LIST_PATH)}?{query}"

    def _token(self, cursor: Cursor) -> str:
        query = cursor.query
        state: Json = {
            "f": query.filter,
            "o": query.order,
            "d": query.descending,
            "s": query.select,
            "t": query.top,
            "p": cursor.page,
            "l": cursor.left,
            "a": cursor.after,
            "n": cursor.offset,
            "g": self.generation,
        }
        text = json.dumps(state, separators=(",", ":"))
        missing = _TOKEN_BYTES - len(text) - 7
        if missing > 0:
            filler = hashlib.shake_256(text.encode()).hexdigest(missing // 2 + 1)[:missing]
            text = f'{text[:-1]},"z":"{filler}"}}'
        return base64.b64encode(text.encode()).decode()
