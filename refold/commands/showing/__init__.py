"""What ``refold show`` prints beside text."""
