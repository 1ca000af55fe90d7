"""Training sets on disk: Parquet or Arrow files and the manifest that says which data, code and seed they came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .frames import Frame, as_frame

MANIFEST = "manifest.json"


READERS = {".parquet": pq.read_table, ".arrows": lambda file: pa.ipc.open_stream(file).read_all()}


@dataclass(frozen=True)
class Dataset:
    """`manifest` as written beside the files, `tables` by the name of each file without its ending."""

    path: Path
    manifest: dict[str, Any]
    tables: dict[str, pa.Table]

    def frame(self, name: str | None = None, as_: str = "pandas") -> Frame:
        """One table by its name; without one all of them, one after the other, when their columns are the same."""
        if name is not None:
            return as_frame(self.tables[name], as_)
        parts = list(self.tables.values())
        if any(part.schema != parts[0].schema for part in parts):
            raise ValueError(f"say which: {', '.join(sorted(self.tables))}")
        return as_frame(pa.concat_tables(parts), as_)


def dataset(path: str | Path) -> Dataset:
    """Reads the folder `streamverse dataset` wrote, or one of its files. Where the manifest names hashes of files, they
    are checked."""
    where = Path(path)
    files = sorted(one for one in where.iterdir() if one.suffix in READERS) if where.is_dir() else [where]
    if not files or not all(file.exists() for file in files):
        raise FileNotFoundError(f"there is no training set at {where}")
    manifest_file = (where if where.is_dir() else where.parent) / MANIFEST
    manifest = json.loads(manifest_file.read_text()) if manifest_file.exists() else {}
    _check(files, manifest)
    return Dataset(where, manifest, {file.stem: READERS[file.suffix](file) for file in files})


def _check(files: list[Path], manifest: dict[str, Any]) -> None:
    """`files` of a manifest: a list of objects with `name` and `sha256`."""
    said = manifest.get("files")
    if not isinstance(said, list):
        return
    hashes = {one.get("name"): one.get("sha256") for one in said if isinstance(one, dict)}
    for file in files:
        expected = hashes.get(file.name)
        if expected is None:
            continue
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(f"{file} is not what its manifest says: sha256 {found}, not {expected}")
