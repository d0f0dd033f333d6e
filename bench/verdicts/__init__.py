"""Verdicts held against forks: is the step that a verdict names the one that cost the score?"""
