"""Settings: laws that are known and threads that there can be, or the service does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from takeback.cases.law import check_laws, law_packs
from takeback.config import FILE_NAME, Settings, load_settings
from takeback.errors import BadSetting


def test_the_default_laws_are_known() -> None:
    check_laws(Settings())


@pytest.mark.parametrize("laws", ["us-take-it-dawn", "us-take-it-down,eu-dsa", "US-TAKE-IT-DOWN", "", " , "])
def test_a_law_that_is_not_known_or_none_at_all_is_refused_with_the_known_ones(tmp_path: Path, laws: str) -> None:
    settings = load_settings({"data": tmp_path}, {"TAKEBACK_LAWS": laws})
    with pytest.raises(BadSetting, match="setting laws") as refused:
        check_laws(settings)
    assert all(known in refused.value.advice for known in law_packs())


def test_laws_in_the_file_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('laws = ["uk-osa-20a", "atlantis-1"]\n', "utf-8")
    with pytest.raises(BadSetting, match="'atlantis-1'"):
        check_laws(load_settings({"data": tmp_path}, {}))
    (tmp_path / FILE_NAME).write_text('laws = ["uk-osa-20a"]\n', "utf-8")
    check_laws(load_settings({"data": tmp_path}, {}))


def test_at_least_one_thread_describes_a_picture(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="copy_threads must be at least 1"):
        load_settings({"data": tmp_path}, {"TAKEBACK_COPY_THREADS": "0"})
