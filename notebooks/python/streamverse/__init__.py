"""Asks a StreamVerse platform SQL and reads its training sets, as pandas, polars or Arrow.

    >>> import streamverse
    >>> client = streamverse.connect()          # STREAMVERSE_SQL_URL, STREAMVERSE_SQL_KEY
    >>> client.sql("SELECT titleId, count() AS views FROM views GROUP BY titleId")
"""

from .client import Client, StreamVerseError, connect
from .dataset import Dataset, dataset

__all__ = ["Client", "Dataset", "StreamVerseError", "connect", "dataset"]
