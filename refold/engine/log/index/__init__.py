"""
The index of a log: a file beside it that answers lists and searches of many episodes.

All of it is derived from the log and can be made again at any time, so the file may be deleted
whenever nobody uses it. Nothing in it is part of a hash chain, and nothing is graded by it.
"""
