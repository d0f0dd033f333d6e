"""Simulations that show how often the statistics of reports err, with fixed seeds."""
