"""
Scenarios in other libraries that train and evaluate models, each with its extra.

A model of such a library plays by tool calls: one tool for each kind of action. What it does is
recorded in a log, and graded, as if refold had played.
"""
