"""The release of refold, known without being installed: a checkout can be used as it is."""

RELEASE = "0.1.0"
