"""``refold regrade`` over many episodes: what it compares, what it tells, and by which rules."""

import json
import re
import tomllib
import tracemalloc
from html.parser import HTMLParser
from xml.etree import ElementTree as ET  # of our own making

import pytest
import transcript_files
from msgspec.structs import replace
from shell import Shell
from worlds import write

from refold.engine import Episode, EpisodeInfo, EventLog
from refold.graders import grade
from refold.graders.pairing import Candidate, Pairing, SavedEpisode
from refold.graders.regrading import RegradedEpisode
from refold.replays.golden import GOLDEN_FOLDER, read_golden
from refold.reports.regrading import RegradeTotals
from refold.scenarios import load, scenario_source

NO_PAY = """
from refold.graders import Finding, grade

def no_pay(events):
    parts = {part.name: Finding(part.points, part.seqs) for part in grade(events).parts}
    if "reply_quality" in parts and not parts["reply_quality"].seqs:
        parts["reply_quality"] = Finding(0.0)
    return parts
"""
BY = ("--grader", "no_pay.py:no_pay")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return a log of two agents in three inboxes, one of them six times in the same worlds."""
    at = tmp_path_factory.mktemp("regrade")
    shell = Shell(at)
    shell("record inbox --agent baseline --epochs 3 --name base")
    shell("record inbox --agent random --epochs 6 --same-seed --name dice")
    return (at / "refold.db").read_bytes()


@pytest.fixture
def shell(tmp_path, log):
    """Return a shell with a copy of that log, a grader that pays no reply, and other rubrics."""
    (tmp_path / "refold.db").write_bytes(log)
    (tmp_path / "no_pay.py").write_text(NO_PAY)
    folder = tmp_path / "rubrics"
    folder.mkdir()
    for name in ("easy", "hard"):
        write(folder / f"{name}.toml", {"rubric": reweighed(f"inbox/{name}")})
    return Shell(tmp_path)


def reweighed(scenario):
    """Return the rubric of *scenario* as version 2, which pays less for correctness."""
    rubric = tomllib.loads(scenario_source(scenario))["rubric"]
    criteria = [
        {
            **each,
            "weight": each["weight"]
            + {"correctness": -0.1, "completion": 0.1}.get(each["name"], 0),
        }
        for each in rubric["criteria"]
    ]
    return {**rubric, "version": 2, "criteria": criteria}


@pytest.mark.slow
def test_the_order_of_a_report(shell):
    """Verdict first, then facts, claims, reasons, agents, their order, moves, idle criteria."""
    ran = shell("regrade --format text", *BY, code=1)
    told = ["Verdict: ", "\nmoved ", "\npasses ", "\nwhere ", "\nmean ", " elsewhere: "]
    told += [" noise floor: ", "\nwhy ", "\nagent ", "\norder of agents: ", "\nlargest moves"]
    places = [ran.out.index(words) for words in told]
    assert places == sorted(places)
    first, second, *_ = ran.out.splitlines()
    assert re.fullmatch(r"saved grades -> no_pay\.py:no_pay @[0-9a-f]{8}", first)
    assert second == "27 episodes, 3 scenarios, 2 agents"


@pytest.mark.slow
def test_the_report_says_why(shell):
    """The criterion that changed is named, with what changed about it and what it decides."""
    told = shell("regrade --json", *BY, code=1).json
    verdict, cause = told["verdict"], told["causes"][0]
    assert (cause["criterion"], cause["change"]) == ("reply_quality", "value")
    assert cause["episodes"] == cause["down"] == verdict["moved"] == len(told["moves"])
    assert cause["events"] == []
    assert cause["points"] == pytest.approx(told["shift"]["here"])
    assert cause["decides"] == verdict["lost"] == len(told["flips"]) > 0
    assert told["shift"]["low"] < told["shift"]["here"] < told["shift"]["high"]


@pytest.mark.slow
def test_moves_come_first_in_json(shell):
    """A reader of the stream has the moves before what follows from all of them."""
    out = shell("regrade --json", *BY, code=1).out
    keys = ["against", "moves", "verdict", "episodes", "scenarios", "shift", "agents"]
    places = [out.index(f'"{key}":') for key in [*keys, "pairs", "flips", "fails"]]
    assert places[:3] == sorted(places[:3])
    assert min(places[3:]) > places[2]


@pytest.mark.parametrize("words", ["--run ba", "--agent baseline", "--scenario inbox/hard", ""])
def test_narrowing(shell, words):
    """Run, agent and scenario narrow what is graded again, as for other commands."""
    run = words.replace("--run ba", "--run base")
    listed = shell(f"episodes --json --limit 0 {run}").json["episodes"]
    told = shell(f"regrade --json {words} --rubric rubrics --fail-if missing").json
    assert told["episodes"] == len(listed)


def test_the_recorded_rubric_is_the_old_side(shell):
    """Without a saved grade there is still one to compare with, and that is said."""
    with EventLog(shell.at / "bare.db") as log:
        golden = read_golden(GOLDEN_FOLDER / "inbox-hard-baseline.jsonl")
        log.begin(EpisodeInfo("e", "inbox/hard", 1, "baseline"), golden.payloads, end=True)
    ran = shell("regrade --log bare.db --rubric rubrics/hard.toml", code=1)
    assert ran.out.startswith("recorded rubrics -> inbox/hard v2 @")
    ran = shell("regrade --log bare.db", code=2)
    assert "expected old grades of episodes in the log, got none" in ran.err


def test_what_does_not_count_is_told(shell):
    """Forks and episodes without an end are excluded, by reason, unless they are named."""
    id = shell.ids()[0]
    shell(f"fork {id} --at 1 --agent random --new-id forked")
    with EventLog(shell.at / "refold.db") as log:
        payloads = log.events(id).payloads[:3]
        log.begin(EpisodeInfo("open", "inbox/easy", 1, "baseline"), payloads)
    assert "27 episodes, " in shell("regrade").out
    assert "; excluded: 1 fork, 1 not_ended" in shell("regrade").out
    assert "1 episode, " in shell("regrade forked --rubric rubrics", code=1).out


def test_what_an_api_cut_off_is_told(shell):
    """Episodes that failures of an API cut off are excluded, those played again since apart."""
    with EventLog(shell.at / "refold.db") as log:
        for seed in (5, 6, 5):  # the first is played again, and cut off again
            scenario = load("inbox/easy")
            cut = Episode.start(scenario, log=log, seed=seed, agent="m", run="cut")
            cut.truncate("instrument_failed")
    out = shell("regrade").out
    assert "27 episodes, " in out
    assert "; excluded: 1 played_again, 2 instrument_failed" in out


def test_a_folder_grades_by_name(shell):
    """Each rubric of a folder grades the scenario of its name; others keep theirs, as is said."""
    ran = shell("regrade --json --rubric rubrics", code=1)
    moved = {row["scenario"] for row in ran.json["scenarios"] if row["moved"]}
    assert moved == {"inbox/easy", "inbox/hard"}
    assert "rubrics has no rubric for inbox/medium: graded as recorded\n" in ran.err
    (shell.at / "rubrics" / "again.toml").write_text((shell.at / "rubrics/easy.toml").read_text())
    shell.refuses(
        "regrade --rubric rubrics", match="expected one rubric of each name, got 'inbox/easy'"
    )


@pytest.mark.slow
def test_saved_grades_by_name(shell):
    """Saved grades are named as headings name them; with several, a digest tells which."""
    first = saved_digest(shell)
    shell("regrade", "--grader", "no_pay.py:no_pay", "--against", "no_pay.py:no_pay")
    (shell.at / "no_pay.py").write_text(NO_PAY.replace("Finding(0.0)", "Finding(0.01)"))
    second = saved_digest(shell)
    by = f"no_pay.py:no_pay@{first[:8]}"
    told = shell(
        "regrade --json --fail-if missing --grader",
        by,
        "--against",
        f"no_pay.py:no_pay@{second[:8]}",
    ).json
    assert told["verdict"]["moved"] > 0
    assert told["causes"][0]["points"] < 0
    report = shell("report base --grader", by)
    assert report.out.startswith(
        f"run base, agent baseline, graded by no_pay.py:no_pay @{first[:8]} (saved)"
    )
    (shell.at / "no_pay.py").unlink()
    shell.refuses(
        "report base --grader no_pay.py:no_pay",
        match="expected those of one grader, got no_pay.py:no_pay@",
    )
    shell.refuses(
        "report base --rubric nothing", match=r"--rubric nothing: expected .* \(here: inbox/easy, "
    )


def saved_digest(shell):
    """Save grades by the grader, and return its digest."""
    return shell("grade --save --json", *BY).json["grades"][0]["rubric"]["digest"]


@pytest.mark.slow
def test_the_scores_that_came_with_episodes(shell):
    """Scores that the source of episodes gave are a side too; without any, nothing compares."""
    path = transcript_files.write_all(shell.at)["tau2"]
    shell("import --log other.db", path)
    (shell.at / "half.py").write_text("def half(events):\n    return 0.5\n")
    ran = shell("regrade --log other.db --against source --grader half.py:half --json", code=1)
    given = {(move["old"], move["new"]) for move in ran.json["moves"]}
    assert given == {(1.0, 0.5)}
    assert shell("report last --log other.db --rubric source").out.count("the source's scores") == 1
    ran = shell("regrade --against source", code=2)
    assert "27 episodes without an old grade" in ran.err
    assert "source: expected old grades" in ran.err


@pytest.mark.slow
def test_memory_stays_flat():
    """Of each episode less than 0.7 KB is kept, however long it is."""
    golden = read_golden(GOLDEN_FOLDER / "workflow-hard-greedy.jsonl")
    given = grade(golden)
    totals, peaks, pairing = RegradeTotals(0.7), [], Pairing()
    tracemalloc.start()
    try:
        for thousands in range(3):
            for number in range(1000):
                info = EpisodeInfo(f"{thousands}-{number}", "workflow/hard", number, "greedy")
                episode = SavedEpisode(Candidate(info), golden, (given,))
                found = pairing.compare(episode, given, replace(given, score=0.5))
                totals.add(RegradedEpisode(info, found.change, found.moved, found.evidence))
            peaks.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert totals.episodes == 3000
    assert peaks[2] - peaks[1] < 1000 * 700


@pytest.mark.slow
def test_every_command_takes_another_grader(shell):
    """report, compare, leaderboard and episodes score by it, and say so."""
    means = {}
    for by in ((), BY):
        report = shell("report base --json", *by).json["reports"]
        ranks = shell("leaderboard --scenario inbox/hard --json", *by).json["rankings"]
        pairs = shell("compare base dice --json", *by).json["comparisons"]
        listed = shell("episodes --run base --json", *by).json["episodes"]
        scores = [each["score"] for each in listed if each["scenario"] == "inbox/hard"]
        (hard,) = [each["score"]["mean"] for each in report if each["scenario"] == "inbox/hard"]
        (ranked,) = [each["mean"] for each in ranks[0]["places"] if each["agent"] == "baseline"]
        (paired,) = [each["means"][0] for each in pairs if each["scenario"] == "inbox/hard"]
        assert hard == pytest.approx(ranked) == pytest.approx(paired)
        assert hard == pytest.approx(sum(scores) / len(scores))
        means[by] = hard
    assert means[BY] == pytest.approx(means[()] - 0.15)
    for words in ("report base", "compare base dice", "leaderboard"):
        assert "no_pay.py:no_pay" in shell(words, *BY).out
    assert "graded by no_pay.py:no_pay @" in shell("episodes", *BY).err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("--fail-if lost", 1),
        ("--fail-if lost:100%", 0),
        ("--fail-if gained --fail-if missing --fail-if unjudged", 0),
        ("--fail-if moved:1000 --fail-if mean:-0.5", 0),
        ("--scenario inbox/hard --run base --fail-if mean:-0.0001", 0),
    ],
)
def test_rules_decide_the_exit_code(shell, rules, code):
    """With rules, only these decide; each is told with its answer and why."""
    ran = shell("regrade", *rules.split(), *BY, code=code)
    for rule in re.findall(r"--fail-if (\S+)", rules):
        assert re.search(
            rf"^{re.escape(rule)}: (holds|fails|cannot tell) \(", ran.out, re.MULTILINE
        )


@pytest.mark.slow
def test_a_rule_that_cannot_be_told(shell):
    """One seed says nothing about others: that passes, unless it is asked to fail."""
    one = [
        "regrade",
        shell.ids("--run", "base", "--scenario", "inbox/hard")[0],
        "--fail-if mean:-0.01",
    ]
    assert "mean:-0.01: cannot tell (one seed" in shell(" ".join(one), *BY).out
    shell(" ".join(one), "--cannot-tell", "fail", *BY, code=1)


@pytest.mark.slow
def test_the_command_to_look(shell):
    """The command below a large move can be copied, and shows that very episode."""
    out = shell("regrade", *BY, code=1).out
    words, id = re.search(r"^ {6}refold (regrade .*) (\S+)$", out, re.MULTILINE).groups()
    ran = shell(words, id, code=1)
    assert "reply_quality: -0.1500" in ran.out
    assert "1 episode, 1 scenario, 1 agent" in ran.out


def test_markdown(shell):
    """A heading with the verdict, tables, and the flips folded away: at most 80 lines."""
    out = shell("regrade --format md --fail-if lost", *BY, code=1).out
    lines = out.splitlines()
    assert re.fullmatch(r"### \d+ passes? lost, 0 gained; .*", lines[0])
    assert len(lines) < 80
    assert out.count("<details>") == out.count("</details>") == 1
    tables = [line for line in lines if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


@pytest.mark.slow
def test_junit(shell):
    """A suite for the rules, one for each scenario; a case fails by the rule that it breaks."""
    root = ET.fromstring(shell("regrade --format junit --fail-if lost", *BY, code=1).out)  # noqa: S314 - our own
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"rules", "inbox/easy", "inbox/medium", "inbox/hard"}
    told = shell("regrade --json", *BY, code=1).json
    failures = [case for name in suites if name != "rules" for case in suites[name].iter("failure")]
    assert len(failures) == told["verdict"]["lost"]
    assert {failure.get("message") for failure in failures} == {"lost"}
    assert int(suites["inbox/hard"].get("tests")) == 9
    names = [case.get("name") for case in suites["inbox/hard"].iter("testcase")]
    assert all(re.fullmatch(r"(baseline|random) seed \d+ @[0-9a-f]{8}", name) for name in names)


class Page(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note a tag with its attributes."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Note text."""
        self.words.append(data)


@pytest.mark.slow
def test_html(shell):
    """A page without scripts or anything to load, with both grades of each large move."""
    out = shell("regrade --format html", *BY, code=1).out
    page = Page(out)
    told = shell("regrade --json", *BY, code=1).json
    kinds = [tag for tag, _ in page.tags]
    assert kinds.count("details") == told["verdict"]["moved"]
    assert not {"script", "link", "img", "iframe"} & set(kinds)
    assert "default-src 'none'" in out
    assert "color-scheme: light dark" in out
    assert told["verdict"]["words"] in page.words


HOSTILE = "<b>\x1b[31m|`x`@all\u202e\n</b>_y_"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json", "md", "junit", "html"])
def test_hostile_names(shell, form):
    """Whatever an agent is called, no format lets it steer a terminal, a page or a parser."""
    with EventLog(shell.at / "hostile.db") as log:
        golden = read_golden(GOLDEN_FOLDER / "inbox-hard-baseline.jsonl")
        for seed in range(2):
            info = EpisodeInfo(f"e{seed}", "inbox/hard", seed, HOSTILE)
            log.begin(info, golden.payloads, end=True)
    out = shell("regrade --log hostile.db --format", form, *BY, code=1).out
    assert not {"\x1b", "\u202e"} & set(out)
    if form == "json":
        assert json.loads(out)["agents"][0]["agent"] == HOSTILE
    elif form == "junit":
        root = ET.fromstring(out)  # noqa: S314 - our own
        (suite,) = [each for each in root if each.get("name") == "inbox/hard"]
        assert (
            suite[0].get("name").startswith("<b><U+001B>[31m|`x`@all<U+202E><U+000A></b>_y_ seed 0")
        )
    elif form == "html":
        assert "b" not in [tag for tag, _ in Page(out).tags]
    elif form == "md":
        named = [line for line in out.splitlines() if "U+001B" in line]
        assert named
        assert not any(mark in line for line in named for mark in ("<b>", "`x`", "@all"))
        agent = next(line for line in named if "reply_quality" not in line)
        assert agent.count("|") == 10


def test_two_files_of_rubrics(shell):
    """Old and new side can both be rubrics of files; neither has to be saved."""
    write(shell.at / "old.toml", {"rubric": tomllib.loads(scenario_source("inbox/hard"))["rubric"]})
    words = "regrade --scenario inbox/hard --against old.toml --rubric rubrics/hard.toml"
    ran = shell(words, code=1)
    assert re.match(r"inbox/hard v1 @\w{8} -> inbox/hard v2 @\w{8}\n", ran.out)
    assert "completion" in ran.out
    told = shell(f"{words} --json", code=1).json
    assert {cause["change"] for cause in told["causes"]} == {"weight"}
