/** Every online feature there is. */
import type { Feature } from '#features/define.ts'
import { viewerFeedback } from '#features/viewer-feedback.ts'
import { viewerHistory } from '#features/viewer-history.ts'

export const features = [viewerHistory, viewerFeedback] as unknown as readonly Feature<unknown>[]
