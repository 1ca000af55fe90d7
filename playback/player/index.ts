/** The player and its beacon, for any page. */
export { type Beacon, type BeaconOptions, createBeacon } from '#playback/player/beacon.ts'
export { createPlayer, type Player, type PlayerOptions, type PlayerSession } from '#playback/player/player.ts'
export { createTracker, HEARTBEAT_MS, type TrackedEvent, type Tracker } from '#playback/player/tracker.ts'
