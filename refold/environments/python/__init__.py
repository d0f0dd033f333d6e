"""Objects that Python functions make, as external environments."""
