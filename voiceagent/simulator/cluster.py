"""A PostgreSQL of one's own for a measurement: made in a temporary directory, gone afterwards."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from voiceagent.base.errors import MissingPartError, UnavailableError


def server_programs() -> Path:
    """Where initdb and pg_ctl are; MissingPartError when PostgreSQL's server is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).parent
    raise MissingPartError("no PostgreSQL server found: install the Debian package postgresql")


class Cluster:
    """Use as a context manager. `url(name)` makes a database; `crash` and `start` are a power cut and its end.

    Commits wait for the disk, as in production. PostgreSQL refuses to run as root: then the user postgres runs it.
    """

    def __init__(self, *, port: int = 0, options: str = "", connections: int = 60) -> None:
        self._programs = server_programs()
        self._options = options
        self._connections = connections
        self.user = getpass.getuser()
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            self.user = "postgres"
            self._as_user = ["runuser", "-u", self.user, "--"]
        self._home = Path()
        self.port = port

    def __enter__(self) -> Cluster:
        self._home = Path(tempfile.mkdtemp(prefix="va-bench-pg-"))
        try:
            if self._as_user:
                owner = pwd.getpwnam(self.user)
                os.chown(self._home, owner.pw_uid, owner.pw_gid)
            self._run("initdb", "-D", self._data, "-U", self.user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
            self.port = self.port or _free_port()
            self.start()
        except KeyError:
            self.__exit__(None, None, None)
            raise MissingPartError("PostgreSQL refuses root and there is no user postgres to run it") from None
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (self._home / "data" / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def start(self) -> None:
        """Run the server (again)."""
        options = (
            f"-p {self.port} -k {self._home} -c listen_addresses=127.0.0.1 "
            f"-c max_connections={self._connections} -c shared_buffers=128MB {self._options}"
        )
        self._run("pg_ctl", "-D", self._data, "-l", self._home / "log", "-o", options, "-w", "-t", "60", "start")

    def crash(self) -> None:
        """Stop it the hard way: connections break, and what was not committed is gone."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def url(self, name: str, *, template: str = "") -> str:
        """A new database, empty or a copy of `template`; returns its address."""
        import psycopg
        from psycopg import sql

        what = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute(what)
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{name}"

    @property
    def server(self) -> str:
        """Its address without a database's name, as libpq wants it."""
        return f"postgresql://{self.user}@127.0.0.1:{self.port}"

    def processor_s(self) -> float:
        """Processor seconds that the server's processes have used so far."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                # After the program's name, which may hold anything: state, parent; own and dead children's times.
                told = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat.parent.name) == postmaster:
                ticks += sum(map(int, told[11:15]))
            elif int(told[1]) == postmaster:
                ticks += sum(map(int, told[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _run(self, program: str, *arguments: str | Path) -> None:
        # Its own session, and no pipe that the server would inherit and keep open.
        with tempfile.TemporaryFile("w+") as words:
            done = subprocess.run(
                [*self._as_user, str(self._programs / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                check=False,
                cwd="/",
                start_new_session=True,
            )
            words.seek(0)
            if done.returncode != 0:
                raise UnavailableError(f"PostgreSQL's {program} failed: {words.read().strip()[-300:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
