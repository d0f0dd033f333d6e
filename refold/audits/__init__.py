"""
Audits: is a scenario, an environment or a log of runs worth its score?

A check measures something of a target and holds it against a bound; what shows it is an episode.
"""
