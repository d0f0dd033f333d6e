"""Gymnasium environments, opened by refold or recorded in a loop of one's own."""
