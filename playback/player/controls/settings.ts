/** What a viewer can set: quality by height, speed, captions. */
import type { Choice, Setting } from '#playback/player/controls/menu.ts'
import type { Engine } from '#playback/player/engine.ts'

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]

export function settingsOf(
  video: HTMLVideoElement,
  engine: () => Engine,
  showCaptions: (index: number) => void,
): readonly Setting[] {
  const levels = () => [...engine().levels()].sort((a, b) => b.heightPx - a.heightPx)
  const quality: Setting = {
    label: 'Quality',
    choices: () => {
      const now = engine().current()
      const auto: Choice = { label: 'Auto', choose: () => engine().choose(null) }
      return [
        now === null ? auto : { ...auto, note: `${now.heightPx}p` },
        ...levels().map(({ index, heightPx }) => ({
          label: `${heightPx}p`,
          choose: () => engine().choose(index),
          ...(heightPx >= 720 && { note: 'HD' }),
        })),
      ]
    },
    current: () => levels().findIndex(({ index }) => index === engine().chosen()) + 1,
  }
  const speed: Setting = {
    label: 'Speed',
    choices: () =>
      SPEEDS.map((value) => ({
        label: value === 1 ? 'Normal' : `${value} ×`,
        choose: () => {
          video.playbackRate = value
        },
      })),
    current: () => SPEEDS.indexOf(video.playbackRate),
  }
  const captions: Setting = {
    label: 'Captions',
    choices: () => [
      { label: 'Off', choose: () => showCaptions(-1) },
      ...[...video.textTracks].map(({ label }, index) => ({ label, choose: () => showCaptions(index) })),
    ],
    current: () => [...video.textTracks].findIndex((track) => track.mode === 'showing') + 1,
  }
  return [quality, speed, captions]
}
