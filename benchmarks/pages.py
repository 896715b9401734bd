"""
Fill docs/benchmarks.md with the figures in benchmarks/results, between its marks.

`python -m benchmarks.pages` writes; what a result does not hold is left out, and a result that is not there leaves
its part of the page empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.forensics.tables import TABLES, Tables

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results"
MATCH = 31

Row = dict[str, Any]


def filled(page: str) -> str:
    """Return `page` with what lies between each `<!-- figures: NAME -->` and `<!-- end -->` made anew."""

    def figures(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- figures: {name} -->\n\n{_part(name)}<!-- end -->"

    return re.sub(r"<!-- figures: (\w+) -->\n.*?<!-- end -->", figures, page, flags=re.DOTALL)


def result_of(name: str) -> Row | None:
    """Return the whole of benchmarks/results/`name`.json, or None where nothing has been measured."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return None
    whole: Row = json.loads(path.read_text("utf-8"))
    return whole if isinstance(whole.get("result"), dict) and "skipped" not in whole["result"] else None


def _part(name: str) -> str:
    whole = result_of(name)
    if whole is None:
        return ""
    machine = whole["machine"]
    about = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}; commit {whole['commit']}"
    result = whole["result"]
    tables = [table for make in PARTS[name] if (table := make(result))]
    return "\n\n".join([f"Measured on: {about}, {whole['at'][:10]}.", *tables]) + "\n\n"


def _table(heading: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join(['---'] * len(head))} |"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return f"### {heading}\n\n" + "\n".join(lines) if len(lines) > 2 else ""


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{float(f'{value:.3g}'):g}"


# ---- Search ---------------------------------------------------------------------------------------------------------


def _targets(result: Row) -> str:
    rows = ((row["what"], row["figure"], row["unit"], row["target"], row["met"]) for row in result.get("targets", ()))
    return _table("What was aimed at", ("what", "figure", "", "target", "met"), rows)


SPEED_HEAD = ("index", "median µs", "99 % µs", "Takeback is × as fast", "batch µs", "Takeback is × as fast", "found")
SPEED = ("index", "median_us", "p99_us", "times_takeback", "batch_us", "batch_times_takeback", "recall")


def _speed(result: Row) -> str:
    rows = [row for row in result.get("rows", ()) if row["radius"] == MATCH]
    cells = ((row["codes"], row["entries"], *(row.get(name) for name in SPEED)) for row in rows)
    return _table("One query, and a batch of 1,000 on two cores: radius 31", ("codes", "entries", *SPEED_HEAD), cells)


def _radii(result: Row) -> str:
    radii = {row["radius"] for row in result.get("rows", ())}
    sizes = {row["entries"] for row in result.get("rows", ()) if row["radius"] != MATCH}
    rows = [row for row in result.get("rows", ()) if row["entries"] in sizes and len(radii) > 1]
    kept = [row for row in rows if row["index"] in ("Takeback", "FAISS flat")]
    cells = ((row["codes"], row["radius"], *(row.get(name) for name in SPEED[:-1])) for row in kept)
    heading = "Other radii" + "".join(f", {size:,} entries" for size in sizes)
    return _table(heading, ("codes", "radius", *SPEED_HEAD[:-1]), cells)


def _checks(result: Row) -> str:
    columns = ("codes", "entries", "radius", "queries", "planted", "planted_found", "pairs", "equals_flat")
    rows = ([row[name] for name in columns] for row in result.get("checks", ()))
    head = ("codes", "entries", "radius", "queries", "planted", "of these found", "all pairs", "as FAISS flat answers")
    return _table("Whether every answer is right", head, rows)


def _cold(result: Row) -> str:
    rows = ([row[n] for n in ("codes", "entries", "index", "median_us", "p99_us")] for row in result.get("cold", ()))
    return _table("From cold caches", ("codes", "entries", "index", "median µs", "99 % µs"), rows)


def _levels(result: Row) -> str:
    cells = []
    for row in result.get("levels", ()):
        for radius in (31, 64):
            ours, flat = (row[f"radius_{radius}"][name] for name in ("takeback", "flat"))
            times = [flat[name] for name in ("median_us", "times_takeback")]
            cells.append([row["level"], radius, ours["median_us"], *times, ours.get("batch_us")])
    head = ("instructions", "radius", "median µs", "FAISS flat, µs", "Takeback is × as fast", "batch µs")
    return _table("With other instructions", head, cells)


def _clustered(result: Row) -> str:
    columns = ("asked", "hits", "index", "median_us", "times_takeback", "equals_flat")
    rows = ([row[name] for name in columns] for row in result.get("clustered", ()))
    head = ("asked from", "found", "index", "median µs", "Takeback is × as fast", "answers agree")
    return _table("The worst case: every code within 31 bits of every other", head, rows)


# ---- Change, memory, snapshots --------------------------------------------------------------------------------------

SPREAD_HEAD = ("what", "times", "mean µs", "median µs", "99 % µs", "99.9 % µs", "longest ms", "over 5 ms")
SPREAD = ("count", "mean_us", "median_us", "p99_us", "p999_us", "worst_ms", "over_5_ms")


def _changes(result: Row) -> str:
    added, meanwhile, removed = (result.get(name) for name in ("additions", "searches_meanwhile", "removals"))
    if not (added and meanwhile and removed):
        return ""
    spreads = {
        "one addition": added["alone"],
        "one removal": removed["single"],
        "a search, nothing else going on": meanwhile["alone"],
        "a search, 1,000 additions a second": meanwhile["adding_a_thousand_a_second"],
        "a search, additions flat out to another index": meanwhile["adding_elsewhere_flat_out"],
        "a search, additions flat out to this one": meanwhile["adding_here_flat_out"],
        "nothing at all: the machine's own pauses": added["machine"],
    }
    heading = f"Additions, removals, and searches meanwhile: {added['entries']:,} entries"
    table = _table(heading, SPREAD_HEAD, ([name, *(row[c] for c in SPREAD)] for name, row in spreads.items()))
    return (
        f"{table}\n\nOf {added['sought']:,} additions, each followed by the search that has to find it, "
        f"{added['seen_at_once']:,} were found. Removing a thousand keys at once takes {_cell(removed['thousand_ms'])} "
        f"ms, a tenth of all {_cell(removed['tenth_ms'])} ms; afterwards {removed['found_after']} of them were found."
    )


def _memory(result: Row) -> str:
    columns = ("entries", "nbytes_per_entry", "resident_per_entry", "peak_per_entry_while_merged", "build_s")
    rows = [["Takeback", *(row[name] for name in columns)] for row in result.get("memory", ())]
    rows += [
        ["HMA's `PDQIndex`", row["entries"], None, row["resident_per_entry"], None, row["build_s"]]
        for row in result.get("hma", ())
    ]
    head = ("index", "entries", "held", "resident", "at most, all being merged", "built in s")
    return _table("Memory, in bytes an entry", head, rows)


def _snapshot(result: Row) -> str:
    row = result.get("snapshot")
    if not row:
        return ""
    head = ("entries", "built s", "saved s", "opened s", "opened and asked once s", "then, median µs", "bytes an entry")
    columns = ("build_s", "save_s", "open_s", "open_and_first_s", "median_us")
    cells = [row["entries"], *(row[name] for name in columns), row["file_bytes"] / row["entries"]]
    return _table("A snapshot, opened by a new process from memory", head, [cells])


def _hma(result: Row) -> str:
    rows = ([row[name] for name in ("entries", "add_ms", "query_us")] for row in result.get("hma", ()))
    return _table("HMA's `PDQIndex`", ("entries", "one addition ms", "one query µs"), rows)


# ---- Hashing --------------------------------------------------------------------------------------------------------


def _hashing(result: Row) -> str:
    head: tuple[str, ...] = (
        "pictures",
        "how many",
        "median megapixels",
        "Takeback, ms",
        "pdqhash, ms",
        "Takeback is × as fast",
    )
    head += ("least", "Takeback, all eight, ms", "pdqhash, all eight, ms")
    columns: tuple[str, ...] = (
        "pictures",
        "median_megapixels",
        "median_ours_ms",
        "median_pdqhash_ms",
        "median_ratio",
        "least_ratio",
    )
    columns += ("median_eight_ms", "median_pdqhash_dihedral_ms")
    parts = {"pixels_small": "512 × 512", "pixels_large": "2 to 13 megapixels"}
    rows = ([label, *(result[name][column] for column in columns)] for name, label in parts.items() if name in result)
    return _table("PDQ of decoded photographs, one thread", head, rows)


def _hashing_exact(result: Row) -> str:
    exact = result.get("exact", {})
    rows = [[exact[name] for name in ("pictures", "bits_apart_at_most", "qualities_apart_at_most")]] if exact else []
    return _table(
        "Whether it is the same fingerprint", ("pictures", "bits apart at most", "quality apart at most"), rows
    )


def _hashing_levels(result: Row) -> str:
    rows = ([name, row["median_ours_ms"], row["median_ratio"]] for name, row in result.get("levels", {}).items())
    head: tuple[str, ...] = ("instructions", "Takeback, ms", "Takeback is × as fast as pdqhash")
    return _table("With other instructions, 2 to 13 megapixels, timed alone", head, rows)


def _hashing_files(result: Row) -> str:
    head: tuple[str, ...] = (
        "pictures",
        "how many",
        "median megapixels",
        "Takeback, ms",
        "HMA's way, ms",
        "Takeback is × as fast",
    )
    head += ("luminance decoded, ms", "Takeback is × its time")
    columns: tuple[str, ...] = ("pictures", "median_megapixels", "median_ours_ms", "median_hma_ms", "median_ratio")
    columns += ("median_decode_ms", "median_to_decoding")
    parts = {"jpeg_files": "all", "jpeg_files_large": "2 to 13 megapixels"}
    rows = ([label, *(result[name][column] for column in columns)] for name, label in parts.items() if name in result)
    return _table("JPEG files to PDQ by the luminance plane, one thread", head, rows)


def _hashing_luminance(result: Row) -> str:
    apart = result.get("luminance_route", {})
    columns: tuple[str, ...] = (
        "pictures",
        "decoded_in_full",
        "mean_bits_apart",
        "bits_apart_at_most",
        "qualities_apart_at_most",
    )
    head: tuple[str, ...] = (
        "pictures",
        "of these decoded in full",
        "bits apart, mean",
        "at most",
        "quality apart at most",
    )
    rows = [[apart[name] for name in columns]] if apart else []
    return _table("The luminance plane's fingerprint against that of the pixels", head, rows)


# ---- Edited copies --------------------------------------------------------------------------------------------------

_COLUMNS = {
    "hma": "HMA's hash",
    "sscd": "SSCD, one view",
    "notice_first_fingerprint": "fingerprint",
    "notice_first_descriptor": "+ descriptor",
    "notice_first_features": "+ features",
    "upload_first_fingerprint": "upload first: fingerprint",
    "upload_first_descriptor": "upload first: + descriptor",
    "upload_first_features": "upload first: + features",
}


def _copies(result: Row) -> str:
    columns = [result["columns"][name] for name in _COLUMNS]
    edits = list(columns[0]["by_edit"])
    rows = [(f"**{row}**", *(column[row] for column in columns)) for row in ("recall", "substantially_same")]
    rows.insert(1, ("95 %, over photographs", *(f"{low:.3f}–{high:.3f}" for low, high in _intervals(columns))))
    rows += [(edit, *(f"{column['by_edit'][edit]:.2f}" for column in columns)) for edit in edits]
    heading = f"Share of copies found, any class: {result['edits']} edits of {result['photographs']} photographs"
    return _table(heading, ("edit", *_COLUMNS.values()), rows)


def _intervals(columns: Sequence[Row]) -> list[tuple[float, float]]:
    return [(column["interval_95"][0], column["interval_95"][1]) for column in columns]


def _copies_wrong(result: Row) -> str:
    columns = [result["columns"][name] for name in _COLUMNS]
    names = ("different_pairs", "false_same", "false_possible")
    rows = [(name.replace("_", " "), *(column[name] for column in columns)) for name in names]
    return _table("Wrong, among all pairs of different pictures", ("", *_COLUMNS.values()), rows)


def _checking(result: Row) -> str:
    hma = result["hma_route_ms"]
    titles = {"descriptor": "fingerprint and descriptor", "features": "all three levels"}
    kinds = {"digest_ms": "a digest refuses it", "pdq_ms": "PDQ decides", "nothing_ms": "nothing matches"}
    rows = [
        (titles[level], text, result[level][kind], hma / result[level][kind])
        for level in titles
        for kind, text in kinds.items()
    ]
    heading = "`POST /api/v1/check`, a JPEG of 1600 pixels, the service on one core"
    head = ("entries have", "upload", "median ms", "HMA's route (Pillow, `pdqhash`, no server) takes × as long")
    return _table(heading, head, rows)


def _compared(result: Row) -> str:
    rows = [("all", result["changed"]), *result["by_change"].items(), *result["by_after"].items()]
    cells = [(name, row["pairs"], *_found(row), row["f1"]) for name, row in rows]
    heading = "Changed pairs: found, and mean F1 of the pixels that are called changed"
    return _table(heading, ("change, and what came after", "pairs", "found", "95 %", "F1"), cells)


def _found(row: Row) -> tuple[str, str]:
    low, high = row["interval_95"]
    return f"{row['found']:.3f}", f"{low:.3f}–{high:.3f}"


def _compared_clean(result: Row) -> str:
    rows = [("all", result["clean"]), *result["clean_by_after"].items()]
    cells = [
        (name, row["pairs"], row["called_changed"], "–".join(f"{each:.3f}" for each in row["interval_95"]))
        for name, row in rows
        if row["pairs"]
    ]
    heading = (
        f"Clean pairs that are called changed; a pair takes {result['seconds']} s in the median, "
        f"one of 2 megapixels {result['seconds_2_mp']} s, larger ones, which are screenshots of those, "
        f"{result['seconds_larger']} s, on one core"
    )
    return _table(heading, ("what was done", "pairs", "called changed", "share, 95 %"), cells)


def _compared_plain(result: Row) -> str:
    rows = [
        (threshold, f"{row['found']:.3f}", f"{row['clean_called_changed']:.3f}")
        for threshold, row in result["plain_map"].items()
    ]
    heading = "The same pairs by a map of structural similarity (SSIM), as tools without registration show it"
    return _table(heading, ("threshold", "changed ones found", "clean ones called changed"), rows)


_LEVELS = {"descriptor": "fingerprint and descriptor", "features": "all three levels"}


def _forgeries(result: Row) -> str:
    columns = [result["columns"][level] for level in _LEVELS]
    rows = [
        (
            heading,
            columns[0]["right"][heading]["n"],
            *(_with_interval(column["right"][heading]) for column in columns),
            f"{columns[-1]['right_of_all'][heading]['share']:.3f}",
        )
        for heading in columns[0]["right"]
    ]
    taken = f"{result['originals']} of {result['photographs']} photographs have the detail that it takes"
    heading = f"Share that is right, with the interval over photographs (95 %): {taken}"
    return _table(heading, ("", "uploads", *_LEVELS.values(), "the last, of all photographs"), rows)


def _with_interval(share: Row) -> str:
    low, high = share["interval_95"]
    return f"{share['share']:.3f} ({low:.3f}–{high:.3f})"


def _forgeries_wrong(result: Row) -> str:
    names = {
        "uploads": "uploads, each compared with every original",
        "unaltered_called_altered": "unaltered copies called altered",
        "wrong_original_named": "uploads for which another original was named",
        "different_pairs_compared": "pairs compared tile by tile",
        "comparing_ms": "milliseconds for an upload, median",
        "comparing_ms_longest": "the longest",
    }
    columns = [result["columns"][level] for level in _LEVELS]
    rows = [(text, *(column[name] for column in columns)) for name, text in names.items()]
    return _table("Wrong, and what it costs", ("", *_LEVELS.values()), rows)


def _of_a_test(tables: Tables, result: Row) -> str:
    return "\n\n".join(_table(*each) for each in tables(result))


PARTS: dict[str, tuple[Callable[[Row], str], ...]] = {
    "lookup": (
        *(_targets, _speed, _checks, _radii, _cold, _levels, _clustered),
        *(_changes, _memory, _snapshot, _hma),
    ),
    "copies": (_copies, _copies_wrong),
    "checking": (_checking,),
    "compared": (_compared, _compared_clean, _compared_plain),
    "forgeries": (_forgeries, _forgeries_wrong),
    **{name: (partial(_of_a_test, tables),) for name, tables in TABLES.items()},
    "hashing": (_hashing, _hashing_exact, _hashing_levels, _hashing_files, _hashing_luminance),
}


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
