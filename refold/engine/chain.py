"""
The hash chain over an episode's stored events.

Each event's hash covers the hash before it, the event's seq and the bytes of its payload, so a
change, a gap or another order shows from there on. The hash of the last event is the head of the
chain; in hex it is the episode's digest. A chain cannot show that its end was cut off, since
every prefix of it is a valid chain.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

# Frozen: every digest that was ever published starts from these bytes.
GENESIS = sha256(b"refold event chain 1").digest()
"""Head of an empty chain. The first event holds the whole scenario, so its hash covers that."""

_SEQS = [seq.to_bytes(8, "big") for seq in range(1024)]  # few streams have more events


def link(head: bytes, seq: int, payload: bytes) -> bytes:
    """Return the 32-byte head of the chain after the event *payload* at *seq* follows *head*."""
    # Head and seq have fixed lengths, so no other head, seq and payload join to the same bytes.
    return sha256(head + seq.to_bytes(8, "big") + payload).digest()


def is_chain(payloads: Sequence[bytes], heads: Sequence[bytes]) -> bool:
    """
    Return whether *heads* are those after each of *payloads*, the first of them at seq 0.

    A quick look, at any values: where it says no, go from ``link`` to ``link`` to see where the
    chain breaks.
    """
    before = (GENESIS, *heads)
    try:
        found = [
            sha256(head + seq + payload).digest()
            for head, seq, payload in zip(before, _SEQS, payloads, strict=False)
        ]
        some = len(found)
        found += chain_heads(payloads[some:], head=before[some], seq=some)
    except (IndexError, TypeError):
        return False
    return found == list(heads)


def chain_heads(payloads: Iterable[bytes], *, head: bytes = GENESIS, seq: int = 0) -> list[bytes]:
    """Return the head after each of *payloads*, which follow *head*, the first of them at *seq*."""
    heads = []
    for place, payload in enumerate(payloads, seq):
        head = link(head, place, payload)
        heads.append(head)
    return heads
