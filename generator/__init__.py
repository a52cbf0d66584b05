"""Broadsheet: a static site generator for research papers.

sources -> papers -> content/ -> library -> site -> files -> output/
"""

__version__ = "0.1.0"
