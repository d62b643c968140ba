"""Results stay those of what is chosen, or say that they are not: in other modules, while it runs, after a change."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse

from RenalLayersLib.Tables import columnsOfTable

OLD = "Inputs or settings have changed: press Apply."


def volumes(layers: Any) -> list[float]:
    return columnsOfTable(layers.study.find("volumes"))["volume_ml"]


def slowDown(layers: Any, monkeypatch: Any, seconds: float = 0.4) -> None:
    """Let every run take at least some time."""
    compute = layers.logic.compute

    def slow(job: Any, progress: Any) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            progress("depth", 0.5)
            time.sleep(0.01)
        return compute(job, progress)

    monkeypatch.setattr(layers.logic, "compute", slow)


def started(layers: Any) -> None:
    """Click Apply, and return while it computes."""
    mouse.click(layers.ui.applyButton)
    layers.host.wait(30)


# -- in other modules


def test_auto_update_follows_the_mask_while_another_module_is_open(layers: Any) -> None:
    layers.applyAndFollow(layers.r2star)
    before, top = volumes(layers), layers.study.find("surface").GetPolyData().GetBounds()
    layers.widget.exit()
    layers.bite()
    layers.rest()
    assert volumes(layers)[0] < before[0]
    assert layers.study.find("surface").GetPolyData().GetBounds() != top
    chart = layers.host.layoutManager.plotWidget(0).plotView().chart()
    plots = [chart.GetPlot(n) for n in range(chart.GetNumberOfPlots())]
    assert {plot.GetLabel() for plot in plots if plot.GetLegendVisibility()} == {"R2* left", "R2* right"}
    layers.widget.enter()
    assert f"left {volumes(layers)[0]:.1f} ml" in layers.ui.volumesLabel.text


def test_a_stroke_just_before_the_module_is_left_counts(layers: Any) -> None:
    layers.applyAndFollow(layers.r2star)
    before, top = volumes(layers), layers.study.find("surface").GetPolyData().GetBounds()
    layers.bite()
    layers.widget.exit()
    layers.widget.enter()
    layers.rest()
    assert volumes(layers)[0] < before[0]
    assert layers.study.find("surface").GetPolyData().GetBounds() != top


def test_map_values_that_another_module_has_changed_are_measured_on_return(layers: Any) -> None:
    layers.applyAndFollow(layers.r2star)
    before = np.array(columnsOfTable(layers.study.find("profile:R2*"))["mean"])
    layers.widget.exit()
    slicer.util.arrayFromVolume(layers.r2star)[:] *= 2
    slicer.util.arrayFromVolumeModified(layers.r2star)
    layers.widget.enter()
    layers.rest()
    np.testing.assert_allclose(columnsOfTable(layers.study.find("profile:R2*"))["mean"], 2 * before, rtol=1e-5)


def test_two_modules_do_not_compute_the_same_stroke_twice(layers: Any, monkeypatch: Any) -> None:
    from RenalSegmentationLib.LiveLayers import LiveLayers

    layers.applyAndFollow(layers.r2star)
    layers.widget.exit()
    live = LiveLayers(lambda *said, **how: None)
    live.follow(layers.segmentation)
    shown = []
    show = layers.logic.show
    monkeypatch.setattr(layers.logic, "show", lambda *given: shown.append(1) or show(*given))
    layers.bite()
    layers.rest()
    layers.host.waitUntil(lambda: live.isResting, 20000)
    live.leave()
    assert len(shown) == 1


def test_a_run_ends_while_another_module_is_open_and_its_results_are_shown_on_return(
    layers: Any, monkeypatch: Any
) -> None:
    manager = layers.host.layoutManager
    before = manager.layout
    layers.choose(layers.r2star)
    slowDown(layers, monkeypatch)
    started(layers)
    layers.widget.exit()
    layers.rest()
    assert layers.study.find("surface") is not None
    assert manager.layout == before
    assert manager.sliceWidget("Green").sliceLogic().GetSliceCompositeNode().GetLabelVolumeID() is None
    layers.widget.enter()
    assert layers.ui.statusLabel.text.startswith("Done")
    assert layers.table(layers.ui.profileTable)
    assert manager.layout != before
    composite = manager.sliceWidget("Green").sliceLogic().GetSliceCompositeNode()
    assert composite.GetLabelVolumeID() == layers.study.find("layers").GetID()


# -- results that grow old


@pytest.mark.parametrize("kind", ["setting", "unit", "mask"])
def test_results_of_other_inputs_or_settings_say_so_until_they_agree_again(layers: Any, kind: str) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    done = layers.ui.statusLabel.text
    if kind == "setting":
        mouse.enterNumber(layers.ui.layerThicknessSlider, 3)
        assert layers.ui.statusLabel.text == OLD
        mouse.enterNumber(layers.ui.layerThicknessSlider, 1)
        assert layers.ui.statusLabel.text == done
        mouse.enterNumber(layers.ui.layerThicknessSlider, 2)
    elif kind == "unit":
        layers.ui.mapsTable.item(0, 2).setText("1/s")
    else:
        layers.widget.exit()
        layers.bite()
        layers.widget.enter()
    assert layers.ui.statusLabel.text == OLD
    layers.apply()
    assert layers.ui.statusLabel.text.startswith("Done")


def test_looking_at_results_saving_them_and_coming_back_makes_them_no_older(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star, layers.t1)
    layers.apply()
    done = layers.ui.statusLabel.text
    mouse.choose(layers.ui.shownMapBox, "T1")
    mouse.choose(layers.ui.overlayBox, "Depth")
    mouse.dragRangeHandle(layers.ui.gradientRange, "maximum", 9.0)
    layers.widget.exit()
    assert slicer.util.saveScene(str(tmp_path / "study.mrb"))
    layers.segmentation.CreateClosedSurfaceRepresentation()
    layers.r2star.GetDisplayNode().AutoWindowLevelOn()
    layers.host.wait(50)
    layers.widget.enter()
    assert layers.ui.statusLabel.text == done


def test_a_setting_changed_during_a_run_is_said_at_its_end(layers: Any, monkeypatch: Any) -> None:
    layers.choose(layers.r2star)
    slowDown(layers, monkeypatch)
    started(layers)
    mouse.enterNumber(layers.ui.layerThicknessSlider, 3)
    layers.rest()
    assert layers.ui.statusLabel.text == OLD


# -- the gradient range


def test_a_gradient_range_changed_during_a_run_is_fitted_at_its_end(layers: Any, monkeypatch: Any) -> None:
    layers.choose(layers.r2star)
    slowDown(layers, monkeypatch)
    started(layers)
    mouse.dragRangeHandle(layers.ui.gradientRange, "maximum", 9.0)
    high = layers.parameters.gradientHigh
    layers.rest()
    assert high < 10
    assert set(columnsOfTable(layers.study.find("gradient:R2*"))["high_mm"]) == {high}
    assert layers.ui.statusLabel.text.startswith("Done")


def test_before_the_first_run_the_gradient_range_starts_nothing(layers: Any) -> None:
    layout = layers.host.layoutManager.layout
    layers.choose(layers.r2star)
    mouse.dragRangeHandle(layers.ui.gradientRange, "maximum", 9.0)
    layers.rest()
    assert layers.study is None
    assert layers.host.layoutManager.layout == layout


def test_the_gradient_range_stays_where_it_is_when_its_unit_changes(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    deepest = layers.logic.analysis.layering.depth.array.max()
    mouse.choose(layers.ui.gradientUnitBox, "% of the greatest depth")
    layers.rest()
    chosen = np.array([layers.parameters.gradientLow, layers.parameters.gradientHigh])
    np.testing.assert_allclose(chosen, 100 * np.array([5, 15]) / deepest, atol=0.06)
    np.testing.assert_allclose([layers.ui.gradientRange.minimumValue, layers.ui.gradientRange.maximumValue], chosen)
    assert columnsOfTable(layers.study.find("gradient:R2*"))["high_mm"][-1] == pytest.approx(15, abs=0.5)
    layers.widget.exit()
    layers.widget.enter()
    assert (layers.parameters.gradientLow, layers.parameters.gradientHigh) == tuple(chosen)
    mouse.choose(layers.ui.gradientUnitBox, "mm")
    layers.rest()
    assert (layers.parameters.gradientLow, layers.parameters.gradientHigh) == pytest.approx((5, 15), abs=0.05)


def test_a_range_deeper_than_the_kidney_is_still_one_in_percent(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    layers.parameters.gradientHigh = 300.0
    layers.parameters.gradientLow = 200.0
    mouse.choose(layers.ui.gradientUnitBox, "% of the greatest depth")
    layers.rest()
    assert 0 <= layers.parameters.gradientLow < layers.parameters.gradientHigh == 100


# -- the button and what may fail


def test_apply_during_a_run_by_itself_does_not_cancel_it(layers: Any, monkeypatch: Any) -> None:
    layers.applyAndFollow(layers.r2star)
    slowDown(layers, monkeypatch)
    before = volumes(layers)
    layers.bite()
    layers.host.waitUntil(lambda: layers.panel.state.name == "Running")
    assert layers.ui.applyButton.text == "Apply"
    mouse.click(layers.ui.applyButton)
    assert layers.ui.applyButton.text == "Cancel"
    layers.rest()
    assert layers.ui.statusLabel.text.startswith("Done")
    assert volumes(layers) != before


def test_results_that_cannot_be_shown_are_an_error_that_is_said(layers: Any, monkeypatch: Any) -> None:
    def broken(*given: Any) -> Any:
        raise ZeroDivisionError("by nothing")

    layers.choose(layers.r2star)
    monkeypatch.setattr(layers.logic, "show", broken)
    layers.apply()
    assert "Unexpected ZeroDivisionError: by nothing" in layers.ui.statusLabel.text
    assert layers.ui.applyButton.text == "Apply"


def test_a_run_by_itself_that_loses_its_segmentation_ends_with_a_word(layers: Any, monkeypatch: Any) -> None:
    def stuck(job: Any, progress: Any) -> Any:
        while not goOn.is_set():
            time.sleep(0.01)
        progress("depth", 0.5)

    goOn = threading.Event()
    layers.applyAndFollow(layers.r2star)
    monkeypatch.setattr(layers.logic, "compute", stuck)
    layers.bite()
    layers.host.waitUntil(lambda: layers.panel.state.name == "Running")
    layers.bite("Right kidney")
    layers.host.wait(200)
    slicer.mrmlScene.RemoveNode(layers.segmentation)
    goOn.set()
    layers.rest()
    assert layers.ui.statusLabel.text == "Cancelled; the results are those of the run before."
