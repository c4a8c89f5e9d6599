"""A command line that imports what command lines usually import, and uses a little of each."""

import asyncio
import sqlite3
import ssl

import flask
import requests
import rich.console
import rich.table

app = flask.Flask(__name__)


@app.get("/<name>")
def page(name: str) -> str:
    return flask.render_template_string("<p>{{ name }}</p>", name=name)


async def answer() -> str:
    await asyncio.sleep(0)
    return app.test_client().get("/Ada").text


def main() -> None:
    table = rich.table.Table("part", "result")
    table.add_row("flask", asyncio.run(answer()))
    table.add_row("sqlite3", str(sqlite3.connect(":memory:").execute("SELECT 6 * 7").fetchone()[0]))
    table.add_row("ssl", str(ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED))
    table.add_row("requests", requests.Request("GET", "http://localhost/", params={"q": "1"}).prepare().url)
    rich.console.Console(width=80).print(table)


if __name__ == "__main__":
    main()
