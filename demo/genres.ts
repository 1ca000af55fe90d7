/** The genres of the demo world: their words, their colours and the shape their artwork is drawn from. */

export type Motif =
  | 'rings'
  | 'peaks'
  | 'waves'
  | 'rays'
  | 'grid'
  | 'leaves'
  | 'blocks'
  | 'orbits'
  | 'stripes'
  | 'dots'
export type GenreStyle = {
  readonly name: string
  readonly motif: Motif
  /** Background from, background to, accent: CSS colours. */
  readonly colours: readonly (readonly [string, string, string])[]
  readonly nouns: readonly string[]
  readonly adjectives: readonly string[]
  readonly hooks: readonly string[]
  /** Usual length in minutes, from and to. */
  readonly minutes: readonly [number, number]
}

export const genres: readonly GenreStyle[] = [
  {
    name: 'drama',
    motif: 'rays',
    colours: [
      ['#2b1a3d', '#8a3b5c', '#f4b6a6'],
      ['#1c2541', '#5b3a6b', '#f2d0a4'],
    ],
    nouns: ['Harbour', 'Inheritance', 'Winter', 'Letter', 'Orchard', 'Silence', 'House', 'Promise'],
    adjectives: ['Last', 'Borrowed', 'Quiet', 'Broken', 'Second', 'Unsent'],
    hooks: [
      'Three sisters return to sell the house and find that none of them wants to sign first',
      'A ferry pilot keeps one secret too many in a town where everybody waits on the same pier',
      'After twenty years a letter arrives, addressed to somebody who never existed',
      'A violin maker takes in an apprentice who already plays better than anyone he has known',
      'The clinic closes on Friday and the last patient will not leave',
      'Two brothers run one bakery and have not spoken since the flood',
      'A stage prompter knows every part and has never once been seen',
      'She inherits a lighthouse, its keeper and his opinion of her father',
      'On the day of the strike the bus driver picks everybody up anyway',
    ],
    minutes: [22, 50],
  },
  {
    name: 'comedy',
    motif: 'dots',
    colours: [
      ['#ff7a59', '#ffb84d', '#fff3d6'],
      ['#f25c8a', '#ff9a76', '#fff0e0'],
    ],
    nouns: ['Neighbours', 'Wedding', 'Committee', 'Lift', 'Caravan', 'Choir', 'Landlord', 'Picnic'],
    adjectives: ['Terrible', 'Slightly Famous', 'Overbooked', 'Reluctant', 'Perfectly Normal', 'Annual'],
    hooks: [
      'The tenants of one stairwell vote on everything, including who may be in love',
      'Six amateurs rehearse an opera for a date that keeps coming closer',
      'A lift stops between two floors with exactly the wrong people inside',
      'The village picnic has been planned for eleven years and it is going to rain',
      'A town twins itself with the wrong town and everyone is too polite to say so',
      'The world’s least convincing ghost takes a room in a very busy guest house',
      'Two rival allotments, one prize marrow and a borrowed goat',
      'The office plant resigns, in writing, and somebody has to answer',
      'A wedding band discovers that it knows exactly one song',
    ],
    minutes: [12, 28],
  },
  {
    name: 'science',
    motif: 'orbits',
    colours: [
      ['#0b2545', '#13706f', '#8df0d2'],
      ['#101935', '#3a5ba0', '#a9d6ff'],
    ],
    nouns: ['Signal', 'Particle', 'Atlas', 'Horizon', 'Experiment', 'Constant', 'Spectrum', 'Equation'],
    adjectives: ['Hidden', 'Cold', 'Impossible', 'First', 'Smallest', 'Distant'],
    hooks: [
      'How a noise that would not go away became the oldest picture we have',
      'A kitchen, a magnet and an argument that took a century to settle',
      'What happens to time when nobody is looking, explained with a bucket and a rope',
      'The people who measure a metre, and why they had to stop using metal',
      'Why ice floats, and what the planet would be like if it had better manners',
      'A jar of pond water, a microscope and more drama than a court',
      'The experiment that has been dripping since 1927',
      'How to weigh a mountain with a pendulum and a great deal of rain',
      'Bees can count to four. This is how we asked them',
    ],
    minutes: [8, 24],
  },
  {
    name: 'nature',
    motif: 'leaves',
    colours: [
      ['#12372a', '#436850', '#fbfada'],
      ['#1b4332', '#74a57f', '#e9f5db'],
    ],
    nouns: ['Estuary', 'Forest', 'Migration', 'Tide', 'Meadow', 'Glacier', 'Heron', 'Burrow'],
    adjectives: ['Wild', 'Patient', 'Northern', 'Unseen', 'Green', 'Returning'],
    hooks: [
      'One square metre of meadow, filmed every day from March to October',
      'Forty thousand geese and the single field they all remember',
      'A river is let out of its pipe and the city waits to see who moves in',
      'The otters came back on their own; this is the year they stayed',
      'A dead tree, and the eight hundred tenants who moved in',
      'The tide pool that empties twice a day and forgets nothing',
      'Snow leopards have been seen here twice. The cameras stay on',
      'What the hedge remembers of the fields on either side',
      'A swift sleeps on the wing for ten months; this is the other two',
    ],
    minutes: [14, 44],
  },
  {
    name: 'thriller',
    motif: 'stripes',
    colours: [
      ['#0d0d0d', '#4a0e17', '#ff5a5f'],
      ['#111318', '#28313b', '#e0c341'],
    ],
    nouns: ['Witness', 'Corridor', 'Protocol', 'Passenger', 'Alibi', 'Night Shift', 'Blind Spot', 'Exit'],
    adjectives: ['Silent', 'Seventh', 'Wrong', 'Locked', 'Missing', 'Final'],
    hooks: [
      'A translator hears one sentence she was not meant to understand',
      'Every camera in the building works except the one that matters',
      'The night train has one passenger more than it sold tickets',
      'He confessed to it in March. It happened in April',
      'The safe is empty, the alarm is on and the watchman has the key',
      'A voice on the helpline describes the room you are sitting in',
      'Somebody has been paying her rent for six years and has just stopped',
      'The jury agrees by lunch. By evening one of them is gone',
      'A diver finds the car, the coat and no reason to come back up',
    ],
    minutes: [24, 50],
  },
  {
    name: 'animation',
    motif: 'blocks',
    colours: [
      ['#5f4bb6', '#86bbd8', '#ffe66d'],
      ['#ff6f91', '#845ec2', '#f9f871'],
    ],
    nouns: ['Robot', 'Kite', 'Moon', 'Paper Boat', 'Dragon', 'Cloud', 'Snail', 'Lantern'],
    adjectives: ['Little', 'Wandering', 'Clockwork', 'Upside-down', 'Brave', 'Forgetful'],
    hooks: [
      'A paper boat sets out to find where puddles go',
      'The smallest robot in the factory is the only one who wonders what the boxes are for',
      'A cloud takes a day off and the whole valley has to make do',
      'Two snails hold a race that the entire garden will talk about for years',
      'A lighthouse learns to whistle and the fog does not like it',
      'The last sock in the drawer goes looking for the other one',
      'Somewhere above the bakery a dragon is trying to quit smoking',
      'A kite cuts its own string to see what the wind does for a living',
      'The night bus for toys stops once, and somebody small gets on',
    ],
    minutes: [5, 18],
  },
  {
    name: 'music',
    motif: 'waves',
    colours: [
      ['#231942', '#9f4fa3', '#f7b8e0'],
      ['#03122f', '#ae445a', '#f39f5a'],
    ],
    nouns: ['Session', 'Quartet', 'Bassline', 'Rehearsal', 'Encore', 'Rooftop', 'Tape', 'Chorus'],
    adjectives: ['Live', 'Midnight', 'Unplugged', 'Lost', 'Electric', 'Slow'],
    hooks: [
      'Four players, one microphone and the take they decided to keep',
      'A bass line is passed from hand to hand across nine cities',
      'The rehearsal before the concert nobody recorded',
      'How one wrong note became the song',
      'A piano is carried up seven floors, one floor and one player at a time',
      'The choir of a village that has run out of tenors',
      'Everything a drummer hears before anybody else does',
      'One melody, found in four countries, and nobody who will admit to it',
      'They lost the tapes in a flood and played the record again by heart',
    ],
    minutes: [6, 30],
  },
  {
    name: 'cooking',
    motif: 'rings',
    colours: [
      ['#7f2d1d', '#d97d3e', '#fde8c9'],
      ['#3d405b', '#e07a5f', '#f4f1de'],
    ],
    nouns: ['Kitchen', 'Table', 'Bread', 'Market', 'Broth', 'Spice Road', 'Supper', 'Oven'],
    adjectives: ['Slow', 'Open', 'Salted', 'Grandmother’s', 'Five-Minute', 'Smoky'],
    hooks: [
      'One pot, four generations and no written recipe',
      'The baker who starts at two so that the street can start at six',
      'What to do with the part of the vegetable you were going to throw away',
      'A market, ten coins and whoever is hungry',
      'Noodles, pulled by hand, in a shop as wide as a door',
      'The soup that has not been off the stove since the grandparents met',
      'Three cooks, one onion and a very long silence',
      'How the island learned to bake bread with almost no wood',
      'Breakfast, as served to the night shift',
    ],
    minutes: [6, 22],
  },
  {
    name: 'travel',
    motif: 'peaks',
    colours: [
      ['#14213d', '#fca311', '#fff4dd'],
      ['#005f73', '#94d2bd', '#fefae0'],
    ],
    nouns: ['Pass', 'Ferry', 'Border', 'Station', 'Island', 'Crossing', 'Track', 'Lighthouse'],
    adjectives: ['Long', 'High', 'Slowest', 'Far', 'Forgotten', 'Eastern'],
    hooks: [
      'The slowest train still running, and the people who would not change it',
      'Eleven days on foot between two villages that share a bell',
      'A ferry that only leaves when it is full',
      'Every lighthouse on one coast, in the order the light passes between them',
      'By cargo bike along the coast road, against the wind, on purpose',
      'A city seen only from its public benches',
      'The hut at the top keeps a book; these are the people in it',
      'Down one river by anything that floats and will take a passenger',
      'The border crossing with a café that stands in both countries',
    ],
    minutes: [10, 40],
  },
  {
    name: 'history',
    motif: 'grid',
    colours: [
      ['#3c2a21', '#a27b5c', '#e5d9b6'],
      ['#2f3e46', '#84a98c', '#f1ede0'],
    ],
    nouns: ['Archive', 'Empire', 'Map', 'Treaty', 'Workshop', 'Chronicle', 'Bridge', 'Coin'],
    adjectives: ['Unwritten', 'Thirteenth', 'Buried', 'Paper', 'Merchant’s', 'Forgotten'],
    hooks: [
      'A map drawn by somebody who had never left the city, and the war it started',
      'What a box of unpaid bills says about an empire',
      'The bridge was built three times; only the last one is in the books',
      'One coin, followed through nine hands and two languages',
      'The cookbook that got through the siege, and what it leaves out',
      'A shipwreck, a cargo of spectacles and a missing century',
      'Who swept the palace, told from the payroll',
      'The clockmaker who set a whole city eleven minutes wrong',
      'A wall, the two villages it was built between, and the gate nobody mentions',
    ],
    minutes: [16, 48],
  },
  {
    name: 'technology',
    motif: 'grid',
    colours: [
      ['#0a1128', '#1282a2', '#fefcfb'],
      ['#16161d', '#5465ff', '#bfd7ff'],
    ],
    nouns: ['Protocol', 'Compiler', 'Machine', 'Cable', 'Clock', 'Archive', 'Lathe', 'Network'],
    adjectives: ['Small', 'Open', 'Mechanical', 'Shared', 'Undersea', 'Patient'],
    hooks: [
      'The cable that carries your messages lies under a fishing ground',
      'Building a clock that is allowed to be late once in a thousand years',
      'What a lathe from 1911 still does better',
      'Two computers agree on something, and how hard that was',
      'The typewriter repairer and the last ribbon in the warehouse',
      'Why the lift waits for you, and how it decides who waits longer',
      'A bridge that listens to itself, bolt by bolt',
      'The bug that hid for thirty years behind a very good comment',
      'How a map learns that a road is gone',
    ],
    minutes: [9, 32],
  },
  {
    name: 'sport',
    motif: 'stripes',
    colours: [
      ['#0b3d2e', '#2a9d8f', '#e9f5f2'],
      ['#1d3557', '#e63946', '#f1faee'],
    ],
    nouns: ['Relay', 'Climb', 'Keeper', 'Season', 'Lap', 'Regatta', 'Final', 'Underdog'],
    adjectives: ['Longest', 'Uphill', 'Second', 'Muddy', 'Home', 'Ninth'],
    hooks: [
      'The worst team in the league and the season it decided to enjoy',
      'A goalkeeper’s view of ninety minutes in which nothing happened',
      'Eight rowers, one boat and a river that changes its mind',
      'She lost the race by a metre and went back to measure it',
      'Chess boxing, in a gym with one good chair',
      'The marathon’s last runner, and the people who wait with the tape',
      'Curling, sweat and a grudge from 1988',
      'A team of one, at altitude, with the wrong shoes',
      'The referee who has to run further than anyone',
    ],
    minutes: [8, 36],
  },
]
