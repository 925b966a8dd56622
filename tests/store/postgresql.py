"""A PostgreSQL server of our own, thrown away after the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import LiteralString

import psycopg
from sqlalchemy import URL


class NoServerError(Exception):
    """PostgreSQL is not installed here, or may not be started."""


class Server:
    """A cluster in a temporary folder, reachable through a socket in it and in no other way."""

    def __init__(self) -> None:
        self._bin = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="crural-pg-"))
        try:
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres")
            self._run("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "--no-sync")
            self.start()
        except (subprocess.CalledProcessError, LookupError) as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            said = getattr(error, "stderr", "") or str(error)
            raise NoServerError(f"PostgreSQL does not start: {said}") from None

    def start(self) -> None:
        """Start it and wait until it answers."""
        # Made to be thrown away: nothing has to reach the disk, only the next process.
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def crash(self) -> None:
        """Stop it as a loss of power would."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Stop it and remove everything."""
        subprocess.run(
            self._command("pg_ctl", "-D", "data", "-m", "immediate", "stop"),
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> URL:
        """The URL of a database."""
        return URL.create(
            "postgresql", username="postgres", database=database, query={"host": str(self.folder)}
        )

    def run(self, statement: LiteralString) -> None:
        """One statement in the database of the tests."""
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def empty(self) -> None:
        """Remove everything that a store made: quicker than a database for each test."""
        self.run("DROP SCHEMA IF EXISTS crural CASCADE")

    def log(self) -> str:
        """What the server wrote down."""
        return (self.folder / "log").read_text(errors="replace")

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            self._command(program, *words),
            cwd=self.folder,
            check=True,
            text=True,
            # Not pipes: the server inherits them and would keep them open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )

    def _command(self, program: str, *words: str) -> list[str]:
        command = [str(self._bin / program), *words]
        # The server refuses to run as root.
        return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _programs() -> Path:
    """The folder of initdb and pg_ctl: Debian keeps them off the search path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found is not None:
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoServerError("PostgreSQL is not installed: apt-get install postgresql")
