"""An agent that stops as soon as another roll would be more likely to lose than to win."""

from msgspec.structs import replace

SIDES = 6


def make(family, seed):
    """Return the policy for one episode of any family: careful where it knows the game."""

    def act(observation, legal_actions):
        actions = legal_actions()
        if family.name != "tiny":
            return actions[0]
        room = observation["target"] - observation["sum"]
        wanted = "roll" if room >= SIDES / 2 else "stop"
        return replace(actions[0], type=wanted)

    return act
