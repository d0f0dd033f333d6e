"""
Notebooks: episodes, streams, grades and diffs show themselves there.

IPython is told by name which function shows which class, so nothing is loaded before one is shown,
and no class knows of HTML.
"""

from typing import Any


def register_formatters() -> None:
    """Tell the running IPython, if there is one, how to show objects of refold."""
    from IPython import get_ipython  # noqa: PLC0415 - only called where it is loaded

    shell = get_ipython()
    if shell is not None:
        html = shell.display_formatter.formatters["text/html"]
        html.for_type_by_name("refold.engine.episode", "Episode", _show_episode)
        html.for_type_by_name("refold.engine.stream", "Stream", _show_stream)
        html.for_type_by_name("refold.graders.grading", "Grade", _show_grade)
        html.for_type_by_name("refold.replays.differences", "Diff", _show_diff)
        # Notebooks store the plain text too, and that of a diff holds every state.
        plain = shell.display_formatter.formatters["text/plain"]
        plain.for_type_by_name("refold.replays.differences", "Diff", _print_diff)


def _show_episode(episode: Any) -> str:
    from refold.notebook.episodes import episode_html  # noqa: PLC0415 - when the first is shown

    return episode_html(episode)


def _show_stream(stream: Any) -> str:
    from refold.notebook.episodes import stream_html  # noqa: PLC0415 - when the first is shown

    return stream_html(stream)


def _show_grade(grade: Any) -> str:
    from refold.notebook.grades import grade_html  # noqa: PLC0415 - when the first is shown

    return grade_html(grade)


def _show_diff(diff: Any) -> str:
    from refold.notebook.diffs import diff_html  # noqa: PLC0415 - when the first is shown

    return diff_html(diff)


def _print_diff(diff: Any, printer: Any, _cycle: bool) -> None:
    first, second = diff.scores
    printer.text(f"<Diff of scores {first:.4f} and {second:.4f}, cause: {diff.cause}>")
