"""
Trains with GRPOTrainer of TRL for two steps: its own rollouts, tools, rewards and gradients.

``python grpo.py FOLDER``, where refold, TRL and PyTorch are installed. Nothing is downloaded: the
model is tiny and untrained, and what it generates is given. Prints one line, or fails.
"""

import json
import os
import sys
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}

import torch
import trl
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
from transformers.utils import get_json_schema

from refold.engine import EventLog
from refold.integrations.trl import dataset_rows, environment_factory
from refold.replays import verify

SCENARIO = "inbox/easy"
MARKS = ("think", "tool_call", "tool_response")


def make_tokenizer():
    """Return a tokenizer of single bytes that speaks as Qwen 3 does."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={each: id for id, each in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made)
    marks = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    tokenizer.add_special_tokens({**marks, "additional_special_tokens": ["<|im_start|>"]})
    tokenizer.add_tokens([tag for mark in MARKS for tag in (f"<{mark}>", f"</{mark}>")])
    template = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"
    tokenizer.chat_template = template.read_text()
    return tokenizer


def call(name, **arguments):
    """Return the text of a call of a tool."""
    called = json.dumps({"name": name, "arguments": arguments})
    return f"<tool_call>\n{called}\n</tool_call><|im_end|>"


DONE = "I am done.<|im_end|>"
TURNS = [
    # Of the two completions of a group, the first acts, the second does nothing.
    [call("escalate", email_id="e1", rationale="Risky."), DONE],
    # Only the first is asked on: TRL ends a rollout with the first text.
    [call("archive", email_id="nowhere")],
    [DONE],
]


class ScriptedModel(Qwen3ForCausalLM):
    """A model whose generation is given, turn by turn, as its weights know nothing."""

    tokenizer = make_tokenizer()
    turn = 0

    def generate(self, input_ids, **_):
        """Return what came in, with the turn's texts behind it."""
        texts = TURNS[self.turn % len(TURNS)]
        self.turn += 1
        assert len(texts) == len(input_ids), "another number of rollouts than planned"
        rows = [self.tokenizer.encode(text, add_special_tokens=False) for text in texts]
        most = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        return torch.cat(
            [input_ids, torch.tensor([row + [pad] * (most - len(row)) for row in rows])], dim=1
        )


def make_model():
    """Return an untrained model of a few thousand weights."""
    tokenizer = ScriptedModel.tokenizer
    return ScriptedModel(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=2**16,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def main(folder):
    torch.set_num_threads(1)
    path = folder / "grpo.db"
    path.unlink(missing_ok=True)
    environment = environment_factory(SCENARIO, log=str(path), run="grpo")
    schema = get_json_schema(environment().respond)["function"]
    assert schema["parameters"]["required"] == ["email_id", "content"]
    assert schema["parameters"]["properties"]["rationale"]["nullable"]

    trainer = trl.GRPOTrainer(
        model=make_model(),
        reward_funcs=[],
        environment_factory=environment,
        processing_class=ScriptedModel.tokenizer,
        train_dataset=Dataset.from_list(dataset_rows(SCENARIO, 2)),
        args=trl.GRPOConfig(
            output_dir=str(folder / "trained"),
            max_steps=2,
            per_device_train_batch_size=2,
            num_generations=2,
            max_completion_length=2**13,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            bf16=False,
            disable_tqdm=True,
        ),
    )
    trainer.train()
    steps = [each for each in trainer.state.log_history if "reward" in each]
    assert len(steps) == 2
    for each in steps:
        assert float(each["reward_std"]) > 0
        assert float(each["grad_norm"]) > 0
        assert float(each["tools/failure_frequency"]) == 0

    with EventLog(path, readonly=True) as log:
        episodes = list(log.episodes(run="grpo"))
        assert sorted((each.seed, each.steps) for each in episodes) == [
            (1, 0),
            (1, 2),
            (2, 0),
            (2, 2),
        ]
        assert all(verify(log.events(each.id)) is None for each in episodes)
        scores = [json.loads(log.grades(each.id)[0])["score"] for each in episodes]
    means = sum(float(each["reward"]) for each in steps) / 2
    assert abs(sum(scores) / len(scores) - means) < 1e-6
    print(f"trl: 2 steps of GRPOTrainer, 4 episodes of {SCENARIO}: ok")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
