from typing import Final

VERSION: Final = "0.1.0"
"""The one place the version stands: the package metadata, `--version` and every export read it here."""
