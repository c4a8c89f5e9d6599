"""Pages from an HTTPS server whose certificate authority is shipped with the program."""

from __future__ import annotations

import ssl
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib.resources import as_file, files
from pathlib import Path

__all__ = ["Page", "fetch_page", "trusted_context"]

TIMEOUT_SECONDS = 20
MAX_BYTES = 4 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What is worth keeping of a web page."""

    title: str
    text: str


class _TextOf(HTMLParser):
    """Collects a page's title and its visible text."""

    HIDDEN = frozenset({"head", "script", "style", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.lines: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.HIDDEN:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[self._open.index(tag) :]

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text:
            return
        if "title" in self._open:
            self.title = text
        elif not self._open:
            self.lines.append(text)


def trusted_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A TLS context that trusts the authorities in ``ca_file`` (by default the packaged one) and no others."""
    if ca_file is not None:
        return ssl.create_default_context(cafile=ca_file)
    with as_file(files("notes") / "certs" / "ca.pem") as packaged:
        return ssl.create_default_context(cafile=packaged)


def fetch_page(url: str, *, ca_file: Path | None = None) -> Page:
    """Gets a page over HTTPS.

    Raises:
        ValueError: ``url`` is not an HTTPS address.
        OSError: the server cannot be reached, is not trusted, or answers with an error.
    """
    if not url.startswith("https://"):
        raise ValueError(f"{url} is not an https:// address")
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=trusted_context(ca_file)) as response:
        charset = response.headers.get_content_charset() or "utf-8"
        html = response.read(MAX_BYTES).decode(charset, errors="replace")
    parser = _TextOf()
    parser.feed(html)
    return Page(title=parser.title or url, text="\n".join(parser.lines))
