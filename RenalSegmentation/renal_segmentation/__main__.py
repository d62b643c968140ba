"""Lets ``python -m renal_segmentation`` do what the command ``renal-segmentation`` does."""

import sys

from renal_segmentation.cli import main

sys.exit(main())
