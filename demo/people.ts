/** The people a visitor may step into until accounts exist. */

export type DemoPerson = {
  readonly id: string
  readonly name: string
  readonly role: 'viewer' | 'creator' | 'dataScientist' | 'operator'
  readonly about: string
  readonly kids: boolean
  /** The channel a creator speaks for. */
  readonly creatorId: string | null
  /** Genres the simulation lets the viewer like. Empty: new here, nothing watched yet. */
  readonly likes: readonly string[]
}

export const PEOPLE: readonly DemoPerson[] = [
  {
    id: 'ada',
    name: 'Ada Moreau',
    role: 'viewer',
    about: 'Watches science and history in the evening, to the end.',
    kids: false,
    creatorId: null,
    likes: ['science', 'history', 'technology'],
  },
  {
    id: 'noor',
    name: 'Noor Haddad',
    role: 'viewer',
    about: 'Just arrived: nothing watched yet.',
    kids: false,
    creatorId: null,
    likes: [],
  },
  {
    id: 'kit',
    name: 'Kit',
    role: 'viewer',
    about: 'A kids profile: nothing about Kit is kept.',
    kids: true,
    creatorId: null,
    likes: [],
  },
  {
    id: 'mara',
    name: 'Mara Lindqvist',
    role: 'creator',
    about: 'Makes films as Hollow Tree Films.',
    kids: false,
    creatorId: 'hollow-tree',
    likes: ['animation', 'nature'],
  },
  {
    id: 'tomas',
    name: 'Tomás Reyes',
    role: 'creator',
    about: 'Makes shorts as Meadowlight.',
    kids: false,
    creatorId: 'meadowlight',
    likes: ['comedy', 'animation'],
  },
  {
    id: 'dara',
    name: 'Dara Okafor',
    role: 'dataScientist',
    about: 'Retrains the models.',
    kids: false,
    creatorId: null,
    likes: ['technology', 'music'],
  },
  {
    id: 'oskar',
    name: 'Oskar Brandt',
    role: 'operator',
    about: 'Keeps the platform running.',
    kids: false,
    creatorId: null,
    likes: ['sport', 'travel'],
  },
]
