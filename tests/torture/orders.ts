/** What the torture and its victim say to each other over the channel between them. */
import type { WriteFault } from '#tests/torture/write-faults.ts'

/** What happens at the how-manieth insert into the warehouse, after it is there and before its offsets are committed. */
export type InsertFault = {
  readonly at: number
  readonly what: 'kill warehouse' | 'kill everything' | 'lose answer'
}

export type Order =
  | { readonly do: 'fail writes'; readonly fault: WriteFault | null }
  | { readonly do: 'fail insert'; readonly fault: InsertFault }
  | { readonly do: 'jump'; readonly ms: number }
  /** `ids` were acknowledged, and so were these revisions of titles. */
  | {
      readonly do: 'check'
      readonly ids: readonly string[]
      readonly titles: Readonly<Record<string, number>>
    }
  | { readonly do: 'stop' }

/** Every number but the first two is 0 in a sound system, and there are no examples. */
export type Findings = {
  /** Events in the log. */
  readonly inLog: number
  readonly rssMb: number
  /** Acknowledged and not there. */
  readonly lostInLog: number
  readonly lostInWarehouse: number
  /** There more than once, by id. */
  readonly doubledInLog: number
  readonly doubledInWarehouse: number
  /** Rows more or fewer than events in the log. */
  readonly rowsApart: number
  /** Titles whose last acknowledged snapshot is gone. */
  readonly titlesLost: number
  /** Tenants whose accepted events are not stored, duplicate or set aside. */
  readonly unbalanced: number
  /** A few ids that are lost or doubled. */
  readonly examples: readonly string[]
}

export type Said =
  | { readonly say: 'ready'; readonly port: number }
  | { readonly say: 'titles'; readonly titles: Readonly<Record<string, number>> }
  | { readonly say: 'done'; readonly number: number; readonly findings?: Findings }
