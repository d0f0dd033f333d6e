"""refold beside inspect_ai and eventsourcing, each at what it does itself, in one run."""
