"""Run the benchmarks: ``python -m Testing.benchmarks [--quick] [section ...]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

from Testing.benchmarks.peers import ROOT, PeerError, Peers
from Testing.benchmarks.table import Report

SECTIONS = ("speed", "scaling", "live", "accuracy", "gradient", "real", "network", "scans")


def main() -> int:
    """Run the sections asked for and write ``build/bench.md``."""
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=f"some of: {', '.join(SECTIONS)} (all)")
    parser.add_argument("--quick", action="store_true", help="fewer repeats of accuracy and gradient")
    parser.add_argument("--ours-only", action="store_true", help="leave 3DQLayers out")
    parser.add_argument(
        "--comparator-python",
        type=Path,
        default=ROOT / ".venv-bench" / "bin" / "python",
        help="interpreter of an environment with qlayers==1.0.0 (made by `make bench`)",
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench.md")
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    if not arguments.ours_only and not arguments.comparator_python.exists():
        parser.error(f"{arguments.comparator_python} is missing: run `make bench`, or add --ours-only")

    peers = Peers(None if arguments.ours_only else arguments.comparator_python.absolute())
    report = Report()
    report.text(f"# Benchmarks of slicer-renal {version('slicer-renal')}")
    report.text(
        f"{time.strftime('%Y-%m-%d')}, {_processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, "
        f"vtk {version('vtk')}, numpy {version('numpy')}, scipy {version('scipy')}; "
        f"load average at the start {os.getloadavg()[0]:.1f}"
    )
    try:
        for section in arguments.sections or SECTIONS:
            _run(section, report, peers, quick=arguments.quick)
    except PeerError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        report.save(arguments.output)
    print(f"Written to {arguments.output}")
    return 0


def _run(section: str, report: Report, peers: Peers, *, quick: bool) -> None:
    if section == "speed":
        from Testing.benchmarks.speed import speed

        speed(report, peers)
    elif section == "scaling":
        from Testing.benchmarks.speed import scaling

        scaling(report, peers)
    elif section == "live":
        from Testing.benchmarks.live import live

        live(report)
    elif section == "accuracy":
        from Testing.benchmarks.accuracy import accuracy

        accuracy(report, peers, moves=1 if quick else 5)
    elif section == "gradient":
        from Testing.benchmarks.gradient import gradient

        gradient(report, peers, repeats=1 if quick else 5)
    elif section == "network":
        from Testing.benchmarks.network import network

        network(report, 20 if quick else 100)
    elif section == "scans":
        from Testing.benchmarks.scans import scans

        scans(report)
    else:
        from Testing.benchmarks.real import real

        real(report, peers)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        "unknown processor",
    )


if __name__ == "__main__":
    sys.exit(main())
