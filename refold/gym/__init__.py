"""
The scenarios that ship as Gymnasium environments: ``import refold.gym``, then ``gymnasium.make``.

Ids are ``refold/FAMILY-NAME-vRULES``, such as ``refold/workflow-hard-v1``; of later rules than the
first, ``refold/workflow2-hard-v2``, since Gymnasium calls a version out of date beside a later
one of the same name.
"""

from collections.abc import Iterator

import gymnasium

from refold.engine.registry import all_families


def environment_ids() -> Iterator[tuple[str, str]]:
    """Yield the id and the scenario of each environment."""
    for family in all_families():
        for name, full in zip(family.scenarios, family.scenario_names, strict=True):
            named = family.title.replace("@", "")
            yield f"refold/{named}-{name}-v{family.rules}", full


for _id, _scenario in environment_ids():
    gymnasium.register(_id, entry_point="refold.gym.env:RefoldEnv", kwargs={"scenario": _scenario})
