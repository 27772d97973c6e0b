"""Bytes and volumes."""
