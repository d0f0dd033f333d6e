"""``refold check``: what is graded, the baseline that it is compared with, and what is printed."""
