"""NeuMF in PyTorch, for `bench/train.ts`: the same model, data and optimiser, an epoch a line of input.

Reads one line of JSON that says the task, then lines {"batch": n}; answers each with one line
{"seconds", "cpuSeconds", "loss"}. A batch of another size begins anew.
Embeddings learn with SparseAdam or with Adam, as the task says.
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn


class NeuMF(nn.Module):
    def __init__(self, viewers, titles, width, layers, sparse):
        super().__init__()
        table = lambda rows: nn.Embedding(rows, width, sparse=sparse)
        self.viewer_gmf, self.viewer_mlp = table(viewers), table(viewers)
        self.title_gmf, self.title_mlp = table(titles), table(titles)
        sizes = [2 * width, *layers]
        steps = []
        for inner, outer in zip(sizes, sizes[1:]):
            steps += [nn.Linear(inner, outer), nn.ReLU()]
        self.mlp = nn.Sequential(*steps)
        self.out = nn.Linear(width + layers[-1], 1)
        for embedding in self.embeddings():
            nn.init.normal_(embedding.weight, std=0.05)

    def embeddings(self):
        return [self.viewer_gmf, self.viewer_mlp, self.title_gmf, self.title_mlp]

    def forward(self, viewers, titles):
        gmf = self.viewer_gmf(viewers) * self.title_gmf(titles)
        mlp = self.mlp(torch.cat([self.viewer_mlp(viewers), self.title_mlp(titles)], 1))
        return self.out(torch.cat([gmf, mlp], 1)).squeeze(1)


def draw_unwatched(watched, viewers, titles, generator):
    """One title not watched for each viewer; those that were drawn in vain are drawn again, all at once."""
    drawn = torch.randint(titles, viewers.shape, generator=generator)
    open_rows = torch.arange(len(viewers))
    while len(open_rows) > 0:
        keys = viewers[open_rows] * titles + drawn[open_rows]
        at = torch.searchsorted(watched, keys).clamp(max=len(watched) - 1)
        open_rows = open_rows[watched[at] == keys]
        drawn[open_rows] = torch.randint(titles, open_rows.shape, generator=generator)
    return drawn


def main():
    task = json.loads(sys.stdin.readline())
    torch.set_num_threads(task["threads"])
    torch.manual_seed(task["seed"])
    generator = torch.Generator().manual_seed(task["seed"])
    data = np.fromfile(task["plays"], dtype=np.int32).reshape(2, -1).astype(np.int64)
    viewers, titles = torch.from_numpy(data[0]), torch.from_numpy(data[1])
    watched = torch.sort(viewers * task["titles"] + titles).values
    loss_of = nn.BCEWithLogitsLoss()
    per = 1 + task["negatives"]

    def start():
        model = NeuMF(task["viewers"], task["titles"], task["width"], task["layers"], task["sparse"])
        rows = [embedding.weight for embedding in model.embeddings()]
        dense = [*model.mlp.parameters(), *model.out.parameters()]
        rate = task["learningRate"]
        if not task["sparse"]:
            return model, [torch.optim.Adam([*rows, *dense], lr=rate, fused=True)]
        return model, [torch.optim.SparseAdam(rows, lr=rate), torch.optim.Adam(dense, lr=rate, fused=True)]

    def epoch(model, optimisers, batch):
        order = torch.randperm(len(viewers), generator=generator)
        total, steps, positives = 0.0, 0, max(1, batch // per)
        for start in range(0, len(order), positives):
            chosen = order[start : start + positives]
            who = viewers[chosen].repeat_interleave(per)
            what = torch.empty_like(who)
            what[::per] = titles[chosen]
            left = torch.ones(len(who), dtype=torch.bool)
            left[::per] = False
            what[left] = draw_unwatched(watched, who[left], task["titles"], generator)
            for optimiser in optimisers:
                optimiser.zero_grad(set_to_none=True)
            loss = loss_of(model(who, what), (~left).float())
            loss.backward()
            for optimiser in optimisers:
                optimiser.step()
            total, steps = total + loss.item(), steps + 1
        return total / steps

    learning, last = None, None
    for line in sys.stdin:
        batch = json.loads(line)["batch"]
        if batch != last:
            learning, last = start(), batch
        began, cpu = time.perf_counter(), time.process_time()
        loss = epoch(*learning, batch)
        said = {"seconds": time.perf_counter() - began, "cpuSeconds": time.process_time() - cpu, "loss": loss}
        print(json.dumps(said), flush=True)


main()
