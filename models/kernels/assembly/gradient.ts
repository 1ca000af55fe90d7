// NeuMF backward over the examples of a batch: log loss, gradients of the upper layers by shard, and of each example at
// the first layer; the rows' own gradients are made of these afterwards.
import * as at from "./layout";
import { floats } from "./layout";
import { cutGradient, multiply } from "./matrix";
import * as net from "./network";

/** One pair: its loss, its slope at the logit, and its gradient at the top of the perceptron. */
function backOutput(e: i32, r: i32, sums: usize, scale: f32): f32 {
  const viewer = floats(at.viewerSide.copy, load<i32>(floats(at.viewerSide.place, e)) * at.pairWidth);
  const title = floats(at.titleSide.copy, load<i32>(floats(at.titleSide.place, e)) * at.pairWidth);
  const target = f32.load(floats(at.exampleTarget, e));
  const p: f32 = 1 / (1 + Mathf.exp(-net.logit(r, viewer, title)));
  const wanted = target > 0;
  const loss: f32 = wanted ? -Mathf.log(p + 1e-7) * target : -Mathf.log(1 - p + 1e-7);
  const slope: f32 = (wanted ? (p - 1) * target : p) * scale;
  f32.store(floats(at.slopes, e), slope);
  const bias = floats(sums, at.outBias);
  f32.store(bias, f32.load(bias) + slope);
  if ((at.parts & at.MLP) === 0) return loss;
  const slopes = f32x4.splat(slope);
  const top = floats(net.layer3, r * at.hidden3);
  const topGradient = floats(net.gradient3, r * at.hidden3);
  const mlp = floats(at.dense, at.mlpOut);
  const mlpSum = floats(sums, at.mlpOut);
  const mlpBytes: usize = <usize>at.hidden3 << 2;
  for (let j: usize = 0; j < mlpBytes; j += 16) {
    v128.store(mlpSum + j, f32x4.add(v128.load(mlpSum + j), f32x4.mul(slopes, v128.load(top + j))));
    v128.store(topGradient + j, f32x4.mul(slopes, v128.load(mlp + j)));
  }
  return loss;
}

/** Back through the upper layers to the first, whose gradients lie in `first`. */
function backPerceptron(rows: i32, sums: usize, first: usize): void {
  const turned2 = floats(at.transposed, at.pairWidth * at.hidden1);
  const turned3 = floats(turned2, at.hidden1 * at.hidden2);
  cutGradient(rows, at.hidden3, net.gradient3, net.layer3, floats(sums, at.bias3));
  multiply(at.hidden2, at.hidden3, rows, net.layer2, 1, at.hidden2, net.gradient3, floats(sums, at.kernel3), true);
  multiply(rows, at.hidden2, at.hidden3, net.gradient3, at.hidden3, 1, turned3, net.gradient2, false);
  cutGradient(rows, at.hidden2, net.gradient2, net.layer2, floats(sums, at.bias2));
  multiply(at.hidden1, at.hidden2, rows, net.layer1, 1, at.hidden1, net.gradient2, floats(sums, at.kernel2), true);
  multiply(rows, at.hidden1, at.hidden2, net.gradient2, at.hidden2, 1, turned2, first, false);
  cutGradient(rows, at.hidden1, first, net.layer1, floats(sums, at.bias1));
}

/** Gradients of the examples of one shard of the batch; returns their summed loss. Shards begin at whole blocks. */
export function backward(shard: i32, batch: i32, thread: i32): f32 {
  net.useScratch(thread);
  const blocks = (batch + at.BLOCK - 1) / at.BLOCK;
  const from = blocks * shard / at.SHARDS * at.BLOCK;
  const to = min(batch, blocks * (shard + 1) / at.SHARDS * at.BLOCK);
  const sums = floats(at.denseGradient, shard * at.denseCount);
  memory.fill(sums, 0, <usize>at.denseCount << 2);
  const scale: f32 = 1 / <f32>batch;
  const deep = (at.parts & at.MLP) !== 0;
  let loss: f32 = 0;
  for (let start = from; start < to; start += at.BLOCK) {
    const n = min(at.BLOCK, to - start);
    let rows = n;
    if (deep) {
      for (let r: i32 = 0; r < n; r++) {
        net.join(
          r,
          floats(at.viewerSide.half, load<i32>(floats(at.viewerSide.place, start + r)) * at.hidden1),
          floats(at.titleSide.half, load<i32>(floats(at.titleSide.place, start + r)) * at.hidden1),
        );
      }
      rows = net.padded(n);
      net.perceptron(rows);
    }
    for (let r: i32 = 0; r < n; r++) loss += backOutput(start + r, r, sums, scale);
    if (!deep) continue;
    if (rows > n) memory.fill(floats(net.gradient3, n * at.hidden3), 0, <usize>((rows - n) * at.hidden3) << 2);
    backPerceptron(rows, sums, floats(at.firstGradient, start * at.hidden1));
  }
  return loss;
}
