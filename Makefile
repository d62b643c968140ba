# Needs GNU make, git, and Python 3.11 to 3.13 with venv; on Debian:
#   apt-get install make git python3 python3-venv
#   apt-get install libegl1 libgl1 libgl1-mesa-dri libfontconfig1 libdbus-1-3 libxkbcommon0 libglib2.0-0
# Every Python package goes into .venv (and, for `make bench`, into .venv-bench).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := .venv-bench
BENCH_READY := $(BENCH)/.ready
WORKERS ?= 2
# From PyPI on Linux this brings NVIDIA's libraries along, some GB; the build for processors alone:
#   make TORCH='torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu' test
TORCH ?= torch==2.13.0
DRAWING := libegl1 libgl1 libgl1-mesa-dri libfontconfig1 libdbus-1-3 libxkbcommon0 libglib2.0-0
DEMO ?= demo

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test bench screenshots lint clean

help:
	@echo "make demo    run the whole job on the reference object, report in $(DEMO)/report.html"
	@echo "make test    run every test"
	@echo "make lint    check style and types"
	@echo "make bench   measure accuracy, speed and memory against 3DQLayers"
	@echo "make screenshots   take the pictures of the panels anew, into Resources/Screenshots"
	@echo "make clean   remove environments, caches and results"

demo: $(READY)
	$(BIN)/renal-layers demo --output $(DEMO) --overwrite
	@echo "Open $(abspath $(DEMO))/report.html in a browser, and $(abspath $(DEMO))/scene.mrb in 3D Slicer."

test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

bench: $(READY) $(BENCH_READY)
	$(BIN)/python -m Testing.benchmarks --comparator-python $(BENCH)/bin/python $(ARGS)

screenshots: $(READY)
	$(BIN)/python -m Testing.screenshots

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(BENCH) $(DEMO) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed again only when pyproject.toml changes; the stamp is written last, so a broken install is repeated.
$(READY): pyproject.toml
	@$(check_python)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	@$(check_libraries)
	@touch $@

# 3DQLayers is GPL-3: it lives in an environment of its own and nothing of this project imports it.
$(BENCH_READY): Makefile
	@$(check_python)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet qlayers==1.0.0
	@touch $@

define check_python
$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
  { echo "$(PYTHON) is missing or not Python 3.11 to 3.13: apt-get install python3, or say which one with 'make PYTHON=python3.12 ...'." >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
  { echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv." >&2; exit 1; }
endef

define check_libraries
$(BIN)/python -c 'import matplotlib.pyplot, slicer, torch, vtk' || \
  { echo "A system library is missing (see the last line above): apt-get install libstdc++6 libgcc-s1 zlib1g, and glibc must be 2.28 or newer." >&2; exit 1; }; \
QT_QPA_PLATFORM=offscreen $(BIN)/python -c 'import PySide6.QtWidgets as q; q.QApplication([])' || \
  { echo "Qt cannot start (see the last line above): apt-get install $(DRAWING)." >&2; exit 1; }; \
$(BIN)/python -c 'import sys, vtk; w = vtk.vtkRenderWindow(); w.SetOffScreenRendering(1); w.Render(); sys.exit(not w.ReportCapabilities())' 2>/dev/null || \
  { echo "VTK cannot draw: apt-get install $(DRAWING)." >&2; exit 1; }
endef
