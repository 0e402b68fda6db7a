"""Batches and lists on a lane of their own, beside the SDK: what a sync and a read model do ten thousand times.

Public parts of azure-core alone: its pipeline with its policies, its transport, and azure-identity's credentials. A
connection string's key signs by Shared Key Lite as documented ("Authorize with Shared Key", Table service). Refusals are
raised as the SDK raises them, so one retry table (``tables``) governs both ways.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from azure.core import PipelineClient
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import (
    AzureSasCredentialPolicy,
    BearerTokenCredentialPolicy,
    DistributedTracingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.data.tables import RequestTooLargeError, TableTransactionError

from shared.storage.engine import wire
from shared.storage.engine.lane import Question, Reader
from shared.storage.engine.operations import Operation

T = TypeVar("T")

Credential = AzureNamedKeyCredential | AzureSasCredential | TokenCredential
Continuation = dict[str, str]
"""Where a list goes on: query parameters, as the service gave them."""

_SCOPE: Final = "https://storage.azure.com/.default"
_VERSION: Final = "2019-02-02"
"""Of the service's protocol; the SDK's."""
_CONTINUATIONS: Final = {
    "NextPartitionKey": "x-ms-continuation-NextPartitionKey",
    "NextRowKey": "x-ms-continuation-NextRowKey",
}
_ERRORS: Final[Mapping[str, type[HttpResponseError]]] = {
    "EntityAlreadyExists": ResourceExistsError,
    "ConditionNotMet": ResourceModifiedError,
    "UpdateConditionNotSatisfied": ResourceModifiedError,
    "ResourceNotFound": ResourceNotFoundError,
    "EntityNotFound": ResourceNotFoundError,
    "TableNotFound": ResourceNotFoundError,
    "AuthenticationFailed": ClientAuthenticationError,
    "InvalidAuthenticationInfo": ClientAuthenticationError,
}


class _SharedKeyLite(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Signs date and path with the account's key."""

    def __init__(self, credential: AzureNamedKeyCredential) -> None:
        self._credential = credential

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        account, key = self._credential.named_key
        headers = request.http_request.headers
        text = f"{headers['x-ms-date']}\n/{account}{urlsplit(request.http_request.url).path}"
        signature = hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)
        headers["Authorization"] = f"SharedKeyLite {account}:{base64.b64encode(signature).decode()}"


class FastLane:
    """Entity group transactions and lists of one account; thread-safe.

    Args:
        endpoint: the account's address for tables.
        credential: key, shared access signature or identity.
        transport: what sends; the SDK's, so that both use the same connections.
    """

    def __init__(self, endpoint: str, credential: Credential, transport: RequestsTransport) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self._endpoint,
            transport=transport,
            policies=[
                RequestIdPolicy(),
                UserAgentPolicy(sdk_moniker="hunter-partner-center-sync"),
                ProxyPolicy(),
                _policy_of(credential),
                DistributedTracingPolicy(),
            ],
        )

    def query(
        self, question: Question, reader: Reader[T], *, top: int | None = None, continuation: Continuation | None = None
    ) -> tuple[list[T], Continuation | None]:
        """One page of rows in key order, possibly empty, and where the next begins.

        Raises:
            AzureError: as the SDK would.
        """
        asked: dict[str, str] = dict(continuation or {})
        if question.filter:
            asked["$filter"] = wire.filled(question.filter, question.parameters or {})
        if question.columns:
            asked["$select"] = ",".join(question.columns)
        if top is not None:
            asked["$top"] = str(top)
        options = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
        address = f"{self._endpoint}/{question.table}()"
        answer = self._send("GET", f"{address}?{options}" if options else address, {"Accept": wire.MINIMAL})
        if answer.status_code != 200:
            raise _error(answer)
        try:
            rows = reader.page(answer.content)
        except ValueError:
            raise DecodeError("no page of rows", response=answer) from None
        goes_on = {name: value for name, header in _CONTINUATIONS.items() if (value := answer.headers.get(header))}
        return rows, goes_on or None

    def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """Carry out one entity group transaction; the new ETags, "" for a deletion.

        Raises:
            TableTransactionError: an operation was refused, and with it all; RequestTooLargeError for its size.
            AzureError: as the SDK would.
        """
        name = str(uuid.uuid4())
        answer = self._send(
            "POST",
            f"{self._endpoint}/$batch",
            {
                "Accept": "application/json",
                "Content-Type": f"multipart/mixed; boundary=batch_{name}",
                "MaxDataServiceVersion": "3.0;NetFx",
            },
            wire.batch(f"{self._endpoint}/{table}", operations, name),
        )
        if answer.status_code == 413:
            raise RequestTooLargeError(message="The batch is too large.", response=answer)
        if answer.status_code != 202:
            raise _error(answer)
        try:
            result = wire.answer(answer.content)
        except ValueError:
            raise DecodeError("no answer to a batch", response=answer) from None
        if isinstance(result, wire.Failed):
            kind = RequestTooLargeError if result.status == 413 else TableTransactionError
            error = kind(message=f"{result.index}:{result.code}", response=answer)
            error.status_code = result.status
            error.error_code = result.code  # type: ignore[attr-defined]
            raise error
        return result

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> HttpResponse:
        sent = {
            **headers,
            "x-ms-version": _VERSION,
            "x-ms-date": formatdate(usegmt=True),
            "DataServiceVersion": "3.0",
        }
        return self._client.send_request(HttpRequest(method, url, headers=sent, content=body))


def _policy_of(credential: Credential) -> Any:
    if isinstance(credential, AzureNamedKeyCredential):
        return _SharedKeyLite(credential)
    if isinstance(credential, AzureSasCredential):
        return AzureSasCredentialPolicy(credential)
    return BearerTokenCredentialPolicy(credential, _SCOPE)


def _error(answer: HttpResponse) -> HttpResponseError:
    """A refusal as the SDK raises it; its text says no more than the code."""
    code = wire.error_of(answer.content)[0] or answer.headers.get("x-ms-error-code", "")
    kind = _ERRORS.get(code, ClientAuthenticationError if answer.status_code == 401 else HttpResponseError)
    error = kind(message=code or f"status {answer.status_code}", response=answer)
    error.error_code = code  # type: ignore[attr-defined]
    return error
