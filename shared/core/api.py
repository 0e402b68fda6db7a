"""Where our own API is, for whoever answers there and whoever hands the address on."""

from __future__ import annotations

from typing import Final

API: Final = "api/v1/partner-center"
"""What every route but the page's begins with; without a slash, as Azure Functions wants it."""
