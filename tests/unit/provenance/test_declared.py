"""What a file says of itself, in every place that a format has for it."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from tests.unit.provenance.packets import GENERATED, exif, packet, with_texts
from tests.unit.provenance.signing import picture

from takeback.provenance.declared import Declared, read_declared
from takeback.provenance.embedded import MAX_TEXT_BYTES, read_embedded

PROMPT = "a lighthouse in a storm"
SETTINGS = f"{PROMPT}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
PACKET = packet(attributes=f'Iptc4xmpExt:DigitalSourceType="{GENERATED}"')


def test_a_file_that_says_nothing() -> None:
    for kind in ("JPEG", "PNG", "BMP", "GIF"):
        assert read_declared(picture(kind)) == Declared()


def test_a_file_that_is_no_picture_says_nothing() -> None:
    for data in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + bytes(100), b"GIF89a"):
        assert read_declared(data) == Declared()


# Where it stands


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_xmp_of_every_format(kind: str) -> None:
    parameters: dict[str, Any] = {"xmp": PACKET}
    if kind == "TIFF":
        parameters = {"tiffinfo": {700: PACKET}}
    assert read_declared(picture(kind, **parameters)).source_type == GENERATED


@pytest.mark.parametrize("packed", [False, True])
def test_xmp_of_png(packed: bool) -> None:
    file = with_texts(("XML:com.adobe.xmp", PACKET.decode()), international=True, packed=packed)
    assert read_declared(file).source_type == GENERATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_exif_of_every_format(kind: str) -> None:
    written = exif(make="Nikon", model="NIKON D70", software="Ver.1.03")
    declared = read_declared(picture(kind, exif=written))
    assert declared.camera == "NIKON D70"
    assert declared.programs == ("Ver.1.03",)
    assert not declared.generators


# Generators


@pytest.mark.parametrize(
    ("texts", "program"),
    [
        ([("parameters", SETTINGS)], "a program of the Stable Diffusion family"),
        ([("parameters", json.dumps({"sui_image_params": {"prompt": PROMPT}}))], "SwarmUI"),
        ([("parameters", SETTINGS), ("fooocus_scheme", "a1111")], "Fooocus"),
        ([("prompt", json.dumps({"3": {"class_type": "KSampler"}}))], "ComfyUI"),
        ([("workflow", json.dumps({"nodes": []}))], "ComfyUI"),
        ([("Software", "NovelAI"), ("Source", "NovelAI Diffusion V3 1"), ("Comment", "{}")], "NovelAI"),
        ([("invokeai_metadata", json.dumps({"positive_prompt": PROMPT}))], "InvokeAI"),
        ([("sd-metadata", "{}")], "InvokeAI"),
        ([("Dream", f'"{PROMPT}" -s 50')], "InvokeAI"),
        ([("use_stable_diffusion_model", "sd-v1-4")], "Easy Diffusion"),
        ([("generation_data", "{}")], "TensorArt"),
        ([("Description", f"{PROMPT} --v 6 Job ID: 01234567-89ab-cdef-0123-456789abcdef")], "Midjourney"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_texts_of_generators(texts: list[tuple[str, str]], program: str, packed: bool) -> None:
    declared = read_declared(with_texts(*texts, packed=packed))
    assert declared.generators == (program,)
    assert PROMPT not in repr(declared)


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + SETTINGS.encode("utf-16-be"),
        b"UNICODE\0" + SETTINGS.encode("utf-16-le"),
        b"ASCII\0\0\0" + SETTINGS.encode(),
        bytes(8) + SETTINGS.encode(),
        SETTINGS.encode(),
    ],
)
def test_settings_in_a_comment_of_exif(comment: bytes) -> None:
    declared = read_declared(picture("JPEG", exif=exif(comment)))
    assert declared.generators == ("a program of the Stable Diffusion family",)
    assert PROMPT not in repr(declared)


@pytest.mark.parametrize(
    ("file", "program"),
    [
        (picture(exif=exif(software="Adobe Firefly")), "Adobe Firefly"),
        (picture(exif=exif(software="DALL-E 3")), "DALL·E"),
        (picture(xmp=packet(attributes='xmp:CreatorTool="Draw Things"')), "Draw Things"),
        (picture(xmp=packet(attributes='photoshop:Credit="Made with Google AI"')), "Google AI"),
        (picture(xmp=packet(attributes='Iptc4xmpExt:AISystemUsed="ComfyUI 1"')), "ComfyUI"),
        (picture(xmp=packet("<dc:description><rdf:Alt><rdf:li>x Job ID: 01234567-89ab-cdef-0123-456789abcdef</rdf:li>"
                            "</rdf:Alt></dc:description>")), "Midjourney"),
        (picture(exif=exif(make="Midjourney")), "Midjourney"),
    ],
)  # fmt: skip
def test_names_of_generators(file: bytes, program: str) -> None:
    assert read_declared(file).generators == (program,)


@pytest.mark.parametrize(
    "texts",
    [
        [("parameters", "exposure and such")],
        [("prompt", "the shell's")],
        [("workflow", "raw, then print")],
        [("Software", "Imagen 3 editora"), ("Comment", "Steps: 3, then left")],
    ],
)
def test_common_words_make_no_generator(texts: list[tuple[str, str]]) -> None:
    declared = read_declared(with_texts(*texts))
    assert not declared.generators
    assert not declared.has_prompt


def test_that_there_is_a_prompt_is_known_and_no_more() -> None:
    assert read_declared(with_texts(("parameters", SETTINGS))).has_prompt
    secret = picture(xmp=packet(attributes=f'Iptc4xmpExt:AIPromptInformation="{PROMPT}"'))
    assert read_declared(secret).has_prompt
    assert PROMPT not in repr(read_declared(secret))


# Editors


def test_editors_and_what_they_did() -> None:
    inside = (
        '<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:softwareAgent="Adobe Photoshop 25.0"/></rdf:Seq>'
        "</xmpMM:History><photoshop:DocumentAncestors><rdf:Bag><rdf:li>a</rdf:li></rdf:Bag></photoshop:DocumentAncestors>"
    )
    written = packet(inside, 'xmp:CreatorTool="Adobe Photoshop 25.0" photoshop:Credit="An agency"')
    declared = read_declared(picture(xmp=written))
    assert declared.programs == ("Adobe Photoshop 25.0",)
    assert (declared.steps, declared.step_programs) == (1, ("Adobe Photoshop 25.0",))
    assert (declared.ancestors, declared.credit) == (1, "An agency")


# What strangers write


def test_a_packet_that_cannot_be_read_is_told() -> None:
    assert not read_declared(picture(xmp=b"<broken")).is_readable


def test_a_text_that_grows_is_cut() -> None:
    """A kilobyte that unpacks to a gigabyte is met in the wild."""
    bomb = zlib.compress(bytes(50 << 20), 9)
    body = b"prompt\0\0" + bomb
    plain = picture("PNG")
    chunk = len(body).to_bytes(4, "big") + b"zTXt" + body + zlib.crc32(b"zTXt" + body).to_bytes(4, "big")
    ((_, said),) = read_embedded(plain[:33] + chunk + plain[33:]).texts
    assert len(said) == MAX_TEXT_BYTES


def test_many_texts_are_cut() -> None:
    plain = picture("PNG")
    chunk = (3).to_bytes(4, "big") + b"tEXt" + b"a\0b" + bytes(4)
    assert len(read_embedded(plain[:33] + chunk * 5_000 + plain[33:]).texts) == 200


def test_a_damaged_exif_says_nothing() -> None:
    written = exif(software="Editor")
    for place in range(6, len(written)):
        damaged = bytearray(written)
        damaged[place] ^= 0xFF
        read_declared(picture(exif=bytes(damaged)))
