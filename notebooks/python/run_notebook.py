"""Runs notebooks from top to bottom, prints what their cells print, and keeps no outputs. Ends with 1 when a cell fails."""

import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

SECONDS_A_CELL = 600


def texts(cell) -> list[str]:
    found = []
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            found.append(output["text"])
        elif output["output_type"] in ("execute_result", "display_data"):
            found.append(output["data"].get("text/plain", ""))
    return found


def run(path: Path) -> bool:
    began = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    with tempfile.TemporaryDirectory(prefix="nb-") as sockets:
        client = NotebookClient(
            notebook,
            # Over sockets of this user, not over ports that anybody on the machine may speak to.
            km=AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/k"),
            timeout=SECONDS_A_CELL,
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute()
        except CellExecutionError as error:
            print(f"{path.name} failed: {error}", file=sys.stderr)
            return False
    for cell in notebook.cells:
        for text in texts(cell):
            print("    " + text.strip("\n").replace("\n", "\n    "))
    print(f"{path.name} ran in {time.monotonic() - began:.1f} s")
    return True


if __name__ == "__main__":
    results = [run(Path(argument)) for argument in sys.argv[1:]]
    sys.exit(0 if all(results) else 1)
