"""`python -m generator` is `broadsheet`."""

from generator.cli import main

main()
