"""
Episodes of what others say to an OpenEnv server, as if they had been played through ``openenv:``.

The same scenario, seed and actions give the same events, whoever sent them. Nothing here waits
for the server, except to ask once what a task takes.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from attrs import define

from refold.agents.origins import NETWORK, mark_origin
from refold.engine import Episode, EventLog, RefoldError
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.world import fault_in
from refold.environments.openenv_protocol import Reply, answer, begun, to_action
from refold.environments.openenv_servers import Server, ask_offer, split_arguments
from refold.graders import grade, save_grade
from refold.scenarios import Scenario
from refold.scenarios.answered.events import Offer

OWN_SERVER = "refold"
"""Name of refold's own server, whose resets say who plays."""
_OF_THE_LOG = ("agent", "run", "session_id")
_LONGEST_NAME = 100  # letters
_MOST_SCENARIOS = 1000
_encode = msgspec.json.Encoder(order="deterministic").encode


@define
class _Playing:
    episode: Episode
    offer: Offer


class Recorder:
    """
    Records sessions of one server.

    Args:
        base: URL of the server.
        server: What it says of itself.
        log: Where to record, open for writing.
        run: Name of the run.
        agent: Who plays, unless a client says so itself.
        tell: Called with each kind of trouble, once, in words.

    Attributes:
        episodes: Number of episodes that began.
        unrecorded: Number of messages that were not recorded, by what they were.
    """

    def __init__(
        self,
        base: str,
        server: Server,
        log: EventLog,
        *,
        run: str,
        agent: str,
        tell: Callable[[str], None],
    ) -> None:
        self.episodes = 0
        self.unrecorded: Counter[str] = Counter()
        self._base = base
        self._server = server
        self._log = log
        self._run = run
        self._agent = agent
        self._tell = tell
        self._sessions: dict[str, _Playing] = {}
        self._known: dict[bytes, tuple[Scenario, Offer]] = {}
        self._epochs: Counter[str] = Counter()

    def reset(self, session: str, arguments: Mapping[str, Any], reply: Reply) -> None:
        """Record that *session* began an episode; one that it had stays as it is."""
        if reply.kind != "observation":
            self.pass_on("a reset that the server did not answer with an observation")
            return
        self._sessions.pop(session, None)
        try:
            self._begin(session, arguments, reply)
        except RefoldError as error:
            self.pass_on(f"an episode, since {error}")

    def _begin(self, session: str, arguments: Mapping[str, Any], reply: Reply) -> None:
        own = _OF_THE_LOG if self._server.name == OWN_SERVER else ()
        asked = {n: each for n, each in arguments.items() if n not in ("episode_id", *own)}
        task, options, seed = split_arguments(asked)
        if seed is None:
            options = {"seed": None, **options}  # played again, it begins without one too
        scenario, offer = self._scenario(task, options)
        claimed = _name(arguments.get("agent")) if own else None
        episode = Episode.start(
            scenario,
            log=self._log,
            agent=self._agent if claimed is None else mark_origin(claimed, NETWORK),
            seed=seed,
            run=self._run,
            epoch=self._epochs[scenario.name],
        )
        self.episodes += 1
        self._epochs[scenario.name] += 1
        event = begun(reply, self._server, offer)
        episode.note(event)
        if fault_in((event,)) is not None:
            episode.truncate(INSTRUMENT_FAILED)
        self._sessions[session] = _Playing(episode, offer)

    def _scenario(self, task: str, options: Mapping[str, Any]) -> tuple[Scenario, Offer]:
        key = _encode((task, options))
        if key not in self._known:
            if len(self._known) >= _MOST_SCENARIOS:
                self._known.clear()
            scenario = self._server.scenario(task, options)
            self._known[key] = (scenario, ask_offer(self._base, self._server, scenario.parameters))
        return self._known[key]

    def step(self, session: str, step: Any, reply: Reply) -> None:
        """Record a *step* that *session* took in its episode."""
        playing = self._sessions.get(session)
        if playing is None or playing.episode.over:
            self.pass_on("a step outside of an episode")
            return
        try:
            action = to_action(step, playing.offer)
            playing.episode.step(action, answers=(answer([reply]),))
            end = playing.episode.end
            if end is not None and end.reason != INSTRUMENT_FAILED:
                save_grade(self._log, playing.episode.id, grade(playing.episode.events))
        except RefoldError as error:
            # What follows would not fit what is on record.
            self.drop(session)
            self.pass_on(f"the rest of an episode, since {error}")

    def drop(self, session: str) -> None:
        """Record no more of *session*; an episode that has not ended stays open."""
        self._sessions.pop(session, None)

    def pass_on(self, what: str) -> None:
        """Count *what*, which was passed on and not recorded, and tell it if it is the first."""
        if not self.unrecorded[what]:
            self._tell(f"passed on, not recorded: {what}")
        self.unrecorded[what] += 1


def _name(value: Any) -> str | None:
    """Return *value* if it can be the name of an agent, else None."""
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()
    return value if fits else None
