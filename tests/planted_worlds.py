"""
Worlds for tests of audits: a vault, and the same with one fault each.

Whoever reads three shelves and opens the vault with the sum of their numbers is paid 1. In each
other class one thing is wrong, as its name says, and all else is as in the first.
"""

# ruff: noqa: ARG002, D102 - methods that are overridden are those of the first class

import random
import time
from typing import Any

SHELVES = ("left", "middle", "right")
LOOK = {
    "name": "look",
    "description": "Read the number on a shelf.",
    "parameters": {
        "type": "object",
        "properties": {"shelf": {"type": "string", "enum": list(SHELVES)}},
        "required": ["shelf"],
    },
}
OPEN = {
    "name": "open",
    "description": "Try a code on the vault, once.",
    "parameters": {
        "type": "object",
        "properties": {"code": {"type": "string"}, "remark": {"type": "string"}},
        "required": ["code"],
    },
}

WAYS = {"type": "integer", "minimum": 0, "maximum": 3}


class Vault:
    """Nothing is wrong with it."""

    tools = (LOOK, OPEN)
    text = False
    instructions = "Look at the three shelves, and open the vault with the sum of their numbers."

    def reset(self, seed=None):
        """Draw the numbers, and what the vault weighs."""
        dice = random.Random(seed)
        self.numbers, self.weight = self.draw(dice), self.weigh(dice)
        self.left, self.opened, self.alarm = 8, False, False
        self.read = []
        return self.shown("the vault is shut", role="user")

    def weigh(self, dice):
        """Return what the vault weighs."""
        return dice.randrange(100, 999)

    def draw(self, dice):
        """Return the number on each shelf."""
        return {shelf: dice.randrange(1000, 9999) for shelf in SHELVES}

    @property
    def code(self):
        """What opens the vault."""
        return str(sum(self.numbers.values()))

    def shown(self, said, *, role="tool", error=False, number=None):
        """Return the observation, of which agents read *said*."""
        return {
            "weight": self.weight,
            "left": self.left,
            "number": number,
            "open": self.opened,
            "alarm": self.alarm,
            "messages": [{"role": role, "content": said, "error": error}],
        }

    def step(self, action):
        """Carry out the first call."""
        call = (action.get("tool_calls") or [{"name": "none", "arguments": {}}])[0]
        name, arguments = call["name"], call["arguments"]
        self.left -= 1
        reward, over = 0.0, False
        if name == "look" and arguments.get("shelf") in SHELVES:
            self.read.append(arguments["shelf"])
            seen = self.shown("there it is", number=self.numbers[arguments["shelf"]])
            reward = self.pay_for_looking()
        elif name == "open":
            self.opened = self.opens(arguments.get("code"))
            self.alarm = not self.opened
            reward, over = self.pay(str(arguments.get("remark"))), True
            seen = self.shown("it opens" if self.opened else "it stays shut")
        else:
            seen = self.shown(f"there is no tool {name}", error=True)
        return seen, reward, over, self.left == 0, {}

    def opens(self, code):
        """Return whether *code* opens the vault."""
        return code == self.code

    def pay(self, remark):
        """Return the reward for an attempt to open it."""
        return float(self.opened)

    def pay_for_looking(self):
        """Return the reward for a look at a shelf."""
        return 0.0


class Showing(Vault):
    """Shows the code at the beginning."""

    def shown(self, said, **more):
        return {**super().shown(said, **more), "debug": {"sum": int(self.code)}}


class Telling(Vault):
    """Tells the code in the error of a wrong call."""

    def step(self, action):
        seen, *rest = super().step(action)
        for message in seen["messages"]:
            if message["error"]:
                message["content"] += f", though the code is {self.code}"
        return seen, *rest


class Seedless(Vault):
    """Draws the same for every seed."""

    def draw(self, dice):
        return super().draw(random.Random(7))

    def weigh(self, dice):
        return super().weigh(random.Random(7))


def unseeded():
    """Return another number each time, whatever the seed; it falls, as no clock does."""
    # Dice would be in the order of a clock once in thousands of runs.
    return 10**17 - time.monotonic_ns()


class Unseeded(Vault):
    """Has a weight, which is shown at once, that no seed decides."""

    def weigh(self, dice):
        return unseeded()


class Lucky(Vault):
    """Has such numbers, which are shown later."""

    def draw(self, dice):
        return {shelf: unseeded() for shelf in SHELVES}


class Clock(Vault):
    """Shows the time."""

    def shown(self, said, **more):
        return {**super().shown(said, **more), "at": {"nanoseconds": time.time_ns()}}


class Labelled(Vault):
    """Makes up an id for each episode."""

    def reset(self, seed=None):
        self.id = random.SystemRandom().randbytes(8).hex()
        return super().reset(seed)

    def shown(self, said, **more):
        return {**super().shown(said, **more), "episode_id": self.id}


class Leaking(Vault):
    """Adds to its numbers how many episodes came before."""

    begun = 0

    def draw(self, dice):
        numbers = {shelf: number + Leaking.begun for shelf, number in super().draw(dice).items()}
        Leaking.begun += 1
        return numbers


class Shared(Vault):
    """Keeps the numbers of the last episode that began for all that go on."""

    last: dict[str, int]

    def draw(self, dice):
        Shared.last = super().draw(dice)
        return Shared.last

    def step(self, action):
        self.numbers = Shared.last
        return super().step(action)


class Praised(Vault):
    """Pays for praise."""

    def pay(self, remark):
        return min(super().pay(remark) + 0.2 * ("excellent" in remark), 1.0)


class Generous(Vault):
    """Pays for each look, also at a shelf that was read before."""

    def pay_for_looking(self):
        return 0.02


class Lying(Vault):
    """Declares a tool that it does not have."""

    tools = (LOOK, OPEN, {"name": "listen", "description": "Listen at the door."})


class Fixed(Vault):
    """Shows more values that never change than values that do."""

    def shown(self, said, **more):
        door = dict.fromkeys(
            ("colour", "height", "width", "depth", "hinges", "maker", "wood", "lock", "frame"),
            "unknown",
        )
        return {**super().shown(said, **more), "door": door}


class Broken(Vault):
    """Fails at a second look."""

    def reset(self, seed=None):
        self.looks = 0
        return super().reset(seed)

    def pay_for_looking(self):
        self.looks += 1
        return float("nan") if self.looks == 5 else 0.0


class Shut(Vault):
    """Opens by no code."""

    def pay(self, remark):
        return 0.0


class Lenient(Vault):
    """Opens by any code, once two of the shelves were read."""

    def opens(self, code):
        return len(set(self.read)) > 1


class Backwards(Vault):
    """Pays for a code that is wrong."""

    def pay(self, remark):
        return float(not self.opened)


class Path:
    """Four forks in a row, of four ways each; which one is right is drawn, and paid at once."""

    action_schema = WAYS
    length = 4

    def reset(self, seed=None):
        """Draw the right ways."""
        dice = random.Random(seed)
        self.right = [dice.randrange(4) for _ in range(self.length)]
        self.taken = []
        return {"at": 0}

    def step(self, way):
        """Take a way."""
        before, self.taken = self.passed, [*self.taken, way]
        over = len(self.taken) == self.length
        return {"at": len(self.taken)}, self.pay(self.passed - before, over), over, False, {}

    @property
    def passed(self):
        """How many right ways were taken."""
        return sum(way == right for way, right in zip(self.taken, self.right, strict=False))

    def pay(self, more, over):
        """Return the reward for *more* right ways, and for the end."""
        return more / self.length


class LongPath(Path):
    """Pays at the end only."""

    def pay(self, more, over):
        return float(over and self.passed == self.length)


class Reader:
    """Reads the shelves, and opens the vault with the sum."""

    def __init__(self):
        self.read = []

    def __call__(self, shown, legal):
        """Return what to do next."""
        if shown["number"] is not None:
            self.read.append(shown["number"])
        if len(self.read) < len(SHELVES):
            return call("look", shelf=SHELVES[len(self.read)])
        return call("open", code=str(sum(self.read)), remark="that is all")


class Clumsy(Reader):
    """Looks at a shelf first that there is not."""

    def __call__(self, shown, legal):
        """Return what to do next."""
        first = shown["left"] == 8
        return call("look", shelf="upper") if first else super().__call__(shown, legal)


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """Return the action that calls a tool."""
    return {"tool_calls": [{"name": name, "arguments": arguments}]}
