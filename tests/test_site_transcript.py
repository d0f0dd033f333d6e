"""The transcript on a server's page: of an episode that goes on, too."""

import browsing
import pytest
from serving import actions, running

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit


def test_it_grows_with_the_episode(tmp_path, visit):
    """Each new step is a turn, and a turn leads to its step; the server's policy blocks nothing."""
    with running(tmp_path) as server:
        server.post("/reset", {"task": "workflow/easy", "episode_id": "live"})
        first, second, third, *_ = actions("workflow/easy")
        for action in (first, second):
            server.post("/step", {"action": action})
        viewer = visit(server, "episode=live&tab=transcript")
        viewer.page.wait_for_selector(".turn[data-turn='2'].here")
        server.post("/step", {"action": third})
        viewer.page.wait_for_selector(".turn[data-turn='3'].here")
        viewer.page.click(".turn[data-turn='1'] > .seq")
        viewer.page.wait_for_selector(".turn[data-turn='1'].here")
        assert viewer.text(".count") == "1 / 3"
        viewer.page.wait_for_url("**tab=transcript**")
