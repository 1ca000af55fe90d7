"""EASE by numpy and ALS by implicit, for `bench/train-ease.ts` and `bench/train-als.ts`.

Reads one line of JSON that says the task, then a line a run; answers each with one line
{"seconds", "cpuSeconds", "loss"}.
"""

import json
import os
import sys
import time

task = json.loads(sys.stdin.readline())
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1" if task["kind"] == "als" and name != "OMP_NUM_THREADS" else str(task["threads"])

import numpy as np
from scipy import sparse

pairs = np.fromfile(task["plays"], dtype=np.int32).reshape(2, -1)
watched = sparse.csr_matrix(
    (np.ones(pairs.shape[1], dtype=np.float32), (pairs[0], pairs[1])),
    shape=(task["viewers"], task["titles"]),
)


def ease():
    gram = (watched.T @ watched).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += task["settings"]["penalty"]
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0
    return weights.astype(np.float32)


def als():
    from implicit.cpu.als import AlternatingLeastSquares

    settings = task["settings"]
    model = AlternatingLeastSquares(
        factors=settings["width"],
        regularization=settings["penalty"],
        alpha=1 / settings["unobserved"],
        iterations=settings["epochs"],
        num_threads=task["threads"],
        random_state=task["seed"],
        use_cg=True,
    )
    model.fit(watched, show_progress=False)
    return model.item_factors


for _ in sys.stdin:
    began, cpu = time.perf_counter(), time.process_time()
    {"ease": ease, "als": als}[task["kind"]]()
    spent = {"seconds": time.perf_counter() - began, "cpuSeconds": time.process_time() - cpu, "loss": 0}
    print(json.dumps(spent), flush=True)
