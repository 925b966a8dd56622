"""`crural serve`: the web application, on this machine or for a clinic."""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from crural.commands.opening import WHO, database_option, not_installed
from crural.errors import CruralError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from crural.store import Store
    from crural.web import Settings

# A larger audit trail takes longer to check than somebody who starts a server wants to wait.
CHECKED_AT_START = 20_000
# A proxy, or a few of them side by side, never a clinic: the shortest prefix of their network.
NARROWEST: Final = {4: 24, 6: 64}
# Answers that have begun are finished when the server is stopped, up to this.
SECONDS_TO_FINISH = 10
# Loading the engine on a busy machine may keep a new process from answering for a while.
SECONDS_TO_LOAD = 120


@click.command()
@click.option("--host", default=None, help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="[default: 8400]")
@click.option(
    "--name",
    "names",
    multiple=True,
    help="A name under which browsers reach the server; may be repeated.",
)
@database_option
@click.option("--sign-in", is_flag=True, help="Ask for sign-in on this machine's own address too.")
@click.option(
    "--key",
    "with_key",
    is_flag=True,
    help="Without sign-in: open only by the address that is told, with a key made at each start.",
)
@click.option(
    "--idle-minutes",
    type=click.IntRange(0, 720),
    default=None,
    help="Sign people out after so long without a request; 0 for never.  [default: 60]",
)
@click.option("--https", is_flag=True, help="Browsers reach it encrypted, through a proxy.")
@click.option(
    "--forwarded-allow",
    default=None,
    metavar="ADDRESSES",
    help="Proxies (comma-separated) that are believed when they say whom they ask for.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many processes serve.",
)
@click.option("--examples", is_flag=True, help="Put example patients into an empty database.")
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
def serve(
    host: str | None,
    port: int | None,
    *,
    names: tuple[str, ...],
    database: str | None,
    forwarded_allow: str | None,
    workers: int,
    sign_in: bool,
    with_key: bool,
    idle_minutes: int | None,
    https: bool,
    examples: bool,
    open_: bool,
) -> None:
    """Serve the web application. Stop it with Ctrl-C.

    On this machine's own address whoever sits before it is the user. Elsewhere people sign in:
    first make an administrator with `crural users add NAME --role admin`.
    """
    # Each answer has a thread of its own already: more of them for the matrices of the simulation
    # wait for each other, and take ten times as long on a busy machine. Before numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Several processes: each thread would keep a heap of its own with holes in it, a third more
    # memory together.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    try:
        import uvicorn  # noqa: PLC0415
        from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

        from crural.store import Store  # noqa: PLC0415
        from crural.web import Settings, create_app  # noqa: PLC0415
        from crural.web.connections import TimedProtocol  # noqa: PLC0415
        from crural.web.people.key import address_with_key  # noqa: PLC0415
    except ImportError as error:
        raise not_installed(error) from error
    given = {
        "CRURAL_HOST": host,
        "CRURAL_PORT": None if port is None else str(port),
        "CRURAL_HOSTS": _hosts(host, names) if names else None,
        "CRURAL_DATABASE": database,
        "CRURAL_SIGN_IN": "yes" if sign_in else None,
        "CRURAL_KEY": "yes" if with_key else None,
        "CRURAL_IDLE_MINUTES": None if idle_minutes is None else str(idle_minutes),
        "CRURAL_HTTPS": "yes" if https else None,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = Settings.from_environment({**os.environ, **chosen})
    _check_proxies(forwarded_allow)
    _must_be_free(settings)
    with Store(settings.database) as store:
        if settings.sign_in:
            _must_have_an_admin(store, settings)
        _warn_of_readers(store)
        _say_how_the_trail_is(store)
        if examples:
            _add_examples(store)
    _warn(settings, proxies=forwarded_allow)
    address = address_with_key(
        f"http://{_in_an_address(settings.host)}:{settings.port}/", settings.key
    )
    click.echo("Loading the knowledge ...")
    # Which page was asked for by whom and when is nobody's business: there is no access log.
    how = {
        "host": settings.host,
        "port": settings.port,
        "http": TimedProtocol,
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": forwarded_allow is not None,
        "forwarded_allow_ips": forwarded_allow or "",
        "timeout_graceful_shutdown": SECONDS_TO_FINISH,
    }
    if workers == 1:
        app = create_app(settings)
        _say_where(address, open_=open_)
        # When all is answered the server passes the signal on. It was asked to stop, and did.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.run(app, **how)  # type: ignore[arg-type]
        return
    # The processes take their settings from the environment, which other users of the machine
    # cannot read, as they can arguments. All must sign with the same secret, and want
    # the same key.
    os.environ.update(chosen)
    if settings.key is not None:
        os.environ["CRURAL_KEY"] = settings.key
    os.environ.setdefault("CRURAL_SECRET", secrets.token_urlsafe(48))
    _say_where(address, open_=open_)
    how["timeout_worker_healthcheck"] = SECONDS_TO_LOAD
    processes = uvicorn.Config(
        "crural.commands.serve:worker",
        factory=True,
        workers=workers,
        **how,  # type: ignore[arg-type]
    )
    listening = processes.bind_socket()
    # As one process does by itself. Otherwise the end of an answer is held back until the browser
    # has acknowledged the beginning, and it takes 40 ms over that.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Multiprocess(processes, [listening]).run()


def worker() -> FastAPI:
    """The application in one of several processes. It ends with the process that began it.

    Otherwise it would go on serving, at an address that the next server could not listen on.
    """
    from crural.web import create_app  # noqa: PLC0415

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    return create_app()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _hosts(host: str | None, names: tuple[str, ...]) -> str:
    from crural.web.settings import LOOPBACK  # noqa: PLC0415

    return ",".join((*LOOPBACK, *((host,) if host else ()), *names))


def _check_proxies(addresses: str | None) -> None:
    """Raises CruralError for what is no address, and for networks in which others than proxies
    live: each of them could then say to be anybody else."""
    for one in () if addresses is None else addresses.split(","):
        try:
            network = ipaddress.ip_network(one.strip())
        except ValueError:
            problem = f"'{one.strip()}' is not the address of a proxy"
        else:
            if network.prefixlen >= NARROWEST[network.version]:
                continue
            problem = (
                f"{network} is so wide that anybody in it could say to be anybody else, and "
                "sign-in could not be limited"
            )
        raise CruralError(
            file="command line",
            field="forwarded-allow",
            problem=problem,
            remedy="name 127.0.0.1, or the one address of the proxy",
        )


def _must_be_free(settings: Settings) -> None:
    """Raises CruralError when the address cannot be listened on."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        is_unknown = isinstance(error, socket.gaierror)
        why = "there is no such address" if is_unknown else os.strerror(error.errno or 0)
        raise CruralError(
            file="command line",
            field="host" if is_unknown else "port",
            problem=f"{settings.host}:{settings.port} cannot be listened on ({why})",
            remedy="stop the other program, or name another --port or --host",
        ) from None


def _must_have_an_admin(store: Store, settings: Settings) -> None:
    if any(user.active and user.role == "admin" for user in store.users()):
        return
    where = "" if settings.database is None else " (with the same --database)"
    raise CruralError(
        file=store.where,
        problem="people have to sign in here, and there is no administrator yet",
        remedy=f"run `crural users add NAME --role admin`{where}",
    )


def _say_how_the_trail_is(store: Store) -> None:
    head = store.audit_head()
    told = f"Audit trail: {head.seq} entries, ends at {head.seq}:{head.hash}"
    if head.seq > CHECKED_AT_START:
        click.echo(f"{told} (not checked now; the page /audit does)")
        return
    check = store.verify_audit()
    if check.broken is None:
        click.echo(f"{told}, whole")
        return
    place = "" if check.broken.seq is None else f" at entry {check.broken.seq}"
    click.echo(told)
    click.echo(
        f"WARNING: the audit trail is broken{place}: {check.broken.problem}. "
        "Keep the database as it is, and find out who could write to it.",
        err=True,
    )


def _add_examples(store: Store) -> None:
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.web.examples import add_examples  # noqa: PLC0415

    if store.patients(limit=1):
        click.echo("There are patients already: no examples were added.")
        return
    added = add_examples(store, load_knowledge(), WHO)
    click.echo(f"{added} example patients were added.")


def _warn_of_readers(store: Store) -> None:
    # A backup put back may have lost the protection with which the file was made.
    path = Path(store.where)
    if os.name != "posix" or not path.is_file() or not path.stat().st_mode & 0o077:
        return
    click.echo(
        f"WARNING: other accounts of this machine may read {path} or change it. "
        f"Take that from them: chmod 600 '{path}'",
        err=True,
    )


def _warn(settings: Settings, proxies: str | None) -> None:
    from crural.web.settings import LOOPBACK  # noqa: PLC0415

    is_reached = not {settings.host, *settings.hosts} <= set(LOOPBACK)
    if is_reached and not settings.https:
        click.echo(
            "WARNING: passwords and patients will cross the network unencrypted. Put a proxy with "
            "https before this server and start it with --https.",
            err=True,
        )
    if (settings.https or is_reached) and settings.host in LOOPBACK and proxies is None:
        click.echo(
            "WARNING: every browser will seem to have the address of the proxy: twenty wrong "
            "passwords from anywhere make everybody wait, and the audit trail shows nobody's "
            "address. Name the proxy: --forwarded-allow 127.0.0.1",
            err=True,
        )
    if settings.host in {"0.0.0.0", "::"} and not (
        set(settings.hosts) - {*LOOPBACK, "0.0.0.0", "::"}
    ):
        click.echo(
            "WARNING: under the name by which others know it, this server will refuse to answer. "
            "Name it: --name clinic.example",
            err=True,
        )


def _in_an_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _say_where(address: str, *, open_: bool) -> None:
    click.echo(f"Crural is at {address} (Ctrl-C stops it)")
    if open_ and _has_a_screen():
        webbrowser.open(address)


def _has_a_screen() -> bool:
    # Without one a browser of the terminal would be started, and hold the server up.
    drawn = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in drawn)
