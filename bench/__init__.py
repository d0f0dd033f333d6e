"""Benchmarks: what refold costs, each figure beside a control; ``python -m bench`` runs them."""
