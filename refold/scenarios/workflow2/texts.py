"""
The words of drawn workflows. A change of one of them makes other worlds: a new rules version.

In braces stands what a line is about: ``{x}`` a title, ``{s}`` a system, ``{w}`` a worker, ``{k}``
a skill, ``{a}``, ``{b}`` ticks, ``{p}`` a pace.
"""

from collections.abc import Mapping

SKILLS = (
    "drafting",
    "analysis",
    "design",
    "testing",
    "legal",
    "finance",
    "outreach",
    "data",
)
SYSTEMS = (
    "Atlas",
    "Borealis",
    "Cobalt",
    "Dynamo",
    "Ember",
    "Fjord",
)
NAMES = (
    "Ada",
    "Bo",
    "Cleo",
    "Dev",
    "Eli",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jun",
    "Kit",
    "Lou",
)
ADJECTIVES = (
    "supplier",
    "market",
    "launch",
    "audit",
    "training",
    "pricing",
    "security",
    "budget",
    "staffing",
    "press",
    "customer",
    "warehouse",
    "privacy",
    "travel",
    "website",
    "research",
    "insurance",
    "energy",
)
NOUNS = (
    "report",
    "contract",
    "brief",
    "survey",
    "forecast",
    "checklist",
    "dossier",
    "mock-up",
    "review",
    "map",
    "calendar",
    "catalogue",
    "model",
    "notice",
    "register",
    "summary",
    "handbook",
    "plan",
)
HINTS = (
    "It builds on the figures of the {x}.",
    "Whoever does it copies whole pages from the {x}.",
    "It cannot be right without the {x} at hand.",
    "The {x} has to be finished beforehand.",
)
DECOYS = (
    "Unlike the {x}, it needs no approval.",
    "It has nothing to do with the {x}.",
    "It will be filed next to the {x}, whichever is ready first.",
)
NOTES = (
    "Has no login for {s} and will not get one.",
    "Was never cleared for {s}.",
    "Is barred from {s} until next year.",
)
ERRORS: Mapping[str, tuple[str, ...]] = {
    "untrained": (
        "{w} has never learned {k}; nothing usable came of it.",
        "The result was rejected: {k} is not {w}'s trade.",
    ),
    "access": (
        "{s} refused {w}: no account, and none will be issued.",
        "{w} is not cleared for {s}. Asking again will not change that.",
    ),
    "missing": (
        "An input is missing: the {x} does not exist yet.",
        "Stopped half-way, since the {x} has not been delivered.",
    ),
    "outage": (
        "{s} is down and comes back at tick {b}; nothing was wrong with the work.",
        "Connection to {s} lost. The operators expect it back at tick {b}.",
    ),
    "left": ("{w} has left; the work is lost.",),
}
ODD_ERRORS: Mapping[str, tuple[str, ...]] = {
    "untrained": ("The reviewers sent it back. {w} would need a course in {k} first.",),
    "access": ("{s} kept the door shut, as it always does for {w}.",),
    "missing": ("Without the {x} there was nothing to start from.",),
    "outage": ("{s} is asleep; it wakes at tick {b}.",),
    "left": ("{w} has left; the work is lost.",),
}
NOTICES: Mapping[str, str] = {
    "outage": "{s} will be down from tick {a} until tick {b}.",
    "drop": "{w} leaves for good at tick {a}.",
    "slow": "From tick {a} on {w} works at pace {p}.",
}
