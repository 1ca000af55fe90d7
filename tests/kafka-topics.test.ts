import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { envelope } from '#events/define.ts'
import { events, streams } from '#events/registry.ts'
import { renderSchemas, renderTopics } from '#scripts/kafka-topics.ts'

test('deploy/kafka-topics.sh and deploy/kafka-schemas.json are of these streams', () => {
  assert.equal(readFileSync('deploy/kafka-topics.sh', 'utf8'), renderTopics(), 'Run `npm run contract`.')
  assert.deepEqual(
    JSON.parse(readFileSync('deploy/kafka-schemas.json', 'utf8')),
    JSON.parse(renderSchemas()),
    'Run `npm run contract`.',
  )
})

test('every stream has its topic, and keeps its events as long as its definition says', () => {
  const script = renderTopics()
  for (const { name, partitions, retentionDays } of streams) {
    const own = script.split(`create ${name} ${partitions} `)[1]?.split('\ncreate ')[0] ?? ''
    const kept = retentionDays === 'forever' ? -1 : retentionDays * 86_400_000
    assert.match(own, new RegExp(`--config retention\\.ms=${kept}\\b`), name)
    assert.match(own, /min\.insync\.replicas=2\b/, name)
  }
})

test('the schema of a message asks for what the definition asks for', () => {
  const schemas = JSON.parse(renderSchemas()) as Record<string, { required: string[]; properties: object }>
  assert.equal(Object.keys(schemas).length, events.length)
  for (const { type, version, fields } of events) {
    const schema = schemas[`urn:streamverse:event:${type}:${version}`]
    assert.ok(schema !== undefined)
    for (const name of Object.keys(envelope)) assert.ok(schema.required.includes(name), `${type}.${name}`)
    for (const name of Object.keys(fields)) assert.ok(name in schema.properties, `${type}.${name}`)
  }
})
