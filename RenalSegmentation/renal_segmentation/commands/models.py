"""``renal-segmentation models``: list, install, import, remove."""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from renal_segmentation.console import PROGRESS_STYLES, console_progress
from renal_segmentation.models.importing import import_model, install_model, remove_model
from renal_segmentation.models.registry import Entry, list_models

_TRUST = "code that comes with the model may run: only for models whose origin you trust"


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("models", help="list, install, import and remove models")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|install|import|remove")

    listing = actions.add_parser("list", help="every model that --model can name")
    listing.set_defaults(call=_list)
    listing.add_argument("--format", choices=("text", "json"), default="text")

    install = actions.add_parser("install", help="fetch a program of the list, or a model from an address")
    install.set_defaults(call=_install)
    install.add_argument("model", metavar="NAME|URL", help="a name of the list, or the address of a zip file")
    install.add_argument("--sha256", metavar="HEX", help="checksum of the zip file; needed with an address")
    install.add_argument("--yes", action="store_true", help="agree to the download")
    _add_import_options(install)

    importing = actions.add_parser("import", help="a MONAI bundle or nnU-Net v2 result from a folder or zip file")
    importing.set_defaults(call=_import)
    importing.add_argument("path", type=Path, metavar="FOLDER|ZIP")
    importing.add_argument("--sha256", metavar="HEX", help="checksum that the zip file must have")
    _add_import_options(importing)

    remove = actions.add_parser("remove", help="delete a model from this computer")
    remove.set_defaults(call=_remove)
    remove.add_argument("name")


def _add_import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="what to call it; by default as its folder")
    parser.add_argument("--trust", action="store_true", help=_TRUST)
    parser.add_argument("--overwrite", action="store_true", help="replace a model of that name")
    parser.add_argument("--progress", choices=PROGRESS_STYLES, default="text")


def _list(options: argparse.Namespace) -> None:
    entries = list_models()
    if options.format == "json":
        sys.stdout.write(json.dumps([_as_json(entry) for entry in entries], indent=2) + "\n")
        return
    for entry in entries:
        card = entry.card
        state = "ready" if entry.trusted else "needs --trust"
        sys.stdout.write(
            f"{card.name} ({state if entry.installed else 'not installed'})\n"
            f"  {card.title}; {card.modality}; {', '.join(card.labels)}\n"
            f"  {card.licence}; {_number(card.size_mb, 'MB')}; {_number(card.seconds_cpu, 's on a CPU')}\n"
            f"  {card.source}\n"
        )


def _install(options: argparse.Namespace) -> None:
    with console_progress(options.progress) as progress:
        name = install_model(
            options.model,
            options.sha256,
            options.name,
            options.trust,
            options.overwrite,
            _agreed if options.yes else _ask,
            progress,
        )
    if options.progress != "json":
        sys.stdout.write(f"Installed {name}.\n")


def _agreed(question: str) -> bool:
    return True


def _ask(question: str) -> bool:
    """Ask on the terminal; where there is none, nobody agrees."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"Fetch {question}? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _import(options: argparse.Namespace) -> None:
    with console_progress(options.progress) as progress:
        card = import_model(options.path, options.name, options.trust, options.overwrite, options.sha256, progress)
    if options.progress != "json":
        trusted = any(entry.trusted for entry in list_models() if entry.card.name == card.name)
        hint = "" if trusted else "; it runs with --trust only"
        sys.stdout.write(f"Imported {card.name} ({', '.join(card.labels)}){hint}.\n")


def _remove(options: argparse.Namespace) -> None:
    remove_model(options.name)
    sys.stdout.write(f"Removed {options.name}.\n")


def _as_json(entry: Entry) -> dict[str, Any]:
    """Return one entry as plain values; a number that is not known is null."""
    card = {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in asdict(entry.card).items()
    }
    return {**card, "kind": entry.kind, "installed": entry.installed, "trusted": entry.trusted}


def _number(value: float, unit: str) -> str:
    return f"unknown {unit}" if math.isnan(value) else f"{value:.0f} {unit}"
