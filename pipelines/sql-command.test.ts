import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawTable } from '#pipelines/sql-command.ts'

test('a table stands in columns, numbers to the right, and no cell gives the terminal orders', () => {
  const meta = [
    { name: 'title', type: 'String' },
    { name: 'views', type: 'UInt64' },
    { name: 'parts', type: 'Array(UInt32)' },
  ]
  const data = [
    { title: 'a\u001b[2J\nb', views: 5, parts: [1, 2] },
    { title: 'x'.repeat(80), views: 12_345, parts: [] },
    { title: null, views: null, parts: [] },
  ]
  assert.deepEqual(drawTable({ meta, data }), [
    `title${' '.repeat(55)}  views  parts`,
    `${'-'.repeat(60)}  -----  -----`,
    `a [2J b${' '.repeat(53)}      5  [1,2]`,
    `${'x'.repeat(59)}…  12345  []`,
    `${' '.repeat(60)}         []`,
    '3 rows',
  ])
})
