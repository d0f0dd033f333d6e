"""Whether a node can play a run: it has the release, the families and, for models, a key."""

from collections.abc import Sequence

from attrs import frozen

from refold.agents.client import Unavailable
from refold.agents.endpoint import NO_KEY
from refold.commands.shared.model_choices import endpoint_of
from refold.commands.shared.model_options import ModelChoices
from refold.engine import RefoldError
from refold.engine.registry import find_family
from refold.release import RELEASE


@frozen
class Needs:
    """
    What a run needs of a node.

    Attributes:
        release: The driver's release of refold.
        families: Name and rules of the families.
        choices: How an API is reached; None if none is asked.
    """

    release: str
    families: Sequence[tuple[str, int]]
    choices: ModelChoices | None


@frozen
class Found:
    """What a node has: *problem* is what it lacks, None for nothing."""

    problem: str | None
    has_key: bool = False


def look(needs: Needs) -> Found:
    """Return what there is of *needs* on this node."""
    if needs.release != RELEASE:
        return Found(f"expected release {needs.release}, got {RELEASE}")
    try:
        for name, rules in needs.families:
            find_family(name, rules)
        if needs.choices is None:
            return Found(None)
        return Found(None, endpoint_of(needs.choices).api_key != NO_KEY)
    except RefoldError as error:
        return Found(str(error))


def report(found: Sequence[tuple[str, Found]], needs: Needs) -> str:
    """
    Return a line on the nodes *found*, by address.

    Raises:
        Unavailable: One of them cannot play; others must fix that.
    """
    wrong = [f"node {address}: {each.problem}" for address, each in found if each.problem]
    if wrong:
        more = f" ({len(found) - len(wrong)} more are fine)" if len(wrong) < len(found) else ""
        raise Unavailable(f"fleet: {'; '.join(wrong)}{more}; fix that", "fleet")
    keys = ""
    if needs.choices is not None:
        without = [address for address, each in found if not each.has_key]
        keys = f", no key on {', '.join(without)}" if without else ", each with a key"
    return f"fleet: {len(found)} node{'s' * (len(found) != 1)} with release {needs.release}{keys}"
