"""What goes to browsers may be passed on, is what was tested, and makes what can be compared; else nothing starts."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from takeback.config import Settings
from takeback.errors import BadSetting
from takeback.fingerprint.in_browser import (
    _NOT_TO_BE_PASSED_ON,
    LICENSE,
    MODEL,
    PROGRAM,
    RUNTIME_VERSION,
    WASM,
    read_page_model,
)
from takeback.fingerprint.sscd import chosen_model


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder with all four files, of which the program is none."""
    folder = tmp_path / "for browsers"
    folder.mkdir()
    for name in (MODEL, LICENSE, PROGRAM, WASM):
        (folder / name).write_text(f"not really {name}")
    return Settings(page_model=str(folder), copy_model=str(folder / MODEL))


def packaged(name: str) -> Path:
    model = chosen_model(name)
    assert model is not None
    return model


def test_without_the_setting_there_is_none() -> None:
    assert read_page_model(Settings()) is None


@pytest.mark.parametrize("name", [MODEL, LICENSE, PROGRAM, WASM])
def test_a_file_that_is_missing_is_named(settings: Settings, name: str) -> None:
    (Path(settings.page_model) / name).unlink()
    with pytest.raises(BadSetting, match=f"There is no file .*{name}"):
        read_page_model(settings)


@pytest.mark.parametrize("name", ["", "distilled"])
def test_a_model_whose_licence_forbids_it_is_refused(settings: Settings, name: str) -> None:
    shutil.copy(packaged(name), Path(settings.page_model) / MODEL)
    with pytest.raises(BadSetting, match="not passing it on"):
        read_page_model(settings)


def test_each_model_of_the_package_is_known() -> None:
    models = {hashlib.sha256(packaged(name).read_bytes()).hexdigest() for name in ("", "distilled")}
    assert models <= _NOT_TO_BE_PASSED_ON


def test_a_licence_that_says_nothing_is_refused(settings: Settings) -> None:
    (Path(settings.page_model) / LICENSE).write_text("\n")
    with pytest.raises(BadSetting, match="what allows passing the model on"):
        read_page_model(settings)


@pytest.mark.parametrize("copy_model", ["", "off"])
def test_a_model_that_is_not_the_services_own_is_refused(settings: Settings, copy_model: str) -> None:
    with pytest.raises(BadSetting, match="never compared"):
        read_page_model(replace(settings, copy_model=copy_model))


def test_a_program_that_was_not_tested_is_refused(settings: Settings) -> None:
    with pytest.raises(BadSetting, match=f"is not that of onnxruntime-web {RUNTIME_VERSION}"):
        read_page_model(settings)
