// NeuMF backward over the examples of a batch: log loss, gradients of the dense weights by shard, of the embeddings
// by example (the optimiser sums them by row afterwards, in the order of the examples).
import * as at from "./layout";
import { floats, rowOf } from "./layout";
import { cutGradient, multiply } from "./matrix";
import * as net from "./network";

/** One pair: its loss, and its gradients as far as the top of the perceptron. */
function backOutput(e: i32, r: i32, sums: usize, scale: f32): f32 {
  const viewer = rowOf(at.viewerRows, load<i32>(floats(at.exampleViewer, e)));
  const title = rowOf(at.titleRows, load<i32>(floats(at.exampleTitle, e)));
  const target = f32.load(floats(at.exampleTarget, e));
  const p: f32 = 1 / (1 + Mathf.exp(-net.logit(r, viewer, title)));
  const wanted = target > 0;
  const loss: f32 = wanted ? -Mathf.log(p + 1e-7) * target : -Mathf.log(1 - p + 1e-7);
  const slope: f32 = (wanted ? (p - 1) * target : p) * scale;
  const slopes = f32x4.splat(slope);
  const viewerSum = floats(at.viewerGradient, e * at.pairWidth);
  const titleSum = floats(at.titleGradient, e * at.pairWidth);
  const gmf = floats(at.dense, at.gmfOut);
  const gmfSum = floats(sums, at.gmfOut);
  const gmfBytes: usize = <usize>at.width << 2;
  for (let j: usize = 0; j < gmfBytes; j += 16) {
    const v = v128.load(viewer + j);
    const t = v128.load(title + j);
    const weighted = f32x4.mul(slopes, v128.load(gmf + j));
    v128.store(viewerSum + j, f32x4.mul(weighted, t));
    v128.store(titleSum + j, f32x4.mul(weighted, v));
    v128.store(gmfSum + j, f32x4.add(v128.load(gmfSum + j), f32x4.mul(slopes, f32x4.mul(v, t))));
  }
  const top = floats(net.layer3, r * at.hidden3);
  const topGradient = floats(net.gradient3, r * at.hidden3);
  const mlp = floats(at.dense, at.mlpOut);
  const mlpSum = floats(sums, at.mlpOut);
  const mlpBytes: usize = <usize>at.hidden3 << 2;
  for (let j: usize = 0; j < mlpBytes; j += 16) {
    v128.store(mlpSum + j, f32x4.add(v128.load(mlpSum + j), f32x4.mul(slopes, v128.load(top + j))));
    v128.store(topGradient + j, f32x4.mul(slopes, v128.load(mlp + j)));
  }
  const bias = floats(sums, at.outBias);
  f32.store(bias, f32.load(bias) + slope);
  return loss;
}

/** Back through the three layers to the input of the block. */
function backPerceptron(rows: i32, sums: usize): void {
  const turned1 = at.transposed;
  const turned2 = floats(turned1, at.pairWidth * at.hidden1);
  const turned3 = floats(turned2, at.hidden1 * at.hidden2);
  cutGradient(rows, at.hidden3, net.gradient3, net.layer3, floats(sums, at.bias3));
  multiply(at.hidden2, at.hidden3, rows, net.layer2, 1, at.hidden2, net.gradient3, floats(sums, at.kernel3), true);
  multiply(rows, at.hidden2, at.hidden3, net.gradient3, at.hidden3, 1, turned3, net.gradient2, false);
  cutGradient(rows, at.hidden2, net.gradient2, net.layer2, floats(sums, at.bias2));
  multiply(at.hidden1, at.hidden2, rows, net.layer1, 1, at.hidden1, net.gradient2, floats(sums, at.kernel2), true);
  multiply(rows, at.hidden1, at.hidden2, net.gradient2, at.hidden2, 1, turned2, net.gradient1, false);
  cutGradient(rows, at.hidden1, net.gradient1, net.layer1, floats(sums, at.bias1));
  multiply(at.pairWidth, at.hidden1, rows, net.input, 1, at.pairWidth, net.gradient1, floats(sums, at.kernel1), true);
  multiply(rows, at.pairWidth, at.hidden1, net.gradient1, at.hidden1, 1, turned1, net.inputGradient, false);
}

/** Gradients of the examples of one shard of the batch; returns their summed loss. */
export function backward(shard: i32, batch: i32, thread: i32): f32 {
  net.useScratch(thread);
  const from = <i32>((<i64>batch * shard) / at.SHARDS);
  const to = <i32>((<i64>batch * (shard + 1)) / at.SHARDS);
  const sums = floats(at.denseGradient, shard * at.denseCount);
  memory.fill(sums, 0, <usize>at.denseCount << 2);
  const scale: f32 = 1 / <f32>batch;
  const half: usize = <usize>at.width << 2;
  let loss: f32 = 0;
  for (let start = from; start < to; start += at.BLOCK) {
    const n = min(at.BLOCK, to - start);
    for (let r: i32 = 0; r < n; r++) {
      net.gather(
        r,
        rowOf(at.viewerRows, load<i32>(floats(at.exampleViewer, start + r))),
        rowOf(at.titleRows, load<i32>(floats(at.exampleTitle, start + r))),
      );
    }
    const rows = net.padded(n);
    net.perceptron(rows);
    for (let r: i32 = 0; r < n; r++) loss += backOutput(start + r, r, sums, scale);
    if (rows > n) memory.fill(floats(net.gradient3, n * at.hidden3), 0, <usize>((rows - n) * at.hidden3) << 2);
    backPerceptron(rows, sums);
    for (let r: i32 = 0; r < n; r++) {
      const x = floats(net.inputGradient, r * at.pairWidth);
      memory.copy(floats(at.viewerGradient, (start + r) * at.pairWidth) + half, x, half);
      memory.copy(floats(at.titleGradient, (start + r) * at.pairWidth) + half, x + half, half);
    }
  }
  return loss;
}
