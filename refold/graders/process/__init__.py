"""Graders from files of Python, run in a process of their own: nothing they do reaches refold's."""
