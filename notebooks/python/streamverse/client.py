"""The SQL endpoint of a platform: one SELECT in, one table out."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pyarrow as pa

from .frames import Frame, as_frame

DEFAULT_URL = "http://127.0.0.1:4401"


class StreamVerseError(Exception):
    """What the platform refused: `code` is stable, `fix` says what to do."""

    def __init__(self, code: str, message: str, fix: str = "", status: int = 0) -> None:
        super().__init__(f"{message} {fix} ({code})".replace("  ", " "))
        self.code = code
        self.fix = fix
        self.status = status


class Client:
    """Asks with one key, which reads the rows of one tenant.

    Answers are about a snapshot: the same one until `refresh()`. Viewers are pseudonyms that hold for one snapshot, so
    join on `viewerKey` only what comes from the same one (`snapshot_id`).
    """

    def __init__(self, url: str, key: str, *, timeout: float = 120.0, retries: int = 3) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._retries = retries
        #: Of the last answer.
        self.snapshot_id: str | None = None
        #: When the snapshot of the last answer was taken, ISO 8601.
        self.taken_at: str | None = None

    def __repr__(self) -> str:
        return f"Client({self._url!r})"

    def sql(self, statement: str, as_: str = "pandas") -> Frame:
        """The answer as a pandas DataFrame, or as `as_="polars"` or `"arrow"`. Raises StreamVerseError."""
        body = self._post("/sql?format=arrow", statement)
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            return as_frame(reader.read_all(), as_)

    def tables(self, as_: str = "pandas") -> Frame:
        """The tables there are, how many rows each has, and what was too much to take along."""
        return self.sql("SELECT * FROM snapshot ORDER BY tableName", as_)

    def columns(self, table: str, as_: str = "pandas") -> Frame:
        """Name, type and description of each column of a table."""
        if not table.isidentifier():
            raise ValueError(f"{table!r} is no name of a table")
        described = self.sql(f"DESCRIBE TABLE {table}", "arrow")
        return as_frame(described.select(["name", "type", "comment"]), as_)

    def refresh(self) -> dict[str, Any]:
        """Takes a new snapshot, unless the last one is younger than a minute; tells which one there is now."""
        return json.loads(self._post("/refresh", ""))

    def _post(self, path: str, text: str) -> bytes:
        request = urllib.request.Request(
            self._url + path,
            data=text.encode(),
            headers={"authorization": f"Bearer {self._key}", "content-type": "text/plain; charset=utf-8"},
            method="POST",
        )
        for attempt in range(self._retries + 1):
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as response:
                    self.snapshot_id = response.headers.get("x-streamverse-snapshot", self.snapshot_id)
                    self.taken_at = response.headers.get("x-streamverse-taken-at", self.taken_at)
                    return response.read()
            except urllib.error.HTTPError as error:
                wait = error.headers.get("retry-after")
                if wait is not None and attempt < self._retries:
                    time.sleep(min(float(wait), 30.0))
                    continue
                raise _refusal(error) from None
            except urllib.error.URLError as error:
                raise StreamVerseError(
                    "SV_SQL_UNREACHABLE",
                    f"{self._url} does not answer: {error.reason}.",
                    "Start the platform, and make a key with `streamverse sql-key`: without one the port is closed.",
                ) from error
        raise AssertionError("unreachable")


def _refusal(error: urllib.error.HTTPError) -> StreamVerseError:
    text = error.read().decode(errors="replace")
    try:
        said = json.loads(text)
        return StreamVerseError(said["code"], said["message"], said.get("fix", ""), error.code)
    except (ValueError, KeyError, TypeError):
        return StreamVerseError("SV_INTERNAL", text[:500] or error.reason, "", error.code)


def connect(url: str | None = None, key: str | None = None) -> Client:
    """A client of STREAMVERSE_SQL_URL and STREAMVERSE_SQL_KEY, where no others are given."""
    key = key or os.environ.get("STREAMVERSE_SQL_KEY")
    if not key:
        raise ValueError("no key: make one with `npx streamverse sql-key`, and set STREAMVERSE_SQL_KEY to it")
    return Client(url or os.environ.get("STREAMVERSE_SQL_URL") or DEFAULT_URL, key)
