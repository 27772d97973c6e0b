"""The commands of `python -m uad_core`, one file each."""
