"""
The defaults of `Thresholds`, by the half of the photographs that no benchmark of copies tests: docs/calibration.toml.

`python -m benchmarks.calibration` compares them all with one another, as `takeback bank calibrate` does.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.photographs import all_photographs, halves, missing
from takeback.calibration import TARGET
from takeback.cli.calibrate import calibrate_by
from takeback.cli.terminal import Terminal

FILE = Path(__file__).parents[1] / "docs" / "calibration.toml"
ORIGIN = "the calibration half of the photographs of benchmarks/photographs.py: places, things, animals, drawings"


def main() -> None:
    """Write the file; nothing where sources are missing."""
    if missing():
        print(f"These are not here: {', '.join(missing())}. Nothing was written.")
        return
    paths = [each.path for each in halves(all_photographs())[0]]
    FILE.write_text(calibrate_by(Terminal(as_json=False), paths, target=TARGET, origin=ORIGIN).to_toml(), "utf-8")


if __name__ == "__main__":
    main()
