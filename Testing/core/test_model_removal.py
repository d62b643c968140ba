"""Only what Renal put among the models is replaced or deleted there."""

import pytest
from Testing.core import model_subjects as subjects
from Testing.core.model_folders import bundle, result_folder

from renal_segmentation.errors import InputError
from renal_segmentation.models.importing import import_model, remove_model
from renal_segmentation.models.registry import find_segmenter
from renal_segmentation.models.totalsegmentator import CT, MR, weights_of


def test_a_folder_that_no_import_made_is_neither_removed_nor_replaced(models, tmp_path):
    thesis = models / "thesis/chapter.txt"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")
    with pytest.raises(InputError, match="thesis is not a model that was imported: delete it by hand"):
        remove_model("thesis")
    with pytest.raises(InputError, match="thesis is there and is not a model that was imported"):
        import_model(bundle(tmp_path / "mine"), "thesis", overwrite=True)
    with pytest.raises(InputError, match="There is no model or folder thesis"):
        find_segmenter("thesis")
    assert thesis.read_text() == "years of work"


def test_removing_one_task_of_totalsegmentator_leaves_the_other_and_the_last_takes_the_program_along(models):
    subjects.environment(models, "totalsegmentator")
    weights = models / ".environments/totalsegmentator-weights"
    for number in (291, 292, 298, 850, 852):
        result_folder(weights / f"Dataset{number}_TotalSegmentator")
    remove_model("totalsegmentator-mr")
    assert weights_of(MR) is None
    assert weights_of(CT) == weights
    assert (models / ".environments/totalsegmentator").is_dir()
    with pytest.raises(InputError, match="There is no installed model totalsegmentator-mr"):
        remove_model("totalsegmentator-mr")
    remove_model("totalsegmentator")
    assert list((models / ".environments").iterdir()) == []
