"""What a project says of itself in its ``refold.toml``."""

from refold.project.settings import PASS_AT, Settings, find_settings, read_settings

__all__ = ["PASS_AT", "Settings", "find_settings", "read_settings"]
