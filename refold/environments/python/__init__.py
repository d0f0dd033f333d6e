"""Objects that Python functions make, as worlds."""
