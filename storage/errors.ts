/** What storage as a whole refuses: the data directory and the choice of engines. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  inUse: {
    code: 'SV_DATA_DIR_IN_USE',
    status: 409,
    fix: 'Stop the platform that runs there, or give this one another DATA_DIR.',
  },
  notOurs: {
    code: 'SV_DATA_DIR_NOT_OURS',
    status: 409,
    fix: 'Set DATA_DIR to an empty folder or to one that StreamVerse made.',
  },
  newerFormat: {
    code: 'SV_DATA_DIR_NEWER',
    status: 409,
    fix: 'Run the version of StreamVerse that wrote it, or a later one.',
  },
  unusable: {
    code: 'SV_DATA_DIR_UNUSABLE',
    status: 500,
    fix: 'Set DATA_DIR to a folder that this user may write to, on a disk with space.',
  },
  unknownScheme: {
    code: 'SV_STORAGE_SCHEME',
    status: 400,
    fix: 'Leave the setting empty to keep this store in DATA_DIR, or correct its URL as the message says.',
  },
  guest: {
    code: 'SV_STORAGE_GUEST',
    status: 409,
    fix: 'Events are written by the running platform; send them to its collector.',
  },
})
