"""Files with small damages, as crashes, bad disks and strangers make them."""

import random

_TOKENS = (b"null", b"{}", b"[]", b'"x"', b"-1", b"1e999", b"NaN", b"\\ud800", b"\xff", b"\0")


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Return *data* with one to four changes: bytes, tokens, parts cut, doubled or swapped."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(changed) + 1)
        stop = min(len(changed), start + dice.choice((1, 4, 40, 400)))
        match dice.randrange(5):
            case 0 if start < len(changed):
                changed[start] = dice.randrange(256)
            case 1:
                del changed[start:stop]
            case 2:
                changed[start:start] = changed[start:stop]
            case 3:
                changed[start : start + dice.randrange(8)] = dice.choice(_TOKENS)
            case _:
                _replace_value(changed, dice)
    return bytes(changed)


def _replace_value(changed: bytearray, dice: random.Random) -> None:
    """Put another value behind a random colon, which mostly leaves valid JSON of another shape."""
    colons = [place for place, byte in enumerate(changed) if byte == ord(":")]
    if colons:
        start = dice.choice(colons) + 1
        ends = [changed.find(end, start) for end in (b",", b"}")]
        stop = min((end for end in ends if end >= 0), default=start)
        changed[start:stop] = dice.choice(_TOKENS)
