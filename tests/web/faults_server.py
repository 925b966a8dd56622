"""Starts servers as `crural serve` does, each in a process of its own that can be killed.

    python -m tests.web.faults_server

It has loaded everything once, and forks: a start takes a moment instead of seconds. It reads
requests, JSON on a line each, and answers each with a number on a line: {"start": [arguments],
"said": file} with the process's number, {"wait": process} with its exit status, negative for the
signal that ended it. When nobody writes to it any more, it ends what it started.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from crural.cli import main as crural


def main() -> None:
    """Serve requests until there are no more."""
    _load()
    print("loaded", flush=True)
    running: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "start" in asked:
            answer = os.fork()
            if answer == 0:
                _become(asked["start"], asked["said"])
            running.add(answer)
        else:
            _, status = os.waitpid(asked["wait"], 0)
            running.discard(asked["wait"])
            answer = os.waitstatus_to_exitcode(status)
        print(answer, flush=True)
    for process in running:
        os.kill(process, signal.SIGKILL)


def _load() -> None:
    # As the server does, before anything loads numpy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import uvicorn  # noqa: F401, PLC0415

    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.web import create_app  # noqa: F401, PLC0415
    from crural.web.live import Engine  # noqa: PLC0415

    Engine(load_knowledge())


def _become(arguments: list[str], said: str) -> None:
    """Be the server, in a process that was just begun; never returns."""
    file = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    crural(args=["serve", *arguments], prog_name="crural")


if __name__ == "__main__":
    main()
