"""
Exports: episodes by value, in the formats of other tools.

``runs`` makes a trial of an episode, as imports make one of a file; each format has a module that
writes trials. What a format has no place for is counted, or kept in it for a later import.
"""
