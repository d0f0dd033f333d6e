"""The reports of ``refold audit``."""
