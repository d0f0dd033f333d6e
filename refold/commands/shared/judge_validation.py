"""What people's labels say of a judge whose grades a report rests on."""

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.label_choice import read_labels, verdicts
from refold.commands.shared.output import print_to_stderr
from refold.engine import EventLog
from refold.graders.sources import GradeSource
from refold.labels.values import label_names
from refold.reports.agreement import kappa


def tell_validation(source: GradeSource, log: EventLog, *, pass_at: float) -> None:
    """
    Print on stderr how far the judge of *source* agrees with the people who labelled *log*.

    Of several labels, the one counts that most of the judged episodes have. Nothing is printed
    where no judge was asked.

    Args:
        source: What graded; its session has the scores that rest on a judge.
        log: The log, with its labels.
        pass_at: The lowest score that passes, which is what people's good and bad are held against.
    """
    scores = {} if source.session is None else source.session.scores
    if not scores:
        return
    found: tuple[str, list[tuple[bool, bool]]] = ("", [])
    for name, values in label_names(log.remarks()).items():
        good = verdicts(read_labels(log, name, scenario=None, agent=None, run=None), values).good
        pairs = [(score >= pass_at, good[id]) for id, score in scores.items() if id in good]
        if len(pairs) > len(found[1]):
            found = name, pairs
    print_to_stderr(_words(*found))


def _words(name: str, pairs: list[tuple[bool, bool]]) -> str:
    if not pairs:
        return (
            "the judge is not validated: expected labels on these episodes, found none; "
            "`refold label --next --name correct --by WHO` gives one"
        )
    agreement = kappa(pairs)
    told = "no kappa, since all are alike" if agreement is None else f"kappa {agreement:.2f}"
    return (
        f"the judge is validated on {pluralise(len(pairs), 'label')} {name!r}, {told}; "
        f"`refold validate --label {name} BY` says more"
    )
