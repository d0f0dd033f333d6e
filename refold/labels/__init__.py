"""
What people say of episodes: labels, tags and notes, and in which order they are asked.

Remarks stand beside the events, so no digest and no recorded grade changes by them.
"""
