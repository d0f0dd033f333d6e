"""
What generated scenarios are made of: a shipped scenario of version 2, other knobs, another seed.

The file of such a scenario holds a size, knobs and a seed, by which the family draws its world;
so it is small, however large the world, and equal recipes and seeds give equal bytes.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import tomli_w
from attrs import field, frozen

from refold.scenarios import Scenario, parse_scenario, scenario_source
from refold.scenarios.toml import read_toml

Split = Literal["all", "train", "test"]

FAMILIES = ("inbox", "workflow")
SIZES = ("easy", "medium", "hard", "expert")
SPLITS: tuple[Split, ...] = get_args(Split)
_LONGEST_STEM = 60  # letters of a name before split and seed


@frozen
class Recipe:
    """
    Which scenarios to generate.

    Attributes:
        family: ``inbox`` or ``workflow``.
        size: The shipped scenario that they are like: ``easy``, ``medium``, ``hard``, ``expert``.
        split: ``train`` and ``test`` have no world in common; ``all`` is apart from both.
        knobs: What is unlike that size, such as ``tasks`` or ``threads``: how many there are.
    """

    family: str
    size: str = "easy"
    split: Split = "all"
    knobs: Mapping[str, float] = field(factory=dict)

    @property
    def shipped(self) -> str:
        """Name of the shipped scenario of that size; it has the family's rubric."""
        return f"{self.family}/{self.size}@2"

    def name(self, seed: int) -> str:
        """Return the name of the scenario of *seed*, and of its file without ``.toml``."""
        knobs = (f"{knob}{value:g}" for knob, value in self.knobs.items())
        stem = "-".join([self.family, self.size, *knobs])[:_LONGEST_STEM]
        split = [] if self.split == "all" else [self.split]
        return "-".join([stem, *split, str(seed)])

    def source(self, seed: int) -> str:
        """
        Return the TOML of the scenario of *seed*, valid if the recipe is.

        Raises:
            UnknownName: There is no such family or size.
        """
        table = read_toml(scenario_source(self.shipped).encode(), self.shipped)
        knobs = [f"{knob} {value:g}" for knob, value in self.knobs.items()]
        split = {} if self.split == "all" else {"split": self.split}
        # What a shipped scenario says after its first sentence is true of its own knobs only.
        task = table["description"].partition(". ")[0]
        table |= {
            "title": ", ".join([f"Generated: {self.size}", *knobs, *split.values()]),
            "description": f"{task}.",
            "seed": seed,
            "parameters": {"draw": {"size": self.size, **split, **self.knobs}},
        }
        return tomli_w.dumps(table)

    def scenario(self, seed: int) -> Scenario:
        """
        Return the scenario of *seed*.

        Raises:
            UnknownName: There is no such family or size.
            ScenarioError: No world can be drawn with these knobs, or the seed is too large.
        """
        return parse_scenario(self.source(seed).encode(), self.name(seed), self.name(seed))
