"""The subcommands of ``renal-segmentation``, one per file."""
