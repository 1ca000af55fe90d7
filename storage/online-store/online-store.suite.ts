/** What every driver of the online store must do. `openStore` gives an empty store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Json, OnlineStore, RowKey } from '#storage/online-store/online-store.ts'

const key = (item: string, entity = 'viewer-1', tenantId = 'demo'): RowKey => ({
  space: 'history',
  tenantId,
  entity,
  item,
})

export function onlineStoreSuite(name: string, openStore: () => Promise<OnlineStore>): void {
  const withStore = async (work: (store: OnlineStore) => Promise<void>): Promise<void> => {
    const store = await openStore()
    try {
      await work(store)
    } finally {
      await store.close()
    }
  }
  const of = (title: string): string => `${name}: ${title}`

  test(of('a row is read back as it was put'), () =>
    withStore(async (store) => {
      const value: Json = { positionMs: 12, nested: [1, 'zwei', null, true], empty: '' }
      await store.put([{ ...key('a'), at: 5, value }])
      assert.deepEqual(await store.get(key('a')), { ...key('a'), at: 5, value })
      assert.equal(await store.get(key('b')), null)
      assert.deepEqual(
        (await store.getMany([key('b'), key('a')])).map((row) => row?.item),
        [undefined, 'a'],
      )
    }),
  )

  test(of('an entity lists its own items, sorted, and nobody else’s'), () =>
    withStore(async (store) => {
      const rows = ['b', 'a', '', 'c'].map((item) => ({ ...key(item), at: 1, value: item }))
      await store.put([...rows, { ...key('x', 'viewer-10'), at: 1, value: 0 }])
      await store.put([{ ...key('y', 'viewer-1', 'other'), at: 1, value: 0 }])
      const items = (await store.list('history', 'demo', 'viewer-1')).map((row) => row.item)
      assert.deepEqual(items, ['', 'a', 'b', 'c'])
      assert.equal((await store.list('history', 'demo', 'viewer-1', { limit: 2 })).length, 2)
      assert.equal((await store.list('history', 'other', 'viewer-1')).length, 1)
      assert.deepEqual(await store.list('other', 'demo', 'viewer-1'), [])
    }),
  )

  test(of('a late write with an older time changes nothing, after a delete either'), () =>
    withStore(async (store) => {
      await store.put([{ ...key('a'), at: 10, value: 'new' }])
      await store.put([{ ...key('a'), at: 9, value: 'old' }])
      assert.equal((await store.get(key('a')))?.value, 'new')
      await store.delete([{ ...key('a'), at: 11 }])
      await store.put([{ ...key('a'), at: 10, value: 'again' }])
      assert.equal(await store.get(key('a')), null)
      assert.deepEqual(await store.list('history', 'demo', 'viewer-1'), [])
    }),
  )

  test(of('writes in any order and at once converge to the same rows'), () =>
    withStore(async (store) => {
      let entity = 0
      const write = fc.record({
        item: fc.constantFrom('a', 'b'),
        at: fc.integer({ min: 1, max: 4 }),
        value: fc.option(fc.integer({ min: 0, max: 99 }), { nil: undefined }),
      })
      await fc.assert(
        fc.asyncProperty(
          fc.array(write, { maxLength: 12 }),
          fc.infiniteStream(fc.nat()),
          async (writes, order) => {
            const apply = async (list: typeof writes): Promise<Json> => {
              const who = `e${entity++}`
              await Promise.all(
                list.map(({ item, at, value }) =>
                  value === undefined
                    ? store.delete([{ ...key(item, who), at }])
                    : store.put([{ ...key(item, who), at, value }]),
                ),
              )
              return (await store.list('history', 'demo', who)).map(({ item, at, value }) => [
                item,
                at,
                value,
              ])
            }
            const shuffled = writes
              .map((one) => ({ one, by: order.next().value as number }))
              .sort((a, b) => a.by - b.by)
              .map(({ one }) => one)
            assert.deepEqual(await apply(writes), await apply(shuffled))
          },
        ),
        { numRuns: 40 },
      )
    }),
  )

  test(of('at one time the larger text wins, by its bytes, and any text against a delete'), () =>
    withStore(async (store) => {
      // In UTF-16 the first is the smaller, in UTF-8 the larger.
      const [larger, smaller] = ['🎬', '～']
      for (const order of [
        [larger, smaller],
        [smaller, larger],
      ]) {
        for (const value of order) await store.put([{ ...key('tie', order.join()), at: 7, value }])
        assert.equal((await store.get(key('tie', order.join())))?.value, larger)
      }
      await store.put([{ ...key('a'), at: 7, value: 0 }])
      await store.delete([{ ...key('a'), at: 7 }])
      assert.deepEqual(await store.get(key('a')), { ...key('a'), at: 7, value: 0 })
      await store.delete([{ ...key('b'), at: 7 }])
      await store.put([{ ...key('b'), at: 7, value: 0 }])
      assert.equal((await store.get(key('b')))?.value, 0)
    }),
  )

  test(of('a listing fills its limit from living rows, however many were deleted before them'), () =>
    withStore(async (store) => {
      const items = Array.from({ length: 3000 }, (_, i) => String(i).padStart(5, '0'))
      await store.put(items.map((item) => ({ ...key(item), at: 1, value: item })))
      await store.delete(items.slice(0, 2500).map((item) => ({ ...key(item), at: 2 })))
      const firsts = await store.list('history', 'demo', 'viewer-1', { limit: 3 })
      assert.deepEqual(
        firsts.map((row) => row.value),
        ['02500', '02501', '02502'],
      )
      assert.equal((await store.list('history', 'demo', 'viewer-1')).length, 500)
    }),
  )

  test(of('many rows of many entities go in and come out at once, in the order they are asked for'), () =>
    withStore(async (store) => {
      const rows = Array.from({ length: 2000 }, (_, i) => ({
        ...key(`i${i % 7}`, `e${Math.floor(i / 7)}`),
        at: 1_700_000_000_000 + i,
        value: { n: i, text: 'x'.repeat(i % 500) },
      }))
      await store.put(rows)
      const asked = [...rows, { ...key('none', 'e0'), at: 0, value: 0 }].toReversed()
      const found = await store.getMany(asked)
      assert.equal(found[0], null)
      assert.deepEqual(found.slice(1).reverse(), rows)
      assert.deepEqual(await store.getMany([]), [])
      await store.put([])
      await store.delete([])
    }),
  )

  test(of('names with quotes, spaces and letters of all kinds are kept apart'), () =>
    withStore(async (store) => {
      const names = ["it's", 'a b', 'ä', 'a', '🎬', '%', '"', ';--', ':']
      await store.put(names.map((name, at) => ({ ...key(name, name, name), at, value: name })))
      for (const name of names) {
        const [row, ...more] = await store.list('history', name, name)
        assert.deepEqual([row?.item, row?.value, more], [name, name, []])
      }
      await store.put([{ ...key('large'), at: 1, value: 'x'.repeat(200_000) }])
      assert.equal(JSON.stringify((await store.get(key('large')))?.value).length, 200_002)
    }),
  )
}
