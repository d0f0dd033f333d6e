"""Finding episodes: filters and searches on the command line and over HTTP, and names by place."""

import json
from urllib.parse import quote

import pytest
from forging import alter
from serving import running
from shell import Shell, copy_shell
from talks import shop

from refold.engine import EventLog
from refold.engine.errors import AmbiguousEpisode, UnknownEpisode


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell whose log holds three runs."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow/easy workflow/hard --agent greedy --epochs 3 --name first")
    shell("record workflow/easy inbox --agent random --epochs 2 --name dice")
    shell("record workflow/easy --agent random --epochs 2 --same-seed --name twice")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


@pytest.fixture(scope="module")
def server(made):
    """Return a server of that log."""
    with running(made.at, log=str(made.at / "refold.db")) as server:
        yield server


def episodes(shell, words):
    """Return what ``refold episodes`` lists, as JSON."""
    return shell(f"episodes --json {words}").json["episodes"]


def test_worst_first(shell):
    """--below with --sort score lists the worst first; how many fit, and their mean, is told."""
    listed = episodes(shell, "--below 0.5 --sort score --limit 0")
    every = [each["score"] for each in episodes(shell, "--limit 0")]
    assert [each["score"] for each in listed] == sorted(score for score in every if score < 0.5)
    ran = shell("episodes --below 0.5 --sort score --limit 2")
    mean = sum(each["score"] for each in listed) / len(listed)
    assert ran.err == (
        f"{len(listed)} of {len(every)} episodes fit, mean score {mean:.3f}; "
        "the first 2; --limit 0 shows all\n"
    )
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == [
        each["id"][:8] for each in listed[:2]
    ]
    fall = episodes(shell, "--below 0.5 --sort -score --limit 0")
    assert [each["score"] for each in fall] == [each["score"] for each in listed][::-1]


def test_by_error_ending_and_time(shell):
    """What was met, how it ended and since when narrow a list, each and together."""
    refused = episodes(shell, "--error permanent_failure")
    assert {each["scenario"] for each in refused} == {"workflow/hard"}
    assert all(each["ended"] == "truncated" for each in refused)
    assert episodes(shell, "--error permanent_failure --ended terminated") == []
    assert len(episodes(shell, "--since 1h --limit 0")) == 16
    assert len(episodes(shell, "--since 2020-01-31 --limit 0")) == 16
    assert episodes(shell, "--since 2999-01-31T10:00+02:00") == []


def test_verdicts_and_searches(shell):
    """A row has its verdict in a line; a search tells where the words stand, in one line too."""
    found = episodes(shell, '--grep "retry enrich"')
    assert [each["scenario"] for each in found] == ["workflow/hard"] * 3
    assert all("refused from step 4" in each["verdict"] for each in found)
    assert found[0]["hits"] == [
        {"step": 4, "kind": "call", "text": "retry enrich_logs with investigator_alpha"}
    ]
    assert "hits" not in episodes(shell, "")[0]
    out = shell('episodes --grep "retry enrich"').out.splitlines()
    assert out[0].split() == [
        *(
            [
                "episode",
                "scenario",
                "agent",
                "seed",
                "steps",
                "reward",
                "score",
                "verdict",
                "found",
                "run",
            ]
        ),
    ]
    assert len(out) == 4
    assert "step 4 call: retry enrich_logs with investigator_alpha" in out[1]
    assert episodes(shell, "--grep ' '") == episodes(shell, "--grep ' '")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("--below x", "--below: expected a number, got 'x'"),
        ("--below nan", "--below: expected a number, got 'nan'"),
        ("--ended badly", "expected terminated, truncated, unfinished or not-counted, got 'badly'"),
        ("--sort luck", "expected one of began, score, .*, got 'luck'"),
        ("--sort --score", "expected one of began, score, .*, got '--score'"),
        ("--since yesterday", "expected 30m, 12h, 7d, 2w or a date such as .*, got 'yesterday'"),
        ("--since 999999w", "expected 30m, 12h, 7d, 2w or a date"),
        ("--rubric workflow/easy --below 1", "expected --below and --sort score, which go by"),
        ("--rubric workflow/easy --sort score", "expected --below and --sort score, which go by"),
    ],
)
def test_what_cannot_be_listed(shell, words, match):
    """Bad values are refused in one line that says what is expected; nothing is written."""
    shell.refuses(f"episodes {words}", match=match)


def test_the_index_command(shell):
    """It makes the index anew, whole, and touches neither the log nor a file that is no index."""
    log, path = shell.at / "refold.db", shell.at / "refold.db.index"
    before = log.read_bytes()
    assert shell("index").out == "refold.db.index: 16 episodes\n"
    (told,) = shell("index --json").json["indexes"]
    assert told == {"path": "refold.db.index", "episodes": 16, "verdicts": 16}
    assert log.read_bytes() == before
    path.write_text("mine")
    shell.refuses("index", match="refold.db.index: expected an index of a log, got another kind")
    assert len(episodes(shell, "--limit 0")) == 16
    assert path.read_text() == "mine"
    path.unlink()
    shell("verify")
    assert not path.exists()


def test_runs_and_leaderboards_are_graded_once(shell):
    """Their figures do not depend on whether there is an index."""
    for words in ("runs --json", "leaderboard --json"):
        first = shell(words).out
        assert shell(words).out == first
        (shell.at / "refold.db.index").unlink()
        assert shell(words).out == first


def test_an_episode_by_its_place(shell):
    """RUN:SCENARIO:SEED names one wherever an id does; a run is a prefix, or the last one."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        infos = list(log.episodes(run="first", scenario="workflow/hard"))
        (hard,) = (info.id for info in infos if info.seed == 45)
        for name in ("first:workflow/hard:45", "fir:workflow/hard:45"):
            assert log.find(name).id == hard
            assert log.events(name).digest == log.events(hard).digest
        inbox = log.find("dice:inbox/easy:1")
        assert (inbox.run, inbox.scenario, inbox.seed) == ("dice", "inbox/easy", 1)
        with pytest.raises(
            AmbiguousEpisode, match=r"'last:workflow/easy:42': expected the id of one of 2, .* got"
        ) as raised:
            log.find("last:workflow/easy:42")
        assert [log.find(id).run for id in raised.value.matches] == ["twice", "twice"]
        for name in (
            "first:workflow/hard:99",
            "first:workflow/hard:045x",
            "first:workflow/hard:9" + "9" * 40,
            "first:hard:45",
            ":workflow/hard:45",
            "first:workflow/hard:",
            "::",
        ):
            with pytest.raises(UnknownEpisode, match=r"or RUN:SCENARIO:SEED, got none that fits"):
                log.find(name)
    assert hard in shell("show first:workflow/hard:45").out
    found = shell("diff first:workflow/easy:42 dice:workflow/easy:42 --json", code=1).json
    assert found["scores"][0] == 0.9
    shell.refuses("show twice:workflow/easy:42", match="expected the id of one of 2")


def test_a_place_in_names_with_colons(tmp_path):
    """The end of the name decides: scenarios and runs may have colons themselves."""
    with EventLog(tmp_path / "refold.db") as log:
        shop(log)
    alter(tmp_path / "refold.db", ("UPDATE episodes SET run = 'a:b'",))
    with EventLog(tmp_path / "refold.db", readonly=True) as log:
        last = log.find("last")
        assert log.find(f"a:b:mine:shop:{last.seed}") == last


def test_largest_moves(shell):
    """A comparison lists the pairs that moved farthest, with the command that compares each."""
    found = shell("compare first dice --json").json
    moves = found["moves"]
    sizes = [abs(a - b) for a, b in (move["scores"] for move in moves)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0
    assert len(moves) + sum(move["alike"] for move in moves) == 2
    for move in moves:
        assert move["diff"] == f"refold diff {' '.join(move['episodes'])}"
        assert move["verdict"]
    text = shell("compare first dice").out
    first = moves[0]
    assert f"seed {first['seed']}, 0.900 to {first['scores'][1]:.3f}: {first['diff']}" in text
    assert f"  B: {first['verdict']}" in text
    same = shell("compare first first --json").json
    assert same["moves"] == []
    assert "largest moves" not in shell("compare first first").out


def get(server, **values):
    """Return what ``GET /episodes`` answers."""
    return server.get(
        "/episodes?" + "&".join(f"{key}={quote(str(value))}" for key, value in values.items())
    )


def test_the_list_over_http(server, made):
    """It has the filters of the command, with count, mean, verdicts and hits."""
    whole = get(server, limit=500)
    assert (whole["count"], whole["total"], whole["errors"]) == (16, 16, ["permanent_failure"])
    assert whole["mean"] == pytest.approx(sum(e["score"] for e in whole["episodes"]) / 16)
    for words, asked in (
        ("--below 0.5 --sort score", {"below": 0.5, "sort": "score"}),
        ("--ended truncated --sort -steps", {"ended": "truncated", "sort": "-steps"}),
        ("--error permanent_failure", {"error": "permanent_failure"}),
        ("--scenario inbox --agent random", {"scenario": "inbox", "agent": "random"}),
        ("--since 2999-01-01", {"since": "2999-01-01T00:00:00"}),
        ("--tag none", {"tag": "none"}),
    ):
        expected = [each["id"] for each in episodes(made, f"{words} --limit 0")]
        found = get(server, limit=500, **asked)
        assert [each["id"] for each in found["episodes"]] == expected
        assert found["count"] == len(expected)
    answer = {"unread": 1}
    while answer["unread"]:  # each request reads messages for a moment
        answer = get(server, text="retry enrich")
    assert [each["hits"][0]["step"] for each in answer["episodes"]] == [4, 4, 4]
    assert "refused from step 4" in answer["episodes"][0]["verdict"]


@pytest.mark.parametrize("sort", ["-began", "score", "-cost", "agent"])
def test_pages_over_http(server, sort):
    """`next` leads through every order, each episode once."""
    whole = [each["id"] for each in get(server, limit=500, sort=sort)["episodes"]]
    found, asked = [], {}
    while True:
        page = get(server, limit=4, sort=sort, **asked)
        found += [each["id"] for each in page["episodes"]]
        if page["next"] is None:
            break
        asked = {"before": page["next"]}
    assert found == whole


@pytest.mark.parametrize(
    "query", ["below=nan", "below=x", "ended=badly", "sort=luck", "since=x", "text=", "error=%00"]
)
def test_bad_queries(server, query):
    """What is no value of a filter is refused, and not echoed."""
    answer = server.ask("GET", f"/episodes?{query}")
    assert answer.status == 422
    assert "luck" not in json.dumps(answer.json)
