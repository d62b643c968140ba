"""The subcommands of ``renal-segmentation``, one in each file."""
