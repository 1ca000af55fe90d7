import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKafkaUrl } from '#storage/event-log/kafka-url.ts'

const partsOf = (url: string) => {
  const read = readKafkaUrl(url)
  assert.ok('parts' in read, 'problem' in read ? read.problem : '')
  return read.parts
}
const problemOf = (url: string): string => {
  const read = readKafkaUrl(url)
  return 'problem' in read ? read.problem : ''
}

test('reads brokers, and what is left out as the cluster has it', () => {
  assert.deepEqual(partsOf('kafka://one:9092,127.0.0.1:9093,[::1]:9094/'), {
    brokers: ['one:9092', '127.0.0.1:9093', '[::1]:9094'],
    tls: false,
    login: null,
    replication: null,
    prefix: '',
    zstd: true,
  })
})

test('reads options and a login whose special characters are escaped', () => {
  const url =
    'kafkas://me%3Aown:p%40s:s@one:9093?replication=3&prefix=video.&compression=none&mechanism=plain'
  const { tls, login, replication, prefix, zstd } = partsOf(url)
  assert.deepEqual(login, { username: 'me:own', password: 'p@s:s', mechanism: 'plain' })
  assert.deepEqual([tls, replication, prefix, zstd], [true, 3, 'video.', false])
  assert.equal(partsOf('kafkas://u:p@one:1').login?.mechanism, 'scram-sha-512')
})

test('says what is wrong with an address', () => {
  for (const url of ['kafka://', 'kafka://one', 'kafka://one:0', 'kafka://one:70000', 'kafka://one:9092,']) {
    assert.match(problemOf(url), /host:port/, url)
  }
  assert.match(problemOf('kafka://one:1?replication=0'), /1 to 9/)
  assert.match(problemOf('kafka://one:1?prefix=a/b'), /prefix/)
  assert.match(problemOf('kafka://one:1?compression=lz4'), /zstd or none/)
  assert.match(problemOf('kafka://one:1?mechanism=magic'), /mechanism/)
  assert.match(problemOf('kafka://one:1?port=2'), /leave out port/)
  assert.match(problemOf('kafkas://user@one:1'), /user:password/)
  assert.match(problemOf('kafkas://user:%zz@one:1'), /user:password/)
})
