"""This checkout beside another release at the same work, each in a process of its own."""
