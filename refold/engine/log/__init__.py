"""The log: one SQLite file of many streams. Nothing else in refold touches SQLite."""
