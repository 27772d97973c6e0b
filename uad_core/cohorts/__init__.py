"""Folders of subjects."""
