"""What an index keeps of an episode for the pages of runs: what was lost, and its exchanges."""

from collections import Counter
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from refold.reports.usage import Tokens, Usage


class _Uncharged(Struct, array_like=True):
    """Tokens of replies whose charge is not known, with the model as asked and as it answered."""

    asked: str
    answered: str
    tokens: tuple[int, int, int, int]


class _Exchanges(Struct, omit_defaults=True):
    """A ``Usage``."""

    requests: int = 0
    unanswered: int = 0
    tokens: tuple[int, int, int, int] = (0, 0, 0, 0)
    unmetered: int = 0
    charged: float = 0.0
    uncharged: tuple[_Uncharged, ...] = ()
    unread: int = 0
    forfeited: int = 0
    faults: dict[str, int] = {}
    latencies: dict[int, int] = {}


class _Figures(Struct, omit_defaults=True):
    lost: dict[str, float] = {}
    usage: _Exchanges = msgspec.field(default_factory=_Exchanges)


_decode = msgspec.json.Decoder(_Figures).decode


def pack_figures(lost: Mapping[str, float], usage: Usage) -> bytes:
    """Return points that were *lost* by part, and *usage*, as JSON."""
    return msgspec.json.encode(_Figures(dict(lost), _pack_usage(usage)))


def unpack_figures(body: bytes) -> tuple[dict[str, float], Usage]:
    """Return what ``pack_figures`` made *body* of."""
    figures = _decode(body)
    return figures.lost, _unpack_usage(figures.usage)


def _pack_usage(usage: Usage) -> _Exchanges:
    return _Exchanges(
        requests=usage.requests,
        unanswered=usage.unanswered,
        tokens=_numbers(usage.tokens),
        unmetered=usage.unmetered,
        charged=usage.charged,
        uncharged=tuple(
            _Uncharged(*names, _numbers(tokens)) for names, tokens in usage.uncharged.items()
        ),
        unread=usage.unread,
        forfeited=usage.forfeited,
        faults=dict(usage.faults),
        latencies=dict(usage.latencies),
    )


def _unpack_usage(kept: _Exchanges) -> Usage:
    return Usage(
        requests=kept.requests,
        unanswered=kept.unanswered,
        tokens=Tokens(*kept.tokens),
        unmetered=kept.unmetered,
        charged=kept.charged,
        uncharged={(each.asked, each.answered): Tokens(*each.tokens) for each in kept.uncharged},
        unread=kept.unread,
        forfeited=kept.forfeited,
        faults=Counter(kept.faults),
        latencies=Counter(kept.latencies),
    )


def _numbers(tokens: Tokens) -> tuple[int, int, int, int]:
    return tokens.replies, tokens.input, tokens.output, tokens.cached
