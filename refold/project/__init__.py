"""What a project says of itself in its ``refold.toml``."""

from refold.project.settings import Settings, find_settings, read_settings

__all__ = ["Settings", "find_settings", "read_settings"]
