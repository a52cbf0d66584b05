"""Chromium on the built bundled site."""
