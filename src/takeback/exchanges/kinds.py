"""Every kind of outside list that is fetched, by the name that HMA's clients and the settings have for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from takeback.exchanges.file import file
from takeback.exchanges.interface import Exchange
from takeback.exchanges.ncmec import ncmec
from takeback.exchanges.stopncii import stopncii
from takeback.exchanges.threatexchange import threatexchange

type Maker = Callable[[Mapping[str, Any], Mapping[str, Any] | None], Exchange]
"""From settings and credentials to a list; `ExchangeError` where they are not enough."""

EXCHANGES: Mapping[str, Maker] = {
    "stop_ncii": stopncii,
    "ncmec": ncmec,
    "fb_threatexchange": threatexchange,
    "file": file,
}
