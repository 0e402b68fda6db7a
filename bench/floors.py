"""What physics allows: the pages fetched and the bytes stored, with nothing thought about them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import pickle
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec
import requests

from bench.meter import TOLD
from shared.partner_center.next_links import PATH
from shared.storage.engine import wire
from shared.storage.engine.batches import _batches
from shared.storage.engine.operations import Insert
from shared.storage.engine.tables import TableStore
from shared.storage.tables.referrals import PARTITIONS

_LINK: Final = re.compile(rb'"@odata\.nextLink": ?"([^"]*)"')
_WRITTEN: Final = ("Referrals", "ReferralPayloads", "Companies", "Quarantine")
WRITERS: Final = 4


def fetch(most: int | None = None) -> int:
    """All pages by one session, or the first so many, searched for the next link alone; how many."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOLD['token']}"
    query, pages = "$orderby=createdDateTime%20asc", 0
    while True:
        answer = session.get(f"{TOLD['api_url']}{PATH}?{query}")
        pages += 1
        link = _LINK.search(answer.content)
        if not link or pages == most:
            return pages
        query = link[1].decode().partition("?")[2]


def _account() -> tuple[str, str, bytes]:
    parts = dict(part.split("=", 1) for part in TOLD["storage"].rstrip(";").split(";"))
    return parts["TableEndpoint"], parts["AccountName"], base64.b64decode(parts["AccountKey"])


class Connection:
    """One connection to the account, with nothing between it and the socket."""

    def __init__(self) -> None:
        endpoint, self._account, self._key = _account()
        self._path = urlsplit(endpoint).path.rstrip("/")
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)

    def ask(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes, dict[str, str]]:
        """One request: status, body, headers."""
        date = formatdate(usegmt=True)
        text = f"{date}\n/{self._account}{self._path}{path}".encode()
        signature = base64.b64encode(hmac.digest(self._key, text, hashlib.sha256)).decode()
        signed = {
            "x-ms-date": date,
            "x-ms-version": "2019-02-02",
            "Authorization": f"SharedKeyLite {self._account}:{signature}",
        }
        address = f"{self._path}{path}{'?' + query if query else ''}"
        self._connection.request(method, address, body, {"DataServiceVersion": "3.0", **headers, **signed})
        answer = self._connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}


def prepare(store: TableStore, file: Path) -> int:
    """Keep, as batch bodies, the very entities that the product wrote; how many rows."""
    bodies: list[tuple[str, str, bytes]] = []
    rows = 0
    for table in _WRITTEN:
        entities = [
            {name: value for name, value in row.items() if name != "etag"} for row in store.table(table).query()
        ]
        rows += len(entities)
        for number, batch in enumerate(_batches(Insert(entity) for entity in entities)):
            name = f"{table.lower()}-{number}"
            bodies.append((table, name, wire.batch(f"http://127.0.0.1/devstoreaccount1/{table}", batch, name)))
    file.write_bytes(pickle.dumps(bodies))
    return rows


def write(file: Path) -> None:
    """Send prepared batches in four threads."""
    bodies = pickle.loads(file.read_bytes())

    def send(part: list[tuple[str, str, bytes]]) -> None:
        connection = Connection()
        for _, name, body in part:
            headers = {"Content-Type": f"multipart/mixed; boundary=batch_{name}", "Accept": "application/json"}
            status, answer, _ = connection.ask("POST", "/$batch", "", headers, body)
            if status != 202 or isinstance(wire.answer(answer), wire.Failed):
                raise RuntimeError(f"a prepared batch was refused: {status}")

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(send, [bodies[number::WRITERS] for number in range(WRITERS)]))


def create_tables() -> None:
    """The tables that ``write`` needs."""
    connection = Connection()
    for table in _WRITTEN:
        body = msgspec.json.encode({"TableName": table})
        connection.ask("POST", "/Tables", "", {"Content-Type": "application/json", "Accept": "application/json"}, body)


class _Indexed(msgspec.Struct):
    RowKey: str
    rawHash: str  # noqa: N815 - the column's name


class _Page(msgspec.Struct):
    value: list[_Indexed]


_page: Final = msgspec.json.Decoder(_Page)


def scan_hashes() -> int:
    """The key and hash of every row, read into nothing; how many."""
    connection = Connection()
    return sum(
        len(_page.decode(body).value)
        for partition in PARTITIONS
        for body in _pages(connection, "Referrals", partition, ("RowKey", "rawHash"))
    )


def scan_columns(columns: tuple[str, ...]) -> int:
    """These columns of every row as dictionaries, partitions side by side; how many."""

    def one(partition: str) -> int:
        return sum(
            len(msgspec.json.decode(body)["value"]) for body in _pages(Connection(), "Referrals", partition, columns)
        )

    with ThreadPoolExecutor(8) as readers:
        return sum(readers.map(one, PARTITIONS))


def _pages(connection: Connection, table: str, partition: str, columns: tuple[str, ...]) -> Iterator[bytes]:
    condition = f"PartitionKey eq '{partition}'"
    chosen = f"$filter={quote(condition)}&$select={','.join(columns)}"
    goes_on = ""
    while True:
        accept = {"Accept": "application/json;odata=nometadata"}
        status, body, headers = connection.ask("GET", f"/{table}()", chosen + goes_on, accept, None)
        if status != 200:
            raise RuntimeError(f"a scan was refused: {status}")
        yield body
        where = headers.get("x-ms-continuation-nextpartitionkey")
        if not where:
            return
        row = headers.get("x-ms-continuation-nextrowkey", "")
        goes_on = f"&NextPartitionKey={quote(where, safe='')}&NextRowKey={quote(row, safe='')}"
