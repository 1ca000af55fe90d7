/** Whether a codec really works here: a moment of test picture is encoded, on the hardware when it is one of its. */
import { AV_PIX_FMT_YUV420P, Encoder, Frame, Rational } from 'node-av'
import { codecNamed } from '#playback/transcode/packaged-write.ts'
import { codecOptions, type TryTask } from '#playback/transcode/task.ts'

const FRAMES = 10

export async function tryCodec(task: TryTask): Promise<{ bytes: number }> {
  const encoder = await Encoder.create(codecNamed(task.codec), {
    bitrate: '500k',
    gopSize: 10,
    options: codecOptions({ codec: task.codec, gopFrames: 10 }),
    context: { framerate: new Rational(25, 1) },
  } as never)
  let bytes = 0
  for await (const packet of encoder.packets(greyFrames())) {
    if (packet === null) break
    bytes += packet.size
    packet.free()
  }
  if (bytes === 0) throw new Error('nothing was encoded')
  return { bytes }
}

async function* greyFrames(): AsyncGenerator<Frame | null> {
  for (let i = 0; i < FRAMES; i++) {
    const frame = new Frame()
    frame.alloc()
    frame.width = 320
    frame.height = 192
    frame.format = AV_PIX_FMT_YUV420P
    frame.timeBase = new Rational(1, 25)
    frame.pts = BigInt(i)
    frame.getBuffer()
    yield frame
  }
  yield null
}
