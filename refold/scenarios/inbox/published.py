"""The scores that were published for the inbox scenarios; they never change."""

from refold.engine.presentation import Published

PUBLISHED = (Published("baseline", {"easy": 0.8750, "medium": 0.7129, "hard": 0.8240}),)
