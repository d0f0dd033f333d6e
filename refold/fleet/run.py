"""Playing episodes of a log on a fleet, as ``refold record --fleet`` does."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from refold.agents.client import ModelResponse
from refold.agents.rollout import is_costly
from refold.commands.shared.agent_names import is_model
from refold.commands.shared.cost_cap import CostCap
from refold.commands.shared.episode_progress import EpisodeProgressBar
from refold.commands.shared.fleet_options import Fleet
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.model_options import USUAL_CHOICES, ModelChoices
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.playing import print_forfeits
from refold.engine import EpisodeInfo, Event, EventLog, NotALog, RefoldError
from refold.engine.errors import DiskFull, LogBusy
from refold.engine.exchanges import ActionForfeited, ModelCalled, ModelConfigured
from refold.environments import Worlds
from refold.fleet.cluster import Cluster, connected
from refold.fleet.dealing import Dealing, play_out
from refold.fleet.engine import RayEngine
from refold.fleet.ledger import Ledger, Stored
from refold.fleet.player import Setup, without_secrets
from refold.fleet.preflight import Needs, report
from refold.release import RELEASE
from refold.reports import Prices
from refold.reports.usage import NO_PRICES

_BATCH = 16  # episodes of built-in agents: few enough to share out, many enough to compress well
_AHEAD = 2  # batches of theirs that a worker has, so that it need not wait for the driver
_SHIP_SECONDS = 30.0
_SHIP_SECONDS_CAPPED = 2.0  # what was spent is known that late
_RECALL_SECONDS = 2.0


def play_all(
    log: EventLog,
    infos: Sequence[EpisodeInfo],
    choices: ModelChoices = USUAL_CHOICES,
    *,
    fleet: Fleet,
    programs: Sequence[str] = (),
    parallel: int = 1,
    label: str = "fleet",
    prices: Prices = NO_PRICES,
    cap: CostCap | None = None,
    worlds: Worlds | None = None,
) -> int:
    """
    Play the episodes *infos* of *log* on a fleet, from where they stand, and save their grades.

    Returns how many are left open: by the API's content filter, by the *cap*, or because workers
    die over them.

    Args:
        log: The log, open for writing; nobody else may append to these episodes.
        infos: Episodes that have not ended.
        choices: The model options, without a key: workers find theirs on their node.
        fleet: The cluster.
        programs: Those agents that are functions in files, with paths that nodes have.
        parallel: Episodes to play at once, over all workers.
        label: Text before the progress bar.
        prices: Prices of tokens, to show the cost so far.
        cap: What may be spent; episodes that are being played may cost a little more.
        worlds: Opens external environments, where there are any.

    Raises:
        RefoldError: There is no such cluster, a node cannot play, or the first error of a worker.
            What was stored so far stays, and the episodes that have not ended can be resumed.
        KeyboardInterrupt: Ctrl-C was pressed; the same holds.
    """
    if not infos:
        return 0
    told = without_secrets(choices)
    agents = list(dict.fromkeys(info.agent for info in infos))
    progress = EpisodeProgressBar(total=len(infos), label=label, prices=prices)
    watch = _Watch(progress, cap)
    ledger = Ledger(log, infos, watch.note)
    needs = _needs(log, infos, told, agents)
    with connected(fleet):
        cluster = Cluster()
        workers = cluster.cpus if fleet.workers is None else fleet.workers
        setup = Setup(
            run=_first_of_run(log, infos[0]),
            agents=agents,
            programs=programs,
            choices=told,
            worlds=Worlds() if worlds is None else worlds,
            folder=str(Path.cwd()),
            parallel=-(-parallel // workers),
        )
        every = _SHIP_SECONDS if cap is None else _SHIP_SECONDS_CAPPED
        with RayEngine(cluster, setup, needs, ledger, rate=fleet.rate, ship_every=every) as engine:
            print_to_stderr(report(engine.look_at_nodes(), needs))
            with progress:
                for bundle in engine.gather(ledger.open()):
                    ledger.take(bundle)
                dealing = _dealing(ledger.open(), setup, workers)
                with _stored_at_the_end(engine, ledger):
                    play_out(
                        engine, dealing, ledger.take, workers=workers, is_enough=watch.is_enough
                    )
    return _tell(ledger, dealing, watch)


def _dealing(ids: Sequence[str], setup: Setup, workers: int) -> Dealing:
    # Episodes of a model take long, and many wait at once; others are over before they are sent.
    if any(map(is_costly, setup.agents)):
        return Dealing(ids, workers=workers, most=1, ahead=setup.parallel)
    return Dealing(ids, workers=workers, most=_BATCH, ahead=_AHEAD)


def _needs(
    log: EventLog, infos: Sequence[EpisodeInfo], choices: ModelChoices, agents: Sequence[str]
) -> Needs:
    """Return what a node needs to play *infos*; the families are read from one of each scenario."""
    one_of_each = {info.scenario: info.id for info in infos}
    families = dict.fromkeys(log.events(id).family for id in one_of_each.values())
    asks = any(agent.startswith("openai:") for agent in agents)
    return Needs(RELEASE, [(each.name, each.rules) for each in families], choices if asks else None)


def _first_of_run(log: EventLog, info: EpisodeInfo) -> str:
    return next(log.episodes(run=info.run)).id if info.run else info.id


@contextmanager
def _stored_at_the_end(engine: RayEngine, ledger: Ledger) -> Iterator[None]:
    """Store what workers have when the context ends, however it does; clean up if all is done."""
    try:
        yield
    except (LogBusy, DiskFull, NotALog):  # the log takes nothing; the shards keep it
        raise
    except BaseException:
        _recall(engine, ledger)
        raise
    _recall(engine, ledger)
    if not ledger.open():
        engine.clean()


def _recall(engine: RayEngine, ledger: Ledger) -> None:
    for bundle in engine.recall(_RECALL_SECONDS):
        with suppress(RefoldError):  # there is a first error, which is the one to tell
            ledger.take(bundle)


class _Watch:
    """Sees what comes in: for the progress bar, the cap, and the words at the end."""

    def __init__(self, progress: EpisodeProgressBar, cap: CostCap | None) -> None:
        self._progress = progress
        self._exchanges: dict[str, list[Event]] = {}
        # Not all events are read, since for built-in agents that takes longer than storing them.
        self._decode = msgspec.json.Decoder(ModelCalled | ModelConfigured | ActionForfeited).decode
        self.cap = cap
        self.forfeits: Counter[str] = Counter()
        self.left: dict[str, str] = {}

    def note(self, found: Sequence[Stored]) -> None:
        """Note what a bundle has brought."""
        for each in found:
            id = each.info.id
            new = [self._decode(payload) for payload in each.payloads if payload.startswith(_READ)]
            if new:
                self._exchanges.setdefault(id, []).extend(new)
                self._count(new, each.info.agent)
            if each.left is not None:
                self.left[id] = each.left
            if each.done:
                self._progress.add(self._exchanges.pop(id, ()), each.score)

    def _count(self, events: Sequence[Event], agent: str) -> None:
        for event in events:
            if isinstance(event, ActionForfeited):
                self.forfeits[event.reason] += 1
            elif isinstance(event, ModelCalled) and self.cap is not None and is_model(agent):
                response = ModelResponse(event.reply, event.faults, event.latency_ms)
                self.cap.count(response, agent.partition(":")[2])

    def is_enough(self) -> bool:
        """Return whether what may be spent is spent."""
        return self.cap is not None and self.cap.is_reached


_READ = tuple(
    f'{{"type":"{kind}"'.encode()
    for kind in ("model_called", "model_configured", "action_forfeited")
)


def _tell(ledger: Ledger, dealing: Dealing, watch: _Watch) -> int:
    """Print what did not go as it should, and return how many episodes are left open."""
    print_forfeits(watch.forfeits)
    if dealing.left:
        why = watch.left[dealing.left[-1]]
        print_to_stderr(f"{pluralise(len(dealing.left), 'episode')} left open: {why}")
    if dealing.deadly:
        print_to_stderr(
            f"{pluralise(len(dealing.deadly), 'episode')} left open, since workers die over "
            f"{'it' if len(dealing.deadly) == 1 else 'them'}: {', '.join(dealing.deadly)}"
        )
    left = ledger.open()
    if capped := len(left) - len(dealing.left) - len(dealing.deadly):
        assert watch.cap is not None
        print_to_stderr(f"{pluralise(capped, 'episode')} left open: {watch.cap.error()}")
    if ledger.refused:
        print_to_stderr(
            f"{pluralise(ledger.refused, 'answer')} left out: the log has another, which came first"
        )
    return len(left)
