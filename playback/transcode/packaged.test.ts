import { silentLog } from '#base/log.ts'
import { openSandbox } from '#playback/sandboxing/sandbox.ts'
import { encoderSuite } from '#playback/transcode/encoder.suite.ts'
import { openEncoder } from '#playback/transcode/encoder.ts'

encoderSuite('packaged libraries', async () => {
  const environment = { PATH: '' }
  return openEncoder({ environment, sandbox: await openSandbox(environment), log: silentLog })
})
