"""
Does in one process what worlds.py asks of openenv-core, since to import it takes seconds.

``python counter.py AMOUNTS``: adds the AMOUNTS, a JSON list. Prints a line of JSON: what plain play
of the counter says, and the address of the server of each environment. Then reads lines of JSON,
``["counter"|"tools", URL]``: plays with the clients there, and prints a line once that is done.
"""

import json
import sys
import time
from threading import Thread

import uvicorn
from counter_env import Add, CounterEnvironment, counter, tools
from drive_counter import play


def played(amounts):
    """Return reward, end and observation after each action of plain play."""
    env = CounterEnvironment()
    seen = [env.reset(seed=4)]
    for amount in amounts:
        if not seen[-1].done:
            seen.append(env.step(Add(amount=amount)))
    said = [each.model_dump() for each in seen]
    return [[each.pop("reward"), each.pop("done"), each] for each in said]


def serving(app):
    """Return the URL of a server of *app*, which ends with this process."""
    # Of each client that leaves without a word, it tells at length.
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "expected a server, got none"
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    return f"http://{host}:{port}"


def main(amounts):
    """Play, serve, and play what is asked for."""
    urls = {"counter": serving(counter), "tools": serving(tools)}
    print(json.dumps({"plain": played(amounts), "urls": urls}), flush=True)
    for line in sys.stdin:
        kind, url = json.loads(line)
        play(kind, url, amounts)
        print("done", flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
