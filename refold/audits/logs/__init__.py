"""Audits of saved runs."""

from refold.audits.logs.target import LogTarget

__all__ = ["LogTarget"]
