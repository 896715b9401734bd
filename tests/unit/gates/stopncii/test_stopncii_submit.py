"""What a partner submits is its opinion, only possible until a person decides; what it says of entries is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.house import AT, drawn, reported
from tests.unit.gates.stopncii.conftest import Served
from tests.unit.gates.stopncii.test_stopncii_fetch import hash_of
from threatexchange.exchanges.clients.stopncii.api import (
    StopNCIIAPI,
    StopNCIICSPFeedback,
    StopNCIICSPFeedbackValue,
    StopNCIISignalType,
)

from takeback.bank import EntryState, Opinion
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.match import CopyClass
from takeback.store import Store
from takeback.store.partner_opinions import EntryFeedback, Feedback
from takeback.workflow.partner_opinions import (
    MAX_SAID_A_DAY,
    MAX_SUBMITTED_A_DAY,
    decide_submission,
    feedback,
    submissions,
)
from takeback.workflow.partners import partner_of, remove_partner
from takeback.workflow.query import query_of_reported
from takeback.workflow.register import remove_entry
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked, check_upload

PDQ = StopNCIISignalType.ImagePDQ
BLOCKED = StopNCIICSPFeedbackValue.Blocked
NOT_BLOCKED = StopNCIICSPFeedbackValue.NotBlocked


def _upload(store: Store, replica: Replica, seed: int) -> Checked:
    return check_upload(store, replica, query_of_reported([reported(drawn(seed))]), None, at=AT)


def _post(served: Served, key: str, path: str, body: Any) -> requests.Response:
    headers = {"x-functions-key": key, "Ocp-Apim-Subscription-Key": key}
    return requests.post(f"{served.url}/{path}", headers=headers, json=body, timeout=10)


def _record(seed: int = 1, **fields: Any) -> dict[str, Any]:
    return {"lastModtimestamp": 1, "signalType": "ImagePDQ", "hashValue": hash_of(seed), "CSPFeedbacks": [], **fields}


def test_what_the_real_client_submits_is_possible_and_refuses_nothing(served: Served, replica: Replica) -> None:
    made = served.partner(submits=True)
    served.client(made.key).submit_hash(PDQ, hash_of(1), {"a tag"})
    checked = _upload(served.store, replica, 1)
    assert checked.action is Action.ALLOW
    assert [match.copy_class for match in checked.screening.matches] == [CopyClass.POSSIBLE]
    (entry,) = [match.entry for match in checked.screening.matches]
    assert (entry.bank, entry.opinion, entry.state) == ("partner-csp", Opinion.DISPUTED, EntryState.HOLDING)
    assert entry.source == f"partner/{made.standing.partner.public_id}"
    assert [each.entry for each in submissions(served.store)] == [entry.public_id]


def test_a_submission_that_a_person_accepts_refuses_uploads_and_one_that_is_rejected_is_erased(
    served: Served, replica: Replica
) -> None:
    client = served.client(served.partner(submits=True).key)
    for seed in (1, 2):
        client.submit_hash(PDQ, hash_of(seed))
    first, second = [each.entry for each in submissions(served.store)]
    decide_submission(served.store, first, accept=True, actor="key/one", at=AT)
    decide_submission(served.store, second, accept=False, actor="key/one", at=AT)
    assert _upload(served.store, replica, 1).action is Action.REFUSE
    assert not _upload(served.store, replica, 2).screening.matches
    assert submissions(served.store) == []
    for entry in (first, second):
        with pytest.raises(IllegalTransition):
            decide_submission(served.store, entry, accept=True, actor="key/one", at=AT)
    (own,) = served.add("known", 3)
    with pytest.raises(InputError):
        decide_submission(served.store, own, accept=True, actor="key/one", at=AT)
    with pytest.raises(NotFound):
        decide_submission(served.store, "0" * 32, accept=True, actor="key/one", at=AT)


def test_what_is_submitted_twice_is_taken_once_and_in_any_case_of_letters(served: Served) -> None:
    key = served.partner(submits=True).key
    both = [_record(), _record(hashValue=hash_of(1).upper())]
    assert _post(served, key, "SubmitHashes", {"count": 2, "hashRecords": both}).json() == {"count": 1, "leftOut": []}
    assert _post(served, key, "SubmitHashes", {"count": 2, "hashRecords": both}).json()["count"] == 0
    assert len(submissions(served.store)) == 1


def test_a_submission_is_never_given_to_a_partner(served: Served) -> None:
    client = served.client(served.partner(submits=True).key)
    client.submit_hash(PDQ, hash_of(1))
    other = served.partner("partner-csp", name="other")
    assert served.client(other.key).fetch_hashes().count == 0
    (submission,) = submissions(served.store)
    decide_submission(served.store, submission.entry, accept=True, actor="key/one", at=AT)
    assert served.client(other.key).fetch_hashes().count == 1


def test_a_partner_submits_only_where_it_may(served: Served) -> None:
    with pytest.raises(requests.HTTPError, match="403"):
        served.client(served.partner().key).submit_hash(PDQ, hash_of(1))
    assert submissions(served.store) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"hashValue": "0" * 64}, {"hashValue": "f" * 64}, {"hashValue": hash_of(1)[:-1]}, {"hashValue": None},
        {"signalType": "VideoMD5"}, {"signalType": None}, {"CSPFeedbacks": [{"feedbackValue": "Undefined"}]},
        {"CSPFeedbacks": [{"feedbackValue": "NotBlocked"}]}, {"CSPFeedbacks": "Blocked"}, {"CSPFeedbacks": ["Blocked"]},
    ],
)  # fmt: skip
def test_one_record_that_is_none_is_left_out_and_the_others_are_taken(served: Served, wrong: dict[str, Any]) -> None:
    key = served.partner(submits=True).key
    answer = _post(served, key, "SubmitHashes", {"hashRecords": [_record(**wrong), _record(2)]}).json()
    assert (answer["count"], [each["index"] for each in answer["leftOut"]]) == (1, [0])
    assert str(wrong.get("hashValue", "NotBlocked")) not in answer["leftOut"][0]["why"]


@pytest.mark.parametrize(
    "body", [[], {}, {"hashRecords": {}}, {"hashRecords": [1]}, {"hashRecords": [_record()] * 1_001}, None]
)
def test_what_is_no_list_of_records_is_refused_whole(served: Served, body: Any) -> None:
    answer = _post(served, served.partner(submits=True).key, "SubmitHashes", body)
    assert answer.status_code == 400
    assert submissions(served.store) == []


def test_a_body_is_json_and_bounded(served: Served) -> None:
    key = served.partner(submits=True).key
    headers = {"x-functions-key": key, "Ocp-Apim-Subscription-Key": key}
    for body, status in ((b"{", 400), (b" " * 1_100_000, 413)):
        answer = requests.post(f"{served.url}/SubmitHashes", headers=headers, data=body, timeout=10)
        assert answer.status_code == status


def test_a_day_takes_so_many_submissions(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takeback.workflow.partner_opinions.MAX_SUBMITTED_A_DAY", 2)
    made = served.partner(submits=True)
    for seed in (1, 2):
        assert _post(served, made.key, "SubmitHashes", {"hashRecords": [_record(seed)]}).status_code == 200
    refused = _post(served, made.key, "SubmitHashes", {"hashRecords": [_record(3)]})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(12 * 3_600))
    assert len(submissions(served.store)) == 2
    served.clock.pass_(hours=12)
    assert _post(served, made.key, "SubmitHashes", {"hashRecords": [_record(3)]}).status_code == 200
    assert (MAX_SUBMITTED_A_DAY, MAX_SAID_A_DAY) == (1_000, 10_000)


def test_what_partners_say_of_an_entry_is_counted_once_for_each_and_shown(served: Served) -> None:
    (entry,) = served.add("known", 1)
    made = [served.partner("known", name=name) for name in ("a", "b", "c")]
    clients = [served.client(each.key) for each in made]
    for client in clients:
        client.fetch_hashes()
    for client, value in (
        (clients[0], NOT_BLOCKED),
        (clients[0], BLOCKED),
        (clients[1], BLOCKED),
        (clients[2], NOT_BLOCKED),
    ):
        client.submit_feedback(PDQ, hash_of(1).upper(), value, {"free text"})
    said = {Feedback.BLOCKED: 2, Feedback.NOT_BLOCKED: 1}
    assert feedback(served.store) == [EntryFeedback(entry, "known", said)]
    assert partner_of(served.store, made[0].standing.partner.public_id).days[0].feedback == 2
    remove_partner(served.store, made[1].standing.partner.public_id, actor="test", at=AT)
    assert feedback(served.store) == [EntryFeedback(entry, "known", {Feedback.BLOCKED: 1, Feedback.NOT_BLOCKED: 1})]
    remove_entry(served.store, entry, actor="test", at=AT)
    assert feedback(served.store) == []


def test_a_partner_says_something_only_of_what_it_was_given(served: Served) -> None:
    served.add("known", 1)
    stranger = served.partner("known")
    body = {"hashFeedbacks": [{"hashValue": hash_of(1), "feedbackValue": "Blocked", "tags": []}]}
    assert _post(served, stranger.key, "SubmitFeedback", body).json() == {"count": 0, "leftOut": []}
    assert feedback(served.store) == []


def test_feedback_that_is_none_is_left_out(served: Served) -> None:
    served.add("known", 1)
    key = served.partner("known").key
    StopNCIIAPI(key, key, base_url_override=served.url).fetch_hashes()
    good = {"hashValue": hash_of(1), "feedbackValue": "StopNCIICSPFeedbackValue.Blocked"}
    body = {"hashFeedbacks": [{"hashValue": hash_of(1), "feedbackValue": "Undefined"}, {}, good]}
    answer = _post(served, key, "SubmitFeedback", body).json()
    assert (answer["count"], [each["index"] for each in answer["leftOut"]]) == (1, [0, 1])


def test_with_the_partner_goes_what_it_submitted_undecided_and_not_what_was_accepted(
    served: Served, replica: Replica
) -> None:
    made = served.partner(submits=True)
    served.client(made.key).submit_hashes({(PDQ, hash_of(seed)): StopNCIICSPFeedback(BLOCKED) for seed in (1, 2)})
    first, _ = submissions(served.store)
    decide_submission(served.store, first.entry, accept=True, actor="key/one", at=AT)
    remove_partner(served.store, made.standing.partner.public_id, actor="test", at=AT + timedelta(minutes=1))
    assert submissions(served.store) == []
    actions = {_upload(served.store, replica, seed).action for seed in (1, 2)}
    assert actions == {Action.REFUSE, Action.ALLOW}
