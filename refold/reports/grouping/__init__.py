"""Episodes of one scenario as a group: where passes and failures part, against chance."""

from refold.reports.grouping.events import EventShare, event_shares
from refold.reports.grouping.paths import Path, path_of
from refold.reports.grouping.splits import Choice, Split, find_splits

__all__ = ["Choice", "EventShare", "Path", "Split", "event_shares", "find_splits", "path_of"]
