"""Models of others are asked in their own words, and their answers come back as our labels on the image's grid."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from Testing.core import model_subjects as subjects
from Testing.core.shapes import coordinates

from renal_segmentation.errors import InputError, ModelError
from renal_segmentation.models.registry import find_segmenter
from renal_segmentation.models.totalsegmentator import MR, weights_of

TURNS = [((0, 1, 2), (0, 0, 0)), ((2, 0, 1), (1, 0, 1))]


TOTALSEGMENTATOR = """
    import json, os, sys, nibabel, numpy
    from pathlib import Path
    arguments = sys.argv[1:]
    home = json.loads(Path(os.environ["TOTALSEG_HOME_DIR"], "config.json").read_text())
    record = {"arguments": arguments, "home": home, "weights": os.environ["TOTALSEG_WEIGHTS_PATH"],
              "python": os.environ.get("PYTHONPATH")}
    Path(__file__).with_name("record.json").write_text(json.dumps(record))
    image = nibabel.load(arguments[1])
    voxels = image.get_fdata()
    out = Path(arguments[3])
    out.mkdir()
    levels = {"kidney_left": voxels == 60, "kidney_right": voxels == 100}
    levels["kidney_cyst_left"] = levels["kidney_left"] & (numpy.cumsum(levels["kidney_left"]).reshape(voxels.shape) < 9)
    levels["kidney_cyst_right"] = numpy.zeros(voxels.shape, bool)
    for name in arguments[arguments.index("--roi_subset") + 1 : arguments.index("--device")]:
        nibabel.save(nibabel.Nifti1Image(levels[name].astype("uint8"), image.affine), out / f"{name}.nii.gz")
"""


def install_totalsegmentator(models, *datasets, source=TOTALSEGMENTATOR) -> Path:
    executables = subjects.environment(models, "totalsegmentator")
    subjects.program(executables, "TotalSegmentator", source)
    for dataset in datasets:
        (models / ".environments/totalsegmentator-weights" / dataset).mkdir(parents=True)
    return executables


@pytest.mark.parametrize(("order", "flips"), TURNS)
def test_totalsegmentator_is_asked_for_kidneys_and_cysts_and_nothing_is_sent_home(models, monkeypatch, order, flips):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    executables = install_totalsegmentator(models, "Dataset291_x", "Dataset298_x")
    image = subjects.two_bright_kidneys(order, flips)
    shares = []
    found = find_segmenter("totalsegmentator").segment(
        image, device="cpu", progress=lambda step, share: shares.append(share)
    )
    record = json.loads((executables / "record.json").read_text())
    assert record["arguments"][4:] == [
        "--task", "total", "--roi_subset", "kidney_left", "kidney_right", "kidney_cyst_left", "kidney_cyst_right",
        "--device", "cpu",
    ]  # fmt: skip
    assert record["home"]["send_usage_stats"] is False
    assert record["weights"] == str(models / ".environments/totalsegmentator-weights")
    assert record["python"] is None
    assert set(np.unique(found.labels.array)) == {0, 1, 2, 3}
    x = coordinates(found.labels.grid)[..., 0]
    assert (x[np.isin(found.labels.array, (1, 3))] < 0).all()
    assert (x[found.labels.array == 2] > 0).all()
    assert ((found.labels.array > 0) == (image.array > 0)).all()
    assert (found.model, found.labels.array.dtype, found.notices) == ("totalsegmentator", np.uint8, ())
    assert shares == sorted(shares)


def test_totalsegmentator_in_mri_has_no_cysts_and_runs_where_there_is_a_gpu(models):
    executables = install_totalsegmentator(models, "Dataset850_x", "Dataset852_x")
    found = find_segmenter("totalsegmentator-mr").segment(subjects.two_bright_kidneys())
    arguments = json.loads((executables / "record.json").read_text())["arguments"]
    assert arguments[4:] == ["--task", "total_mr", "--roi_subset", "kidney_left", "kidney_right", "--device", "gpu"]
    assert set(np.unique(found.labels.array)) == {0, 1, 2}


def test_weights_that_are_missing_are_never_fetched_in_passing(models):
    install_totalsegmentator(models, "Dataset291_x")
    with pytest.raises(ModelError, match="weights of TotalSegmentator, CT are missing: renal-segmentation models inst"):
        find_segmenter("totalsegmentator").segment(subjects.two_bright_kidneys())


def test_weights_of_the_users_own_installation_are_used(models, tmp_path):
    own = tmp_path / "home/.totalsegmentator/nnunet/results"
    for dataset in ("Dataset850_x", "Dataset852_x"):
        (own / dataset).mkdir(parents=True)
    assert weights_of(MR) == own


def test_a_program_that_is_not_installed_is_named_with_the_remedy(models):
    for name in ("totalsegmentator", "totalsegmentator-mr", "renal-segmentor"):
        with pytest.raises(ModelError, match=f"is not installed: renal-segmentation models install {name} --yes"):
            find_segmenter(name).segment(subjects.two_bright_kidneys())


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import sys; print('step 1'); sys.exit('RuntimeError: CUDA out of memory')", "use --device cpu"),
        ("import torchless_module", "install it again"),
        ("import sys; print('odd thing'); sys.exit(3)", r"exit code 3 \(odd thing\): check image and model"),
        ("pass", "ended without writing kidney_left.nii.gz"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code 137"),
    ],
)
def test_a_failure_gives_the_last_lines_of_the_log_and_a_remedy_in_one_line(models, source, words):
    install_totalsegmentator(models, "Dataset291_x", "Dataset298_x", source=source)
    with pytest.raises(ModelError, match=words) as caught:
        find_segmenter("totalsegmentator").segment(subjects.two_bright_kidneys())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("order", "flips"), TURNS)
def test_renal_segmentor_is_called_in_its_own_python_and_its_kidneys_get_sides(models, tmp_path, order, flips):
    (tmp_path / "segment.py").write_text(
        "import nibabel\n"
        "class Tkv:\n"
        "    def __init__(self, path): self.image = nibabel.load(path)\n"
        "    def get_mask(self): return (self.image.get_fdata() > 0) * 0.9\n"
    )
    python = subjects.environment(models, "renal-segmentor") / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    image = subjects.two_bright_kidneys(order, flips)
    found = find_segmenter("renal-segmentor").segment(image, device="cpu")
    assert (found.labels.array == subjects.truth(image)).all()
    assert "segment" not in sys.modules
    alone = image.like(np.where(image.array == subjects.LEFT_LEVEL, 0, image.array))
    found = find_segmenter("renal-segmentor").segment(alone, device="cpu")
    assert [notice.code for notice in found.notices][-1:] == ["left-not-found"]


def test_renal_segmentor_with_a_mask_of_another_size_is_refused(models, tmp_path):
    (tmp_path / "segment.py").write_text(
        "import numpy\nclass Tkv:\n    def __init__(self, path): pass\n"
        "    def get_mask(self): return numpy.zeros((2, 3, 4))\n"
    )
    python = subjects.environment(models, "renal-segmentor") / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with pytest.raises(ModelError, match="gave a mask of 2 x 3 x 4 voxels"):
        find_segmenter("renal-segmentor").segment(subjects.two_bright_kidneys())


def test_a_sheared_image_is_not_handed_to_programs_that_would_misread_it(models):
    install_totalsegmentator(models, "Dataset291_x", "Dataset298_x")
    image = subjects.two_bright_kidneys()
    image.affine[1, 2] += 0.8
    with pytest.raises(InputError, match="not at right angles"):
        find_segmenter("totalsegmentator").segment(image)


def result_folder(folder, labels, **dataset) -> Path:
    trained = folder / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    (trained / "fold_0").mkdir(parents=True)
    (trained / "fold_0/checkpoint_final.pth").write_bytes(b"weights")
    (trained / "plans.json").write_text("{}")
    content = {"channel_names": {"0": "MRI"}, "labels": labels, "file_ending": ".nii.gz"} | dataset
    (trained / "dataset.json").write_text(json.dumps(content))
    return folder


NNUNET = """
    import json, os, sys, nibabel
    from pathlib import Path
    arguments = sys.argv[1:]
    Path(__file__).with_name("record.json").write_text(json.dumps(arguments))
    image = nibabel.load(Path(arguments[1], "case_0000.nii.gz"))
    labels = (image.get_fdata() > 0) * 1
    labels[image.get_fdata() == 100] = 2
    nibabel.save(nibabel.Nifti1Image(labels.astype("uint8"), image.affine), Path(arguments[3], "case.nii.gz"))
"""


@pytest.mark.parametrize(("order", "flips"), TURNS)
def test_nnunet_gets_the_folder_its_folds_and_one_image(models, tmp_path, order, flips):
    executables = subjects.environment(models, "nnunet")
    subjects.program(executables, "nnUNetv2_predict_from_modelfolder", NNUNET)
    folder = result_folder(tmp_path / "Dataset001_Kidney", {"background": 0, "cortex": 1, "medulla": 2})
    image = subjects.two_bright_kidneys(order, flips)
    segmenter = find_segmenter(folder, trust=True)
    found = segmenter.segment(image, device="cpu")
    arguments = json.loads((executables / "record.json").read_text())
    trained = folder / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    assert arguments[4:12] == ["-m", str(trained), "-f", "0", "-chk", "checkpoint_final.pth", "-device", "cpu"]
    assert set(np.unique(found.labels.array)) == {0, 11, 14}
    assert segmenter.describe().labels == ("left-cortex", "right-cortex", "left-medulla", "right-medulla")


def test_a_model_that_finds_lesions_but_no_kidney_says_so(models, tmp_path):
    subjects.program(subjects.environment(models, "nnunet"), "nnUNetv2_predict_from_modelfolder", NNUNET)
    labels = {"background": 0, "kidney cyst": 1, "kidney tumour": 2, "kidney": 3}
    segmenter = find_segmenter(result_folder(tmp_path / "Dataset001_Kidney", labels), trust=True)
    found = segmenter.segment(subjects.two_bright_kidneys(), device="cpu")
    assert found.labels.array.any()
    (notice,) = found.notices
    assert notice.code == "no-kidney"
    assert "found no kidney, only cyst and tumour: check" in notice.message


@pytest.mark.parametrize(
    ("labels", "changes", "words"),
    [
        ({"background": 0, "liver": 1}, {}, "has no label that names a part of the kidney"),
        ({"background": 0, "kidney": 1}, {"channel_names": {"0": "T1", "1": "T2"}}, r"needs 2 images \(T1, T2\)"),
        ({"background": 0, "kidney": [1, 2], "cyst": 2}, {}, "overlapping regions"),
        ({"background": 0, "kidney": 1}, {"file_ending": ".png"}, "wants images as .png"),
        (["kidney"], {}, "does not name channels and labels"),
    ],
)
def test_nnunet_folders_that_do_not_fit_are_refused_with_the_reason(models, tmp_path, labels, changes, words):
    with pytest.raises(InputError, match=words):
        find_segmenter(result_folder(tmp_path / "Dataset001", labels, **changes), trust=True)


def test_an_nnunet_folder_without_a_trained_fold_is_refused(models, tmp_path):
    folder = result_folder(tmp_path / "Dataset001", {"background": 0, "kidney": 1})
    next(folder.rglob("checkpoint_final.pth")).unlink()
    with pytest.raises(InputError, match="has no trained fold"):
        find_segmenter(folder, trust=True)


def nnunet_python() -> str | None:
    """Return a Python that has nnU-Net v2: this one, or the one that RENAL_NNUNET_PYTHON names."""
    if named := os.environ.get("RENAL_NNUNET_PYTHON"):
        return named
    return sys.executable if importlib.util.find_spec("nnunetv2") else None


TRAIN_NNUNET = """
import json, sys, torch
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from Testing.core.model_subjects import train
torch.manual_seed(0)
folder = Path(sys.argv[1])
kernel, stages = [[3, 3, 3]] * 2, dict(n_stages=2, features_per_stage=[4, 8], strides=[[1, 1, 1], [2, 2, 2]])
network = dict(stages, kernel_sizes=kernel, n_conv_per_stage=[1, 1], n_conv_per_stage_decoder=[1], conv_bias=True,
               norm_op=None, norm_op_kwargs={}, dropout_op=None, dropout_op_kwargs=None,
               nonlin="torch.nn.LeakyReLU", nonlin_kwargs={"inplace": True})
plain = PlainConvUNet(1, num_classes=3, deep_supervision=False, **(network | {
    "conv_op": torch.nn.Conv3d, "nonlin": torch.nn.LeakyReLU}))
train(plain, 1.0, 150)
resampling = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
configuration = {
    "data_identifier": "x", "preprocessor_name": "DefaultPreprocessor", "batch_size": 1, "patch_size": [32, 16, 24],
    "median_image_size_in_voxels": [20, 12, 30], "spacing": [3.0, 3.0, 3.0],
    "normalization_schemes": ["NoNormalization"], "use_mask_for_norm": [False],
    "resampling_fn_data": "resample_data_or_seg_to_shape", "resampling_fn_seg": "resample_data_or_seg_to_shape",
    "resampling_fn_data_kwargs": resampling, "resampling_fn_seg_kwargs": resampling | {"is_seg": True},
    "resampling_fn_probabilities": "resample_data_or_seg_to_shape", "resampling_fn_probabilities_kwargs": resampling,
    "architecture": {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": network | {"conv_op": "torch.nn.modules.conv.Conv3d"},
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    },
}
plans = {
    "dataset_name": "Dataset001_Tiny", "plans_name": "nnUNetPlans", "image_reader_writer": "SimpleITKIO",
    "transpose_forward": [0, 1, 2], "transpose_backward": [0, 1, 2], "configurations": {"3d_fullres": configuration},
    "original_median_spacing_after_transp": [3.0, 2.0, 2.0], "original_median_shape_after_transp": [20, 18, 46],
    "experiment_planner_used": "ExperimentPlanner", "label_manager": "LabelManager",
    "foreground_intensity_properties_per_channel": {"0": {}},
}
(folder / "fold_0").mkdir(parents=True)
(folder / "plans.json").write_text(json.dumps(plans))
(folder / "dataset.json").write_text(json.dumps({
    "channel_names": {"0": "noNorm"}, "labels": {"background": 0, "kidney left": 1, "kidney right": 2},
    "numTraining": 1, "file_ending": ".nii.gz"}))
weights = plain.state_dict()
torch.save({"network_weights": weights, "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": "3d_fullres"}, "inference_allowed_mirroring_axes": None},
           folder / "fold_0/checkpoint_final.pth")
"""


@pytest.mark.skipif(nnunet_python() is None, reason="nnunetv2 is not installed (pip install nnunetv2), nor named")
@pytest.mark.parametrize(("order", "flips"), TURNS[1:])
def test_a_tiny_network_runs_through_nnunet_itself(models, tmp_path, order, flips):
    folder = tmp_path / "Dataset001_Tiny/nnUNetTrainer__nnUNetPlans__3d_fullres"
    root = Path(__file__).resolve().parents[2]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(root / "RenalSegmentation")])}
    done = subprocess.run(
        [nnunet_python(), "-W", "ignore", "-c", TRAIN_NNUNET, str(folder), str(root)],
        capture_output=True, text=True, env=variables, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    executables = subjects.environment(models, "nnunet")
    (executables / "nnUNetv2_predict_from_modelfolder").symlink_to(
        Path(nnunet_python()).with_name("nnUNetv2_predict_from_modelfolder")
    )
    image = subjects.two_bright_kidneys(order, flips)
    found = find_segmenter(tmp_path / "Dataset001_Tiny", trust=True).segment(image, device="cpu")
    assert found.labels.grid.same_as(image.grid)
    for label in (1, 2):
        assert subjects.dice(found.labels.array, subjects.truth(image), label) > 0.8
