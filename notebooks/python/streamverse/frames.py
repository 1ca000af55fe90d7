"""Arrow tables as what the person works with; pandas and polars are imported when they are asked for."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

#: pandas.DataFrame, polars.DataFrame or pyarrow.Table.
Frame = Any


def as_frame(table: pa.Table, as_: str) -> Frame:
    if as_ == "arrow":
        return table
    if as_ == "pandas":
        return table.to_pandas()
    if as_ == "polars":
        import polars

        return polars.from_arrow(table)
    raise ValueError(f'as_ takes "pandas", "polars" or "arrow", not {as_!r}')
