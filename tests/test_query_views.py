"""The views for people who query: what they say is what refold's own commands and readers say."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import talks
import transcript_files as made
from recorded_runs import called, unanswered
from shell import Shell

from refold.engine import Episode, EventLog, NotALog, Stream
from refold.engine.errors import LogMoved, NewerLog
from refold.engine.exchanges import INSTRUMENT_FAILED, ModelCalled
from refold.engine.log.views import COLUMN_KINDS
from refold.environments import answered, answered_scenario, began
from refold.replays import steps
from refold.scenarios import load
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.answered.said import calls, messages_in
from refold.scenarios.facts import Facts

Rows = list[dict[str, Any]]
VIEWS = ("episode_list", "model_call_list", "message_list", "tool_call_list")
FORMATS = Path(__file__).parent / "formats"
HOLDS = {"text": str, "integer": int, "real": float, "time": str}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log of episodes recorded, imported, forked, resumed, failed and left open."""
    folder = tmp_path_factory.mktemp("recorded")
    shell = Shell(folder)
    shell("record workflow/hard --agent greedy --name one")
    shell("record inbox/hard inbox/easy --agent baseline --name two --epochs 2")
    for path in made.write_all(folder).values():
        shell("import", path)
    with EventLog(folder / "refold.db") as log:
        talks.shop(log)
        for run, end in (("ended", None), ("failed", INSTRUMENT_FAILED)):
            _asked(log, run, end)
        charged = Episode.start(load("workflow/easy"), log=log, agent="m", run="charged")
        for _ in range(3):
            charged.step({"action_type": "wait"}, talks.generated("wait"))
        begun = Episode.start(
            load("inbox/easy"), log=log, agent="baseline", run="resumed", id="open"
        )
        begun.step({"type": "archive"}, called((10, 2)))
    shell("fork open --at 1 --agent baseline --new-id forked")
    shell("resume open")
    with EventLog(folder / "refold.db") as log:
        Episode.start(load("inbox/easy"), log=log, agent="x", run="left")
    return folder / "refold.db"


@pytest.fixture
def log(recorded: Path, tmp_path: Path) -> Iterator[EventLog]:
    """Yield a copy of that log, open for writing."""
    with EventLog(shutil.copy(recorded, tmp_path)) as log:
        yield log


def _asked(log: EventLog, run: str, end: str | None) -> None:
    """Play an episode with exchanges of every kind: metered or not, answered or not."""
    episode = Episode.start(load("workflow/easy"), log=log, agent="m", run=run)
    episode.note(called((7, 3), ms=9), called(None), unanswered())
    episode.step({"action_type": "wait"}, called((100, 1)))
    episode.step({"action_type": "delegate", "subtask_id": "nothing", "agent_name": "nobody"})
    if end:
        episode.note(unanswered())
        episode.truncate(end)


def rows(log: EventLog, view: str, where: str = "1", *given: Any) -> Rows:
    """Return the rows of *view*, in the order that it has by itself."""
    return list(log.database.query(f"SELECT * FROM {view} WHERE {where}", given))


def test_episodes_are_what_show_prints(log: EventLog) -> None:
    """Each row holds the figures of `refold show --json` for that episode, and where it is from."""
    shell = Shell(Path(log.path).parent)
    found = rows(log, "episode_list")
    assert [row["episode"] for row in found] == [info.id for info in log.episodes()]
    assert {row["ended"] for row in found} == {"terminated", "truncated", None}
    assert {bool(row["parent"]) for row in found} == {bool(row["origin_file"]) for row in found}
    for row in found:
        (shown,) = shell("show --json", row["episode"]).json["episodes"]
        same = ("scenario", "agent", "run", "seed", "epoch", "ended", "reason", "steps", "total")
        same += ("score", "started_at", "ended_at", "parent", "fork_at")
        assert {key: row[key] for key in same} == {key: shown[key] for key in same}
        assert json.loads(row["scores"]) == shown["scores"]
        origin = shown["origin"] or dict.fromkeys(("file", "format", "place"))
        assert all(row[f"origin_{key}"] == origin[key] for key in ("file", "format", "place"))


def test_given_scores_are_what_import_prints(tmp_path: Path) -> None:
    """What `refold import --json` tells of the source's scores stands in ``given``, as given."""
    shell = Shell(tmp_path)
    told = {}
    for path in made.write_all(tmp_path).values():
        found = shell("import --json", path).json["episodes"]
        told.update({each["id"]: each["given"] for each in found})
    with EventLog(tmp_path / "refold.db", readonly=True) as log:
        given = {row["episode"]: json.loads(row["given"]) for row in rows(log, "episode_list")}
    assert given == told
    assert any(given.values())


def test_costs_are_what_report_prints(log: EventLog) -> None:
    """Requests, tokens and cost of a run's episodes come to those of `refold report --json`."""
    shell = Shell(Path(log.path).parent)
    runs = {row["run"] for row in rows(log, "episode_list", "parent IS NULL AND run <> ''")}
    metered = 0
    for run in runs:
        found = rows(log, "episode_list", "run = ? AND parent IS NULL", run)
        costs = shell("report --json", run).json["costs"] or {}
        for key, column in (("requests", "requests"), ("input", "input_tokens")):
            assert sum(row[column] or 0 for row in found) == costs.get(key, 0), run
        assert sum(row["output_tokens"] or 0 for row in found) == costs.get("output", 0)
        if len(found) == 1:
            assert found[0]["cost"] == pytest.approx(costs.get("cost"))
            metered += found[0]["cost"] is not None
    assert metered


def test_cost_needs_every_reply(log: EventLog) -> None:
    """A cost is told only if the API told it for every reply; tokens are those that it counted."""
    (talk,) = rows(log, "episode_list", "scenario = 'mine:shop'")
    replies = rows(log, "model_call_list", "episode = ?", talk["episode"])
    assert talk["cost"] == pytest.approx(sum(row["cost"] or 0 for row in replies)) != 0
    (ended,) = rows(log, "episode_list", "run = 'ended'")
    assert (ended["input_tokens"], ended["output_tokens"], ended["cost"]) == (107, 4, None)


def test_model_calls_are_the_exchanges(log: EventLog) -> None:
    """Each exchange is a row, at its step, with what its reply tells, if there was one."""
    expected = []
    for info in log.episodes():
        for place, step in enumerate(steps(log.events(info.id))):
            for seq, event in zip(step.seqs, step.events, strict=True):
                if isinstance(event, ModelCalled):
                    expected.append(_told(info.id, max(place - 1, 0), seq, event))
    found = [tuple(row.values()) for row in rows(log, "model_call_list")]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert {row[3] for row in found} > {None, "m"}


def _told(id: str, step: int, seq: int, event: ModelCalled) -> tuple[Any, ...]:
    reply, usage = event.reply, event.reply.usage if event.reply else None
    names = ("input", "output", "cached", "reasoning", "cost")
    counted = (getattr(usage, name) if usage else None for name in names)
    model, finish, text = (reply.model, reply.finish, reply.text) if reply else (None, None, None)
    return id, step, seq, model, finish, *counted, event.latency_ms, len(event.faults), text


def test_calls_of_answered_episodes_are_those_that_rubrics_see(log: EventLog) -> None:
    """Each tool call is a row, as the measures for rubrics find it in the action."""
    for info in log.episodes():
        stream = log.events(info.id)
        if stream.family.answered:
            told = [(call.at.seq, call.name, call.arguments) for call in calls(Facts(stream))]
            found = rows(log, "tool_call_list", "episode = ? AND name <> 'act'", info.id)
            assert [
                (row["seq"], row["name"], json.loads(row["arguments"])) for row in found
            ] == told


def test_an_action_of_the_rules_is_a_call_of_its_kind(log: EventLog) -> None:
    """Kind, the rest as arguments, and the class of the error if the rules refused it."""
    for info in log.episodes():
        stream = log.events(info.id)
        if stream.family.answered:
            continue
        expected = []
        for step in steps(stream):
            if step.action is not None:
                given = msgspec.to_builtins(step.action)
                kind = given.pop("action_type" if "action_type" in given else "type")
                expected.append((step.position - 1, kind, given, step.error))
        assert [
            (row["step"], row["name"], json.loads(row["arguments"]), row["error"])
            for row in rows(log, "tool_call_list", "episode = ?", info.id)
        ] == expected


def test_results_and_errors_of_a_conversation(log: EventLog) -> None:
    """A call has the answer to it, and whether that is marked as an error."""
    (talk,) = rows(log, "episode_list", "scenario = 'mine:shop'")
    found = rows(log, "tool_call_list", "episode = ?", talk["episode"])
    assert [(row["step"], row["place"], row["name"], row["error"]) for row in found] == [
        (0, 0, "get_order", None),
        (0, 1, "get_customer", None),
        (1, 0, "refund", "error"),
        (3, 0, "refund", None),
    ]
    assert found[0]["result"].startswith('{"id": 7')
    assert found[3]["result"] == "refunded"


def test_messages_are_in_the_order_of_the_log(log: EventLog) -> None:
    """Each message stands once: what was sent, what was replied, what the world said."""
    for info in log.episodes():
        stream = log.events(info.id)
        found = rows(log, "message_list", "episode = ?", info.id)
        assert found == sorted(found, key=lambda row: (row["seq"], row["place"]))
        assert [(row["seq"], row["role"]) for row in found] == list(_roles(stream))
    (talk,) = rows(log, "episode_list", "scenario = 'mine:shop'")
    texts = [row["text"] for row in rows(log, "message_list", "episode = ?", talk["episode"])]
    assert "I refund it now." in texts
    assert texts.count("Yes, please.") == 1


def _roles(stream: Stream) -> Iterator[tuple[int, str]]:
    for seq, event in enumerate(stream):
        if isinstance(event, ModelCalled):
            yield from ((seq, each["role"]) for each in event.sent)
            if event.reply is not None:
                yield seq, "assistant"
        for message in messages_in(getattr(event, "observation", None)):
            yield seq, message["role"]


def _odd_world(log: EventLog) -> str:
    """Record a world of odd forms, played without a model, and return its id."""
    scenario = answered_scenario("m:odd", AnsweredParameters("mine", "odd"))
    episode = Episode.start(scenario, log=log, agent="f")
    parts = [{"type": "text", "text": "a"}, "b", {"type": "image_url"}, 3]
    episode.note(began({"messages": [{"role": "user", "content": parts}, "odd", {"role": 3}]}))
    two = [{"name": "a", "id": "1"}, {"name": "b", "id": "2", "arguments": "raw"}, "odd", {"x": 1}]
    later = [
        {"role": "tool", "tool_call_id": "2", "content": "B", "error": "bad"},
        {"role": "tool", "tool_call_id": "1", "content": "A", "isError": 0},
        {"role": "tool", "tool_call_id": "1", "content": "again"},
    ]
    unnamed = [{"role": "user", "content": "x"}, {"role": "tool", "content": {"k": 1}}]
    for action, seen in (
        ({"content": "said"}, {"messages": []}),
        ("words", "a text"),
        (1, [1, 2.5]),
        ({"type": "click", "x": 1}, None),
        ({"tool_calls": two}, {"messages": later}),
        ({"tool_calls": [{"name": "a"}, {"name": "b"}]}, {"messages": unnamed}),
        ({"tool_calls": [{"name": "a", "id": "1"}]}, {"messages": later[:1]}),
    ):
        episode.step(action, answers=[answered(seen)])
    episode.truncate("enough")
    return episode.id


def test_odd_forms_are_read_as_far_as_they_go(log: EventLog) -> None:
    """Results are matched by id, else by place; an action of a schema is a call of ``act``."""
    id = _odd_world(log)
    told = [
        (row["name"], row["arguments"], row["result"], row["error"])
        for row in rows(log, "tool_call_list", "episode = ?", id)
    ]
    assert told == [
        ("act", "1", "[1,2.5]", None),
        ("click", '{"x":1}', None, None),
        ("a", "{}", "A", None),
        ("b", '"raw"', "B", "bad"),
        ("a", "{}", '{"k":1}', None),
        ("b", "{}", None, None),
        ("a", "{}", None, None),
    ]
    said = rows(log, "message_list", "episode = ? AND seq < 8", id)
    assert [(row["step"], row["role"], row["text"]) for row in said] == [
        (None, "user", "a\nb\n[image_url]\n3"),
        (None, "3", ""),
        (0, "assistant", "said"),
        (1, "assistant", "words"),
    ]


@pytest.mark.parametrize("view", [*VIEWS, "step_list", "reward_list", "grade_list"])
def test_columns_hold_what_they_are_said_to(log: EventLog, view: str) -> None:
    """Each column holds values of one kind, or none, whatever it is made of."""
    _odd_world(log)
    found = rows(log, view)
    assert found
    for name in found[0]:
        kind = HOLDS[COLUMN_KINDS.get(name, "text")]
        assert {type(row[name]) for row in found} <= {kind, type(None)}, name


def test_the_database_is_read_only(log: EventLog) -> None:
    """Tables and views can be asked, by rows too; nothing can be written, whatever is tried."""
    database = log.database
    assert {*VIEWS} <= {*database.view_names()}
    (row,) = database["episode_list"].rows_where("episode = ?", ["open"], select="steps, agent")
    assert row["agent"] == "baseline"
    database.execute("PRAGMA query_only = OFF")  # what it guards is opened read-only as well
    for attack in (
        "INSERT INTO origins VALUES (1, 'x', 'x', 'x', 'x', 'x')",
        "DELETE FROM grades",
        "CREATE TABLE mine (x)",
    ):
        with pytest.raises(sqlite3.OperationalError, match="readonly database"):
            database.execute(attack)


def test_the_database_sees_what_is_recorded_since(log: EventLog) -> None:
    """It reads the log as it is at each query, and holds up no writer."""
    before = log.database["episode_list"].count
    Episode.start(load("inbox/easy"), log=log)
    assert log.database["episode_list"].count == before + 1 == log.count()


def test_the_database_is_closed_with_the_log(log: EventLog) -> None:
    """After that neither it nor a new one can be used."""
    database = log.database
    log.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        database.execute("SELECT 1")
    with EventLog(log.path, readonly=True) as other:
        other.close()
        with pytest.raises(NotALog, match="expected an open log, got a closed one; open it again"):
            assert other.database


def test_the_database_is_that_of_the_log(log: EventLog) -> None:
    """If the file was replaced meanwhile, another log's rows are not taken for this one's."""
    path = Path(log.path)
    path.rename(path.with_suffix(".old"))
    with EventLog(path), pytest.raises(LogMoved, match="got another file there"):
        assert log.database


@pytest.mark.parametrize("readonly", [True, False])
@pytest.mark.parametrize("golden", sorted(FORMATS.glob("log-v*.sql")), ids=lambda path: path.stem)
def test_logs_of_every_version_can_be_asked(tmp_path: Path, golden: Path, readonly: bool) -> None:
    """A log that an older release wrote has the views too, without being changed if read-only."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(golden.read_text())
    before = path.read_bytes()
    with EventLog(path, readonly=readonly) as log:
        infos = {info.id: (info.steps, info.total) for info in log.episodes()}
        found = {row["episode"]: (row["steps"], row["total"]) for row in rows(log, "episode_list")}
        assert found == infos
        assert rows(log, "tool_call_list")
    assert not readonly or path.read_bytes() == before


def test_a_newer_log_is_refused(tmp_path: Path) -> None:
    """Views of a release to come are not known here."""
    with EventLog(tmp_path / "log.db") as log, closing(sqlite3.connect(log.path)) as other:
        other.execute("PRAGMA user_version = 99")
        with pytest.raises(NewerLog, match="got 99; update refold"):
            assert log.database


def test_absurd_counts_fail_no_query(log: EventLog) -> None:
    """Counts that no sum could hold are null; the others stay, in that episode too."""
    episode = Episode.start(load("inbox/easy"), log=log, agent="x")
    most = 2**63 - 1
    episode.note(called((most, 5)), called((most, 6)), called((-most, 7)), called((10**30, 8)))
    (row,) = rows(log, "episode_list", "episode = ?", episode.id)
    assert (row["requests"], row["input_tokens"], row["output_tokens"]) == (4, None, 26)
    found = rows(log, "model_call_list", "episode = ?", episode.id)
    assert [each["input_tokens"] for each in found] == [None] * 4


def work(log: EventLog, sql: str) -> int:
    """Return how many instructions, by the hundred, SQLite needs for a query."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    connection = log.database.conn
    connection.set_progress_handler(count, 100)
    list(log.database.query(sql))
    connection.set_progress_handler(None, 100)
    return done


@pytest.mark.parametrize("view", VIEWS)
def test_a_few_rows_cost_little(log: EventLog, view: str) -> None:
    """The first rows, and those of one episode or run, are found without making all others."""
    for _ in range(5):
        talks.long_shop(20, log=log)
    everything = work(log, f"SELECT * FROM {view}")
    assert work(log, f"SELECT * FROM {view} LIMIT 2") < everything / 4
    assert work(log, f"SELECT * FROM {view} WHERE episode = 'open'") < everything / 10
    if view == "episode_list":
        assert work(log, f"SELECT * FROM {view} WHERE run = 'ended'") < everything / 5
