"""Only what Renal put among the models is replaced or deleted there."""

import pytest
from Testing.core.model_folders import bundle

from renal_segmentation.errors import InputError
from renal_segmentation.models.importing import import_model, remove_model
from renal_segmentation.models.registry import find_segmenter


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
