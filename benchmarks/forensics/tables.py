"""The tables of the blind tests in docs/benchmarks.md: of each what it finds, what it says of clean files, a rival."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

type Row = dict[str, Any]
type Cells = Iterable[Sequence[object]]
type Tables = Callable[[Row], list[tuple[str, Sequence[str], Cells]]]

FOUND = ("what", "files", "found", "share, 95 %")


def shared(what: str, share: Row) -> tuple[object, ...]:
    """Return the cells of a share: what of, of how many, how many, and the share with its interval."""
    low, high = share["interval_95"]
    return what, share["n"], share["count"], f"{share['share']:.4f} ({low:.4f}–{high:.4f})"


def rival(name: str, result: Row, changed: str = "altered") -> list[tuple[object, ...]]:
    """Return the rows of a rival: what it finds of changed files and says of clean ones, at each threshold."""
    return [
        shared(f"{name} {limit}{of}", each[which])
        for limit, each in result["baseline"].items()
        for of, which in (("", changed), (": clean files", "clean"))
    ]


def jpeg_grid(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the tables of parts with other blocks."""
    splices, cameras, clean = result["splices"], result["splices_of_cameras"], result["clean"]
    names = {
        "png": "small pictures, drawings among them, kept in PNG",
        "png_of_photographs": "of these photographs in photographs",
        "jpeg_95": "saved again as JPEG 95",
        "jpeg_80": "saved again as JPEG 80",
    }
    rows = [shared("squares of cameras' files, kept in PNG", cameras["all"]["found"])]
    rows += [shared(text, splices[name]["found"]) for name, text in names.items()]
    rows += [shared(f"said to be blind: {names[name]}", splices[name]["said_blind"]) for name in ("jpeg_95", "jpeg_80")]
    rows += [shared("clean files with a finding", clean["all"])]
    rows += [
        shared(f"clean files with a finding by error levels, {times} deviations", share)
        for times, share in clean["error_levels"].items()
    ]
    seconds = result["seconds_per_megapixel"]
    time = f"seconds a megapixel: {seconds['whole_test']}, its votes {seconds['votes']}"
    return [(f"JPEG blocks ({time}; votes in plain NumPy {seconds['plain_numpy_votes']})", FOUND, rows)]


def double_jpeg(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the tables of what was saved twice."""
    groups = sorted(((int(by), each) for by, each in result["splices"].items()), key=lambda each: each[0])
    rows = [
        (
            f"{by:+d}", each["splices"], each["told_saved_before"]["share"], each["told_right_quality"], each["found"],
            each["f1"], each["plain_map_found"],
        )
        for by, each in [*groups, (0, result["splices_5_or_more"])]
    ]  # fmt: skip
    rows[-1] = ("+5 and more", *rows[-1][1:])
    head = ("last quality", "files", "said to be saved before", "with which", "part found", "its F1", "by Lin's map")
    clean = [
        shared("clean files with a finding", result["clean"]["with_finding"]),
        shared("by Lin's map with a threshold", result["plain_map_on_clean"]),
    ]
    heading = f"Saved twice, a part put in between ({result['seconds_per_megapixel']} seconds a megapixel)"
    return [(heading, head, rows), ("Saved twice, clean files", FOUND, clean)]


def copy_move(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the tables of copies within a picture."""
    rows = [
        shared("in pictures that can be judged", result["forged_applicable"]),
        shared("in all, drawings among them", result["forged"]),
        *(shared(f"of all: {name}", share) for name, share in result["by_kind"].items()),
        *(shared(f"of all, kept as {name}", share) for name, share in result["by_after"].items()),
        shared("clean files with a finding", result["clean"]),
        shared("files of photographs published with copies, with a finding", result["published_with_copies"]),
    ]
    rows += rival("plain SIFT,", result, "forged")
    f1, seconds = result["forged_applicable"]["f1"], result["seconds_per_megapixel"]
    return [(f"Copied within (F1 of what is found {f1}; {seconds} seconds a megapixel)", FOUND, rows)]


def noise_level(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the tables of parts with other noise."""
    rows = [shared("all", result["altered"])]
    rows += [shared(f"{name}, kept in PNG", share) for name, share in result["by_kind_png"].items()]
    rows += [shared(f"all, kept as {name}", share) for name, share in result["by_after"].items()]
    rows += [shared("clean files with a finding", result["clean"])]
    rows += rival("a map of noise,", result)
    f1, seconds = result["altered"]["f1"], result["seconds_per_megapixel"]
    return [(f"Noise (F1 of what is found {f1}; {seconds} seconds a megapixel)", FOUND, rows)]


def demosaicing(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the tables of parts with another mosaic or none."""
    rows = [shared("all", result["altered"])]
    rows += [shared(f"{name}, kept in PNG or JPEG 98", share) for name, share in result["by_kind_fine"].items()]
    rows += [shared(f"all, kept as {name}", share) for name, share in result["by_after"].items()]
    rows += [shared("clean files with a finding", result["clean"])]
    rows += [shared("of those that show a mosaic", result["clean_judged"])]
    rows += rival("counting by blocks (Choi),", result)
    shown = [shared(name, share) for name, share in result["said_to_show_a_mosaic"].items()]
    f1, seconds = result["altered"]["f1"], result["seconds_per_megapixel"]
    heading = f"The sensor's mosaic (F1 of what is found {f1}; {seconds} seconds a megapixel)"
    return [(heading, FOUND, rows), ("Clean files that are said to show a mosaic", FOUND, shown)]


def resampling(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the tables of parts that were scaled or turned, and of pictures that were as a whole."""
    rows = [shared("all", result["altered"])]
    rows += [shared(f"of 128 pixels and more: {text}", each) for text, each in result["by_way_128_and_more"].items()]
    rows += [shared("clean files with a finding", result["clean"])]
    rows += [shared("of those that are judged", result["clean_applicable"])]
    rows += rival("a map of how pixels follow, limit", result)
    whole = result["whole"]
    said = [
        shared("said of pictures that were scaled", whole["scaled"]),
        shared("with a factor, and right", whole["told_factor"]),
        shared("said of pictures that were not", whole["not_scaled"]),
    ]
    f1, seconds = result["altered"]["f1"], result["seconds_per_megapixel"]
    heading = f"Scaled or turned (F1 of what is found {f1}; {seconds} seconds a megapixel)"
    return [(heading, FOUND, rows), ("All of the picture said to be scaled", FOUND, said)]


def trace(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the table of one scene developed in two ways."""

    def by(tests: Row) -> str:
        return ", ".join(f"{name} {count}" for name, count in tests.items())

    groups = {**result["by_kind"], "altogether": result["altered"]}
    rows = [
        (*shared(name, group), by(group["by_test"]), group["f1_of_found"], group["mcc"])
        for name, group in groups.items()
    ]
    rows.append((*shared("clean files with a finding", result["clean"]), "", "", ""))
    heading = "One scene developed in two ways (after TRACE), in PNG, by all tests together"
    head = ("what differs in the part", *FOUND[1:], "by which tests", "F1 of those found", "MCC of all")
    return [(heading, head, rows)]


def examined(result: Row) -> list[tuple[str, Sequence[str], Cells]]:
    """Return the table of all tests together on clean files."""
    rows = [shared("any finding", result["any_finding"])]
    rows += [shared(f"by `{name}`", share) for name, share in sorted(result["by_test"].items())]
    large = result["large"]
    heading = (
        f"All tests together: clean files of {result['photographs']} photographs "
        f"({large['megapixels']:g} megapixels in {large['jpeg_seconds']} seconds as JPEG, "
        f"{large['png_seconds']} as PNG, {large['developed_seconds']} as a PNG that shows a mosaic, "
        f"{large['megabytes_of_memory']} MB)"
    )
    return [(heading, FOUND, rows)]


TABLES: dict[str, Tables] = {
    each.__name__: each
    for each in (examined, jpeg_grid, double_jpeg, copy_move, noise_level, demosaicing, resampling, trace)
}


type Point = tuple[float, float]


def found_and_clean(name: str, result: Row) -> tuple[Point, list[Point]]:
    """Return of a test, and of its rival at each threshold, the share of clean files with a finding and that found."""
    if name == "jpeg_grid":
        ours, levels = result["splices"]["png"]["found"], result["splices"]["png_error_levels"]
        clean = result["clean"]["error_levels"]
        return _point(result["clean"]["all"], ours), [_point(clean[each], levels[each]) for each in clean]
    if name == "double_jpeg":
        finer = result["splices_5_or_more"]
        rival = result["plain_map_on_clean"]["share"], finer["plain_map_found"]
        return _point(result["clean"]["with_finding"], {"share": finer["found"]}), [rival]
    changed = "forged" if name == "copy_move" else "altered"
    rivals = [_point(each["clean"], each[changed]) for each in result["baseline"].values()]
    return _point(result["clean"], result[changed]), rivals


def _point(clean: Row, found: Row) -> Point:
    return max(clean["share"], 0.5 / clean["n"]), found["share"]
