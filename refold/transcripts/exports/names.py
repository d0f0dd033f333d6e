"""The names of the formats that episodes can be exported in."""

from collections.abc import Mapping

LINES = ("chat", "otel")
"""Formats of which each episode is a line."""
FILES = ("atif", "sts")
"""Formats of which each episode is a file."""
ARCHIVE = "inspect"
TABLES = "parquet"
NAMES = sorted((*LINES, *FILES, ARCHIVE, TABLES))
"""All of them."""

KEPT_IN: Mapping[str, str] = {"atif": "extra.refold", "inspect": "metadata.refold"}
"""Where a format keeps what it has no field for, so that an import finds it."""
