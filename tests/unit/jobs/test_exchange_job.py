"""An outside list is fetched whole, whatever its keeper does wrong; what ends on it ends here at once."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.house import AT, LAWS, Clock, drawn
from tests.lists.stopncii import Keeper, keeping, random_code, record_of
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState
from takeback.config import Settings
from takeback.fingerprint import PdqHash, Route
from takeback.fingerprint.take import pdq_of_file
from takeback.jobs.exchange import ExchangeJob
from takeback.store import Store
from takeback.store.exchanges import ExchangeRow, NewExchange
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.check import check_file
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.exchanges import add_exchange
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked, Upload
from takeback.workflow.verify import verify_store
