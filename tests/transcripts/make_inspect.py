"""Writes logs of inspect_ai in the folder named, and what they hold: run in its environment."""

import json
import shutil
import sys
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as run
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes, match
from inspect_ai.solver import generate, system_message, use_tools
from inspect_ai.tool import Tool, tool

_USAGE = ModelUsage(input_tokens=30, output_tokens=5, total_tokens=35)
_LONG = "Be brief, and add numbers with the tool. " * 10  # long enough to become an attachment


@tool
def add() -> Tool:
    """Return a tool that adds."""

    async def execute(a: int, b: int) -> str:
        """Add two numbers.

        Args:
            a: The first.
            b: The second.
        """
        return str(a + b)

    return execute


def outputs() -> list[ModelOutput]:
    """Return what the model says: a call, then the result."""
    call = ModelOutput.for_tool_call("mockllm/model", "add", {"a": 2, "b": 2})
    said = ModelOutput.from_content("mockllm/model", "4")
    call.usage = said.usage = _USAGE
    return [call, said] * 4


def main(folder: Path) -> None:
    """Write a log in each format, and the scores of each sample in ``inspect.expected.json``."""
    expected = {}
    for kind in ("eval", "json"):
        task = Task(
            dataset=[
                Sample(id="a/1", input="What is 2 + 2?", target="4"),
                Sample(id=2, input="What is 1 + 4?", target="5"),
            ],
            solver=[system_message(_LONG), use_tools(add()), generate()],
            scorer=[match(), includes()],
            epochs=2,
            name="sums",
        )
        model = get_model("mockllm/model", custom_outputs=outputs())
        (log,) = run(
            task,
            model=model,
            log_dir=str(folder / "logs"),
            log_format=kind,
            display="none",
            max_samples=1,
        )
        assert log.status == "success", log.error
        path = Path(shutil.copy(log.location, folder / f"inspect.{kind}"))
        expected[path.name] = [
            {
                "scenario": f"sums/{sample.id}",
                "epoch": sample.epoch - 1,
                "steps": sum(each.role == "assistant" for each in sample.messages),
                "given": {
                    name: {"C": 1.0, "I": 0.0}[str(score.value)]
                    for name, score in (sample.scores or {}).items()
                },
            }
            for sample in log.samples or ()
        ]
    (folder / "inspect.expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
