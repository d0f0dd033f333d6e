"""``--max-cost``: a run stops before the request that it would not pay for, and can go on."""

import msgspec
import pytest
from asking import of_kind, sensible
from fault_server import FaultServer, Sent
from recorded_runs import called, record
from shell import Shell

from refold.engine import EventLog
from refold.engine.exchanges import ModelCalled
from refold.reports.usage import Price, Prices, Usage

RUN = "record inbox/hard --agent openai:m --epochs 3 --name r"
PRICE = "--price 1000000,0"  # a dollar a token read


@pytest.fixture
def shell(tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "API_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path)


def costing(*tokens, charge=None):
    """Return a script of sensible answers that read so many *tokens* each; None counts none."""

    def answer(read):
        def reply(request):
            body = msgspec.json.decode(sensible(request).body)
            if read is None:
                del body["usage"]
            else:
                body["usage"] = {"prompt_tokens": read, "completion_tokens": 0}
                body["usage"] |= {} if charge is None else {"cost": charge}
            return Sent(body=msgspec.json.encode(body))

        return reply

    return FaultServer(*map(answer, tokens), then=answer(0))


def calls(shell):
    """Return the exchanges of the log, by episode."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return [of_kind(ModelCalled, log.events(info.id)) for info in log.episodes()]


def test_a_run_stops_before_the_next_request(shell):
    """What is spent reaches the cap with the third request, so there is no fourth."""
    with costing(4, 4, 4, 4) as server:
        ran = shell(f"{RUN} {PRICE} --max-cost 10", "--base-url", server.base_url, code=1)
        assert len(server.requests) == 3
    assert "3 episodes left open: $12.00 of --max-cost 10 spent\n" in ran.err
    assert "`refold resume r --max-cost 20` continues\n" in ran.err
    assert "next: refold report r\n" in ran.err  # and not `resume`, which would stop at once
    assert list(map(len, calls(shell))) == [3, 0, 0]


def test_requests_under_way_are_recorded(shell):
    """With several at once, each answer that was paid for is in the log, whole."""
    with costing(*[9] * 9) as server:
        url = ("--base-url", server.base_url)
        shell(f"{RUN} {PRICE} --max-cost 20 --parallel 3", *url, code=1)
        sent = len(server.requests)
    assert 3 <= sent <= 5
    assert sum(map(len, calls(shell))) == sent
    assert all(call.reply for each in calls(shell) for call in each)
    shell("verify")


def test_resuming_counts_what_was_paid(shell):
    """The cap is that of the whole run: spent already, nothing is asked; raised, it goes on."""
    with costing(4, 4, 4) as server:
        shell(f"{RUN} {PRICE} --max-cost 10", "--base-url", server.base_url, code=1)
        again = f"resume r {PRICE} --base-url {server.base_url}"
        shell(f"{again} --max-cost 12", code=1)
        assert len(server.requests) == 3
        assert shell(f"{again} --max-cost 12.5").code == 0
    infos = shell("episodes --run r --json").json["episodes"]
    assert {each["ended"] for each in infos} == {"terminated"}


def test_an_episode_alone(shell):
    """A fork is held back by what it costs itself, and goes on as an episode."""
    shell("record inbox/hard --agent baseline --name r")
    with costing(4, 4) as server:
        fork = f"fork last --at 1 --agent openai:m --new-id f {PRICE} --max-cost 4"
        ran = shell(fork, "--base-url", server.base_url, code=1)
        assert "`refold resume f --max-cost 8` continues" in ran.err
        shell(f"resume f {PRICE} --max-cost 9 --base-url {server.base_url}")


def test_unknown_prices_are_refused(shell):
    """A cap on what nobody knows is refused before anything is recorded, with what to do."""
    match = r"--max-cost 1: expected a price for 'm', got none; give --price IN,OUT, or .* \[prices"
    url = ("--base-url", "http://127.0.0.1:9/v1")
    shell.refuses(f"{RUN} --max-cost 1", *url, match=match)
    shell.refuses(
        f"{RUN} --max-cost 0", *url, match="--max-cost: expected a number above 0, got '0'"
    )
    shell("record inbox/easy --agent baseline --max-cost 1")  # asks nobody


def test_prices_of_the_project(shell):
    """The file's cap and price count; what the API charges comes before the price."""
    (shell.at / "refold.toml").write_text("max_cost = 5\n[prices.m]\ninput = 1000000\noutput = 0\n")
    with costing(5) as server:
        ran = shell(RUN, "--base-url", server.base_url, code=1)
        assert "$5.00 of --max-cost 5 spent" in ran.err
    assert shell("report r --json").json["costs"]["cost"] == 5
    with costing(5, 5, charge=3) as server:
        ran = shell("resume r --max-cost 10", "--base-url", server.base_url, code=1)
    assert shell("report r --json").json["costs"]["cost"] == 11


def test_an_api_that_counts_no_tokens(shell):
    """Where nothing is counted no cap can hold, so the run stops at once."""
    with costing(None, None) as server:
        ran = shell(f"{RUN} {PRICE} --max-cost 1", "--base-url", server.base_url, code=1)
        assert len(server.requests) == 1
    assert "--max-cost cannot hold, since the API does not count its tokens" in ran.err
    assert "`refold resume r` continues\n" in ran.err


def test_a_reply_without_counts_among_others(shell):
    """It adds nothing, and the cap holds for the rest."""
    with costing(4, None, 4, 4) as server:
        ran = shell(f"{RUN} {PRICE} --max-cost 10", "--base-url", server.base_url, code=1)
        assert len(server.requests) == 4
    assert "$12.00 of --max-cost 10 spent" in ran.err
    assert ", ≥ 12 tokens, ≥ $12.00, " in ran.out


def test_answers_of_the_log_cost_nothing(shell):
    """What --reuse and --offline take from the log is not paid for again."""
    with costing(4) as server:
        url = ("--base-url", server.base_url)
        shell("record inbox/easy --agent openai:m --name first", *url)
        shell(f"record inbox/easy --agent openai:m --reuse {PRICE} --max-cost 1", *url)
    shell("record inbox/easy --agent openai:m --offline --max-cost 1")


def test_an_agent_of_ones_own_is_warned_of(shell):
    """Its requests are its own; a word says that no cap holds them back."""
    (shell.at / "mine.py").write_text("def play(seen, legal):\n    return legal[0]\n")
    ran = shell("record inbox/easy --agent mine.py:play --max-cost 1")
    assert "--max-cost: does not count mine.py:play, which makes its own requests" in ran.err


def test_the_price_of_cached_tokens():
    """They cost what the price says, else as much as others; more than all cannot be cached."""
    assert Price(2, 10).cost_of(1_000_000, 100_000, 400_000) == 3
    assert Price(2, 10, 0.5).cost_of(1_000_000, 100_000, 400_000) == pytest.approx(2.4)
    assert Price(2, 10, 0.5).cost_of(100, 0, 10**9) == pytest.approx(100 * 0.5e-6)


def test_costs_of_several_models():
    """Each reply costs by its own model's price, by the name asked or answered."""
    usage = Usage()
    usage.add([called((1000, 0))])  # answered by "m", asked under no name
    assert usage.cost(Prices(by_model={"m": Price(1000, 0)})) == 1
    assert usage.cost(Prices(by_model={"other": Price(1000, 0)})) is None
    assert usage.cost(Prices(Price(3000, 0), {"m": Price(1000, 0)})) == 3


def test_a_report_takes_the_prices_of_the_project(shell):
    """What a run cost is computed when it is read, so a price that comes later counts."""
    with EventLog(shell.at / "refold.db") as log:
        record(log, "r", "baseline", ["inbox/easy"])
    with costing(7) as server:
        shell("record inbox/easy --agent openai:m --name paid", "--base-url", server.base_url)
    assert shell("report paid --json").json["costs"]["cost"] is None
    (shell.at / "refold.toml").write_text("[prices.m]\ninput = 1000000\noutput = 0\n")
    assert shell("report paid --json").json["costs"]["cost"] == 7
    assert shell("report paid --json --price 2000000,0").json["costs"]["cost"] == 14
