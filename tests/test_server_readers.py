"""A reader of the log, in whichever process, never holds up the server."""

import sqlite3
from contextlib import closing

from serving import running, talk


def test_a_reader_that_holds_a_snapshot_holds_up_nobody(tmp_path, monkeypatch):
    """Episodes begin, go on and end while another connection reads for as long as it likes."""
    monkeypatch.setattr("refold.engine.log.connection.CHECKPOINT_EVERY", 1)
    monkeypatch.setattr("refold.engine.log.file.BUSY_SECONDS", 3600)  # who waits never answers
    with running(tmp_path) as server, server.socket() as socket:
        talk(socket, "reset", {"task_id": "inbox/easy"})
        with closing(sqlite3.connect(server.log)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            for _ in range(3):
                talk(socket, "reset", {"task_id": "inbox/easy"})
                replies = [talk(socket, "step", {"type": "archive"}) for _ in range(3)]
                assert replies[-1]["done"]
            seen = reader.execute("SELECT count(*) FROM episodes").fetchone()
        assert seen == (1,)
        assert len(server.get("/episodes")["episodes"]) == 4
