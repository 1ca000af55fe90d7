/** What the platform is busy with, as it changes: the banner above every page and the status page say it. */
export type Work = {
  readonly key: string
  readonly name: string
  readonly detail: string
  readonly progress: number
  readonly failed: boolean
}
export const WORK_FIELDS = 'key name detail progress failed'
