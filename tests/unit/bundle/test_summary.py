"""The first page of a bundle: one page, the same bytes for the same words, and nothing set badly."""

from __future__ import annotations

from datetime import timedelta

from tests.house import AT

from takeback.audit.keys import bundle_signer
from takeback.bundle.bag import Cover, bag
from takeback.bundle.offline import check_files
from takeback.bundle.summary import MAX_LINES, Part, Summary, drawn_summary


def summary(*rows: tuple[str, str]) -> Summary:
    return Summary("Evidence", "What happened.", [Part("The notice", rows)], AT)


def test_it_is_one_page_however_much_there_is_to_say() -> None:
    parts = [Part(f"Part {n}", [("reason", "word " * 400)] * 40) for n in range(3)]
    pdf = drawn_summary(Summary("Evidence", "x " * 200, [*parts, Part("How to check it", [("run", "verify.py")])], AT))

    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == 1
    assert len(pdf) < 60_000


def test_the_same_summary_gives_the_same_bytes() -> None:
    one = summary(("case", "1f2e"))

    assert drawn_summary(one) == drawn_summary(one)


def test_letters_that_it_cannot_set_well_are_named_instead() -> None:
    drawn = [drawn_summary(summary(("reason", text))) for text in ("صورة", "照片", "Überwältigend, ça va, año, Καλά")]

    latin = drawn_summary(summary(("reason", "(written in letters that this page cannot set: see the files)")))
    assert [each == latin for each in drawn] == [True, True, False]


def test_more_lines_than_fit_are_counted() -> None:
    assert drawn_summary(summary(*[("a", "b")] * (MAX_LINES + 3))) != drawn_summary(summary(*[("a", "b")] * MAX_LINES))


def test_a_bag_is_one_of_bagit_with_a_manifest_of_everything() -> None:
    made = bag({"a.json": b"{}\n"}, Cover("full", "1f2e", AT, "Read me.\n"), bundle_signer(bytes(32), "a.example"))

    assert made.files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert b"Payload-Oxum: 3.1\n" in made.files["bag-info.txt"]
    assert made.files["manifest-sha256.txt"].endswith(b"  data/a.json\n")
    assert check_files(made.files) == "Files: all 6 are as they were put in."
    assert made.zipped(AT) == made.zipped(AT) != made.zipped(AT + timedelta(days=1))
