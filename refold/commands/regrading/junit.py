"""
A regrade as JUnit's XML, for the test reports of CI.

One suite is the rules, each of them a case. Of every scenario there is a suite with its episodes:
an episode fails if it is among those that break a rule, or, where no rule was asked for, if it
moved. Control characters, which XML has no form for, are made visible.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from attrs import Factory, define, frozen

from refold.commands.regrading.words import Heading, causes_words
from refold.commands.shared.output import SHORT_ID_LENGTH, safe_text
from refold.graders.regrading import RegradedEpisode
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport
from refold.reports.regrading.moves import Move, move_of

_FAILING = ("moved", "lost", "gained")
"""Rules that single episodes break; the others are about all of them."""


@frozen
class _Case:
    """An episode: its name in the report, and how it moved if it did."""

    name: str
    move: Move | None


@define
class JUnitCases:
    """The cases of a report: a name for each episode, and more of those that moved."""

    _scenarios: dict[str, list[_Case]] = Factory(lambda: defaultdict(list))

    def add(self, regraded: RegradedEpisode) -> None:
        """Add an episode."""
        info = regraded.info
        name = f"{info.agent} seed {info.seed} @{info.digest[:SHORT_ID_LENGTH]}"
        move = move_of(regraded) if regraded.moved else None
        self._scenarios[info.scenario].append(_Case(name, move))

    def document(self, heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict]) -> str:
        """Return the XML of the report."""
        return junit_document(f"regrade: {heading.sides}", self.suites(heading, report, verdicts))

    def suites(
        self, heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict]
    ) -> Iterator[ET.Element]:
        """Yield the suites of the report: the rules, each scenario, and what was not compared."""
        yield rules_suite(verdicts, report.verdict.words)
        broken = {each.rule.partition(":")[0]: each for each in verdicts if each.answer == "fails"}
        for scenario, cases in self._scenarios.items():
            suite = ET.Element("testsuite", name=safe_text(scenario))
            for case in cases:
                found = ET.SubElement(
                    suite, "testcase", classname=safe_text(scenario), name=safe_text(case.name)
                )
                rule = broken_rule(case.move, broken, report.pass_at, asked=bool(verdicts))
                if case.move is not None and rule is not None:
                    _fail(found, rule, _text(case.move, heading))
            yield counted(suite)
        yield from _skipped("without an old grade", report.missing)
        yield from _skipped("not judged", report.unjudged)


def junit_document(name: str, suites: Iterable[ET.Element]) -> str:
    """Return the XML of a report *name* with these *suites*."""
    root = ET.Element("testsuites", name=safe_text(name))
    root.extend(suites)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def rules_suite(verdicts: Sequence[Verdict], words: str) -> ET.Element:
    """Return the suite of the rules, each a case; *words* go with those that are broken."""
    suite = ET.Element("testsuite", name="rules")
    for verdict in verdicts:
        case = ET.SubElement(suite, "testcase", classname="rules", name=safe_text(verdict.rule))
        if verdict.answer == "fails":
            _fail(case, verdict.rule, f"{verdict.why}\n{words}")
        elif verdict.answer == "cannot tell":
            ET.SubElement(case, "skipped", message=safe_text(f"cannot tell: {verdict.why}"))
    return counted(suite)


def broken_rule(
    move: Move | None, broken: Mapping[str, Verdict], pass_at: float, *, asked: bool
) -> str | None:
    """Return the rule that an episode breaks, if any."""
    if move is None:
        return None
    if not asked:
        return "moved"
    passes = move.old >= pass_at, move.new >= pass_at
    flips = {"moved": True, "lost": passes == (True, False), "gained": passes == (False, True)}
    return next((broken[name].rule for name in _FAILING if name in broken and flips[name]), None)


def _text(move: Move, heading: Heading) -> str:
    scores = f"{move.old:.4f} -> {move.new:.4f}"
    return "\n".join([scores, *causes_words(move), heading.look(move.episode)])


def _fail(case: ET.Element, rule: str, text: str) -> None:
    failure = ET.SubElement(case, "failure", message=safe_text(rule), type="regrade")
    failure.text = "\n".join(map(safe_text, text.split("\n")))


def _skipped(reason: str, episodes: int) -> Iterator[ET.Element]:
    """Yield a suite of *episodes* that could not be compared, of which only the number is known."""
    if not episodes:
        return
    suite = ET.Element("testsuite", name=reason)
    for number in range(1, episodes + 1):
        case = ET.SubElement(suite, "testcase", classname=reason, name=f"episode {number}")
        ET.SubElement(case, "skipped", message=reason)
    yield counted(suite)


def counted(suite: ET.Element) -> ET.Element:
    """Return *suite*, which says how many cases it has."""
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    return suite
