"""`crural serve`: the web application on this machine."""

from __future__ import annotations

import dataclasses
import webbrowser

import click

from crural.errors import CruralError


@click.command()
@click.option("--host", default=None, help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="[default: 8400]")
@click.option(
    "--database", default=None, help="A URL.  [default: a file in the user's data folder]"
)
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
def serve(host: str | None, port: int | None, database: str | None, *, open_: bool) -> None:
    """Serve the web application. Stop it with Ctrl-C."""
    try:
        import uvicorn  # noqa: PLC0415

        from crural.web import Settings, create_app  # noqa: PLC0415
        from crural.web.settings import LOOPBACK  # noqa: PLC0415
    except ImportError as error:
        raise CruralError(
            file="crural serve",
            problem=f"the web application is not installed ({error.name} is missing)",
            remedy="install crural[web]",
        ) from error
    given = {
        k: v for k, v in (("host", host), ("port", port), ("database", database)) if v is not None
    }
    settings = dataclasses.replace(Settings.from_environment(), **given)  # type: ignore[arg-type]
    if settings.host not in LOOPBACK:
        raise CruralError(
            file="command line",
            field="host",
            problem=f"{settings.host} is reached from other machines, and there is no sign-in yet",
            remedy="leave --host out, and put nothing in front of it that others can reach",
        )
    address = f"http://{settings.host}:{settings.port}/"
    click.echo("Loading the knowledge ...")
    app = create_app(settings)
    click.echo(f"Crural is at {address} (Ctrl-C stops it)")
    if open_:
        webbrowser.open(address)
    # Addresses hold no patient data, but who asked what and when is nobody's business either.
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_level="warning")
