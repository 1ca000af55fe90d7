/** The player and its beacon, for any page. */
export { type Beacon, type BeaconOptions, createBeacon } from '#playback/player/beacon.ts'
export { type Prepared, preloadEngine, prepareEngine } from '#playback/player/engine.ts'
export { createPlayer, type Player, type PlayerOptions, type PlayerSession } from '#playback/player/player.ts'
export { openStorage } from '#playback/player/shelf.ts'
export { createTracker, HEARTBEAT_MS, type TrackedEvent, type Tracker } from '#playback/player/tracker.ts'
