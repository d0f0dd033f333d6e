"""What a program of its own plays, on record: ``refold.record``."""
