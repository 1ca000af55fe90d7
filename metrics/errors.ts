/** What is refused to those who ask how a figure came about. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  noSuchFigure: {
    code: 'SV_NO_SUCH_FIGURE',
    status: 404,
    fix: 'Name a field of the object that is asked; docs/metrics.md tells what each of them is.',
  },
})
