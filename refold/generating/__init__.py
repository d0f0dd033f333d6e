"""Scenarios of any number, drawn from seeds and checked before anybody is sent into them."""

from refold.generating.checking import Generated
from refold.generating.generator import generate
from refold.generating.recipe import FAMILIES, SIZES, SPLITS, Recipe, Split

__all__ = ["FAMILIES", "SIZES", "SPLITS", "Generated", "Recipe", "Split", "generate"]
