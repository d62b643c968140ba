"""The report: complete, self-contained, safe against hostile names, and never with the sides swapped."""

from __future__ import annotations

import base64
import io
import itertools
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from renal_layers.analysis import Analysis, analyse
from renal_layers.maps import QuantitativeMap, Tissue
from renal_layers.report import write_report
from renal_layers.report.orientation import view_of
from renal_layers.report.pictures import slice_pictures
from renal_layers.report.planes import choose_planes
from renal_layers.report.plots import profile_plot
from renal_layers.report.text import estimate, number, plain
from renal_layers.settings import Settings
from renal_segmentation.errors import MissingPackageError, Notice, OutputError
from renal_segmentation.labels import Side
from renal_segmentation.volume import Grid, Volume

HOSTILE = "R2*<script>alert('x')</script>$\\frac$"
LETTER_AXES = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
VOID = {"meta", "img", "br", "hr", "link", "input"}


def oriented(array_ras: np.ndarray, spacing_ras: np.ndarray, order: tuple[int, ...], flips: tuple[int, ...]) -> Volume:
    """Return a volume stored with permuted and flipped axes, at the same place in the body."""
    affine = np.eye(4)
    stored = array_ras.transpose(order)
    for axis, (body, sign) in enumerate(zip(order, flips, strict=True)):
        affine[:3, axis] = 0
        affine[body, axis] = sign * spacing_ras[body]
    first = -(np.array(array_ras.shape) - 1) / 2 * spacing_ras
    for axis, (body, sign) in enumerate(zip(order, flips, strict=True)):
        if sign < 0:
            stored = np.flip(stored, axis)
            first[body] *= -1
    affine[:3, 3] = first
    return Volume(np.ascontiguousarray(stored), affine)


def two_kidneys(spacing: tuple[float, float, float] = (4.0, 6.0, 4.0)) -> tuple[np.ndarray, np.ndarray]:
    """Return a mask in RAS order, 2 in the patient's right, and its spacing: the right kidney lies lower."""
    size = np.array([180.0, 90.0, 150.0])
    step = np.array(spacing)
    shape = np.ceil(size / step).astype(int)
    x, y, z = (axis * s - (n - 1) * s / 2 for axis, s, n in zip(np.indices(shape), step, shape, strict=True))
    mask = np.zeros(shape, np.uint8)
    for side, center_x, center_z in ((Side.LEFT, -50, 10), (Side.RIGHT, 50, -10)):
        mask[((x - center_x) / 24) ** 2 + (y / 20) ** 2 + ((z - center_z) / 45) ** 2 <= 1] = side
    return mask, step


def analysed(mask: Volume, names: tuple[str, ...] = (), **settings: Any) -> tuple[Analysis, list[QuantitativeMap]]:
    rng = np.random.default_rng(1)
    values = np.where(mask.array > 0, 20 + rng.standard_normal(mask.array.shape), 5).astype(np.float32)
    maps = [QuantitativeMap(name, mask.like(values), "Hz") for name in names]
    chosen = Settings(smoothing="windowed-sinc", **settings)
    return analyse(mask, maps, chosen, labels={1: "left", 2: "right"}), maps


@pytest.fixture(scope="module")
def usual() -> tuple[Analysis, list[QuantitativeMap]]:
    mask, step = two_kidneys()
    return analysed(oriented(mask, step, (0, 1, 2), (1, 1, 1)), (HOSTILE, "T1"))


class Page(HTMLParser):
    """Checks that tags nest, and collects text, attributes and tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs), "event handlers are scripts"
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data", "action")]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def written(path: Path, analysis: Analysis, maps: Any = (), **more: Any) -> str:
    options: dict[str, Any] = {
        "parameters": {"layer_thickness_mm": 1.0, "gradient_range": (5.0, 15.0), "labels": {1: "left"}},
        "inputs": [{"role": "mask", "file": "a<b>.nii.gz", "sha256": "f0" * 32}],
        "title": "Case <1> & more",
        "created": "2026-01-02",
    }
    write_report(path, analysis, maps, **{**options, **more})
    return path.read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_holds_what_a_reader_needs(tmp_path: Path, usual: Any) -> None:
    analysis, maps = usual
    warned = replace(analysis, notices=(Notice("a", "Check the <side>."), Notice("b", "Second warning.")))
    source = written(tmp_path / "report.html", warned, maps, image=maps[0].image)
    page = Page(source)
    assert not page.open
    for words in (
        "Case <1> & more", "2026-01-02", "Not a medical device", "Check the <side>.", "Second warning.", "2 warnings",
        "Hz/mm", " ml", "layer thickness (mm)", "5.0 to 15.0", "1 = left", "f0" * 32, "a<b>.nii.gz", "Robust gradient",
        "10.21105/joss.08121", "95 % CI", HOSTILE, "Coronal slice", f"{analysis.layering.volume_ml['total']:.1f} ml",
    ):  # fmt: skip
        assert words in page.text, words
    assert page.text.index("Check the <side>.") < page.text.index("Coronal slice"), "warnings stand near the top"
    assert page.tags.count("svg") == 2
    assert "details" in page.tags
    assert len(source) < 3_000_000
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs(tmp_path: Path, usual: Any) -> None:
    analysis, maps = usual
    source = written(tmp_path / "report.html", analysis, maps)
    page = Page(source)
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in page.links)
    assert "script" not in page.tags
    assert "<script" not in source
    assert not re.search(r"@import|url\((?!#)", source)
    assert not {"link", "iframe", "object", "embed"} & set(page.tags)


def test_no_warning_is_said_as_well(tmp_path: Path, usual: Any) -> None:
    analysis, maps = usual
    assert "No warnings" in Page(written(tmp_path / "r.html", replace(analysis, notices=()), maps)).text


def test_the_page_works_without_maps_and_with_one_kidney(tmp_path: Path) -> None:
    mask, step = two_kidneys()
    mask[mask == Side.LEFT] = 0
    analysis, _ = analysed(oriented(mask, step, (0, 1, 2), (1, 1, 1)))
    page = Page(written(tmp_path / "r.html", analysis))
    assert not page.open
    assert "Gradients" not in page.text
    assert "right kidney" in page.text
    assert "left kidney" not in page.text


def test_the_page_works_with_a_single_slice_and_one_thick_layer(tmp_path: Path) -> None:
    mask, step = two_kidneys()
    flat = mask[:, mask.shape[1] // 2 : mask.shape[1] // 2 + 1]
    analysis, maps = analysed(oriented(flat, step, (0, 1, 2), (1, 1, 1)), ("R2*",), layer_thickness_mm=50.0)
    page = Page(written(tmp_path / "r.html", analysis, maps))
    assert "Coronal slice 1 of 1" in page.text


@pytest.mark.parametrize("model", ["proportional", "equivolume"])
def test_relative_layers_are_plotted_by_index_without_a_line_in_millimetres(model: str, tmp_path: Path) -> None:
    mask, step = two_kidneys()
    analysis, maps = analysed(oriented(mask, step, (2, 0, 1), (1, -1, 1)), ("R2*",), layer_model=model, layer_count=4)
    drawing = profile_plot(analysis, "R2*")
    assert "Layer (1 = outermost)" in drawing
    assert "gradient" not in drawing
    assert not Page(written(tmp_path / "r.html", analysis, maps)).open


def test_tissues_and_cortical_thickness_get_their_place(tmp_path: Path) -> None:
    mask, step = two_kidneys((2.0, 3.0, 2.0))
    volume = oriented(mask, step, (0, 1, 2), (1, 1, 1))
    plain_analysis, maps = analysed(volume, ("R2*",))
    depth = plain_analysis.layering.depth
    tissue = Tissue(
        depth.like(np.where(depth.array > 7, 2, np.where(depth.array > 0, 1, 0))), {1: "cortex", 2: "medulla"}
    )
    chosen = Settings(smoothing="windowed-sinc")
    analysis = analyse(volume, maps, chosen, labels={1: "left", 2: "right"}, tissue=tissue)
    page = Page(written(tmp_path / "r.html", analysis, maps))
    assert analysis.thickness
    assert "Cortical thickness, mm" in page.text
    assert "by tissue, both kidneys" in page.text


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=3)))
@pytest.mark.parametrize(("thick", "plane"), [(1, "coronal"), (2, "axial"), (0, "sagittal")])
def test_pictures_are_held_the_radiological_way_however_the_image_is_stored(
    order: tuple[int, ...], flips: tuple[int, ...], thick: int, plane: str
) -> None:
    shape, spacing = np.array([12, 10, 14]), np.array([2.0, 2.0, 2.0])
    spacing[thick] = 5.0
    ramp = np.indices(shape)
    volumes = [oriented(axis, spacing, order, flips) for axis in ramp]
    view = view_of(volumes[0].grid)
    assert view.plane == plane
    assert view.tilt_degrees == pytest.approx(0, abs=1e-5)
    right_letter, up_letter = {"coronal": "LS", "axial": "LA", "sagittal": "PS"}[plane]
    assert (view.right, view.top) == (right_letter, up_letter)
    for letter, along, last in ((view.right, 1, -1), (view.left, 1, 0), (view.top, 0, 0), (view.bottom, 0, -1)):
        body, sign = LETTER_AXES[letter]
        picture = view.picture(volumes[body].array, 3)
        border, opposite = np.take(picture, last, along), np.take(picture, -1 - last, along)
        assert (sign * border > sign * opposite).all(), f"{letter} is not where the picture says"


def test_equal_spacing_is_shown_coronally_and_oblique_slices_by_the_closest_plane() -> None:
    assert view_of(Grid((9, 9, 9), np.diag([1.5, 1.5, 1.5, 1.0]))).plane == "coronal"
    turn = np.deg2rad(25)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    view = view_of(Grid((9, 9, 9), affine @ np.diag([1.5, 5.5, 1.5, 1.0])))
    assert view.plane == "coronal"
    assert view.tilt_degrees == pytest.approx(25)


@pytest.mark.parametrize(
    ("order", "flips"),
    [((0, 1, 2), (1, 1, 1)), ((0, 2, 1), (-1, -1, -1)), ((2, 0, 1), (1, -1, 1)), ((1, 2, 0), (1, 1, -1))],
)
def test_the_right_kidney_lies_on_the_left_half_and_lower_with_its_outline_around_it(
    order: tuple[int, ...], flips: tuple[int, ...]
) -> None:
    mask, step = two_kidneys()
    analysis, _ = analysed(oriented(mask, step, order, flips))
    plane = choose_planes(analysis.layering)[1]
    side = plane.nearest(analysis.layering.side)
    rows, columns = np.nonzero(side == Side.RIGHT)
    other_rows, other_columns = np.nonzero(side == Side.LEFT)
    assert columns.max() < side.shape[1] / 2 < other_columns.min()
    assert rows.mean() > other_rows.mean(), "the lower kidney is lower in the picture"
    left, right, bottom, top = plane.extent
    x = left + (columns + 0.5) * (right - left) / side.shape[1]
    y = top - (rows + 0.5) * (top - bottom) / side.shape[0]
    ends = plane.outline(analysis.layering.surface).reshape(-1, 2)
    of_right = ends[ends[:, 0] < (left + right) / 2]
    assert np.abs(of_right.min(0) - [x.min(), y.min()]).max() < 4
    assert np.abs(of_right.max(0) - [x.max(), y.max()]).max() < 4
    assert (right - left) / side.shape[1] == pytest.approx((top - bottom) / side.shape[0], rel=0.02)


def test_map_colours_in_the_picture_are_on_the_patients_side() -> None:
    mask, step = two_kidneys()
    volume = oriented(mask, step, (1, 0, 2), (-1, 1, 1))
    values = np.where(volume.array == Side.RIGHT, 100.0, np.where(volume.array == Side.LEFT, 10.0, 0))
    values += np.random.default_rng(0).random(values.shape)
    maps = [QuantitativeMap("R2*", volume.like(values.astype(np.float32)), "Hz")]
    analysis = analyse(volume, maps, Settings(smoothing="none"), labels={1: "left", 2: "right"})
    picture = slice_pictures(analysis, maps, maps[0].image)[0]
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.url.split(",")[1]))).convert("RGB"), float)
    height, width = image.shape[:2]
    panel = image[int(0.1 * height) : int(0.75 * height), 3 * width // 4 :]
    brightest = np.abs(panel - [252, 253, 191]).max(2) < 12
    columns = np.nonzero(brightest)[1]
    assert len(columns) > 500
    assert columns.max() < panel.shape[1] / 2, "the bright right kidney is on the left"


def test_a_large_grid_is_cropped_to_the_kidneys() -> None:
    mask, step = two_kidneys()
    padded = np.pad(mask, ((30, 90), (20, 20), (60, 0)))
    small, _ = analysed(oriented(mask, step, (0, 1, 2), (1, 1, 1)))
    large, _ = analysed(oriented(padded, step, (0, 1, 2), (1, 1, 1)))
    sizes = [np.ptp(choose_planes(found.layering)[0].extent[:2]) for found in (small, large)]
    assert sizes[0] == pytest.approx(sizes[1])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.71676, "0.717"),
        (1363.4, "1363"),
        (-12.04, "\u221212.0"),
        (float("nan"), "\u2013"),
        (0.0, "0"),
        (1.2e-9, "1.20e\u221209"),
    ],
)
def test_numbers_are_rounded_to_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_estimates_have_the_digits_that_their_interval_supports() -> None:
    assert estimate(0.71676, 0.65568, 0.77784) == "0.717 (0.656 to 0.778)"
    assert estimate(16.7265, 15.259, 18.194) == "16.7 (15.3 to 18.2)"
    assert estimate(float("nan"), 0, 1) == "\u2013"


def test_dollars_are_not_read_as_formulas() -> None:
    assert plain("a$b$") == "a\\$b\\$"
    assert len(plain("x" * 100)) == 40


def test_a_missing_matplotlib_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, usual: Any
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingPackageError, match="pip install matplotlib"):
        written(tmp_path / "r.html", usual[0], usual[1])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path, usual: Any) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        written(tmp_path / "nowhere" / "r.html", usual[0])
