"""Fetching a file: with consent, progress, resume, checksum, and all or nothing."""

from __future__ import annotations

import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from renal_segmentation.errors import ConsentError, InputError, ModelError, OutputError
from renal_segmentation.files import sha256
from renal_segmentation.progress import Progress, silent

_CHUNK = 1 << 18
_TIMEOUT_S = 30.0
_TRIES = 4
_PAUSE_S = 0.5


@dataclass(frozen=True)
class Offer:
    """A file that could be fetched.

    Attributes
    ----------
    title : str
        What it is, for the question to the user.
    url : str
        http or https.
    sha256 : str
        Of the whole file, hexadecimal.
    licence : str
        Of the content.
    size_mb : float
        NaN where unknown.
    """

    title: str
    url: str
    sha256: str
    licence: str = "unknown licence"
    size_mb: float = float("nan")

    @property
    def question(self) -> str:
        """One sentence that says what would be fetched."""
        size = "" if self.size_mb != self.size_mb else f", {self.size_mb:.0f} MB"
        return f"{self.title} ({self.licence}{size}) from {self.url}"


Consent = Callable[[str], bool]
"""Asked with a sentence that says what would be fetched or run; returns whether the user agrees."""


def refuse(question: str) -> bool:
    """Agree to nothing."""
    return False


def download(offer: Offer, target: Path, consent: Consent = refuse, progress: Progress = silent) -> None:
    """Fetch a file, unless it is there already with the right checksum.

    A part that an earlier, interrupted call left beside the target (``.part``) is continued. Only a file with the right
    checksum ever appears under the target's name. Two calls for one target need to take turns (`taking_turns`).

    Parameters
    ----------
    offer : Offer
        What and from where.
    target : Path
        The file.
    consent : callable
        Asked before the first byte; without it nothing is fetched.
    progress : callable
        Told the share done; raises `CancelledError` to stop, which keeps the part for the next time.

    Raises
    ------
    ConsentError
        If the user did not agree.
    ModelError
        If the server cannot be reached, or the file has another checksum (it is removed).
    OutputError
        If the file cannot be written.
    """
    wanted = check_sha256(offer.sha256)
    address = web_address(offer.url)
    if agree(offer, target, consent):
        return
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (part.is_file() and sha256(part) == wanted):
            _fetch_all(address, part, progress)
        progress("Checking", 1.0)
        found = sha256(part)
        if found != wanted:
            part.unlink()
            raise ModelError(
                f"{offer.url} gave a file with another checksum (SHA-256 {found[:12]}..., wanted {wanted[:12]}...): it "
                "was removed; try again, or import the file from a place that you trust."
            )
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written ({error.strerror or error}): free space there.") from error


def agree(offer: Offer, target: Path, consent: Consent) -> bool:
    """Ask whether a file may be fetched, unless it is there already; return whether it is.

    Raises
    ------
    ConsentError
        If the user did not agree.
    """
    there = target.is_file() and sha256(target) == check_sha256(offer.sha256)
    if not there and not consent(offer.question):
        raise ConsentError(f"Nothing was fetched: agree to {offer.question} with --yes.")
    return there


def check_sha256(text: str) -> str:
    """Return a checksum in lower case.

    Raises
    ------
    InputError
        If it is not 64 hexadecimal digits.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise InputError(f"'{text}' is not a SHA-256: give its 64 hexadecimal digits.")
    return text.lower()


def web_address(text: str) -> str:
    """Return an address as it goes over the line, where only ASCII does.

    Raises
    ------
    InputError
        If it is not one of http or https.
    """
    try:
        parts = urlsplit(text)
        host = parts.netloc.encode("idna").decode("ascii")
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise InputError(f"{text} is not a web address: import a file with renal-segmentation models import.")
    path, query = (quote(piece, safe="/%:=&?~+!$,;'@()*[]") for piece in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host, path, query, ""))


def _fetch_all(address: str, part: Path, progress: Progress) -> None:
    """Fetch the file into its part, continuing a few times where the line breaks."""
    last: Exception | None = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE_S * attempt)
        try:
            if _fetch_rest(address, part, progress):
                return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:  # The part is longer than the file: start again.
                part.unlink(missing_ok=True)
            elif error.code < 500:
                raise ModelError(f"{address} was refused by the server ({error.code} {error.reason}).") from error
            last = error
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            last = error
    reason = getattr(last, "reason", last) or "the line broke"
    raise ModelError(
        f"{address} could not be fetched ({reason}): call again to continue, or fetch the file on another computer "
        "and use renal-segmentation models import."
    ) from last


def _fetch_rest(url: str, part: Path, progress: Progress) -> bool:
    """Append what is missing of the part; return whether the file is complete."""
    done = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "renal-segmentation"} | ({"Range": f"bytes={done}-"} if done else {})
    response: HTTPResponse
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_S) as response:
        continued = response.status == 206 and _starts_at(response) == done
        done = done if continued else 0
        length = response.headers.get("Content-Length", "")
        whole = done + int(length) if length.isdecimal() else None
        with part.open("ab" if continued else "wb") as stream:
            while chunk := response.read(_CHUNK):
                stream.write(chunk)
                done += len(chunk)
                progress("Fetching", min(done / whole, 1.0) if whole else 0.0)
    return whole is None or done >= whole


def _starts_at(response: Any) -> int:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1
