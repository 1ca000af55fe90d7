import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GraphQLObjectType, type GraphQLResolveInfo, GraphQLSchema, GraphQLString, graphql } from 'graphql'
import { selectedFields } from '#api/selected.ts'

const Person = new GraphQLObjectType({
  name: 'Person',
  fields: { name: { type: GraphQLString }, age: { type: GraphQLString }, town: { type: GraphQLString } },
})

/** What is asked for of `person` in a real execution of the document. */
async function askedFor(document: string): Promise<string[]> {
  const asked: string[][] = []
  const resolve = (_: unknown, __: unknown, ___: unknown, info: GraphQLResolveInfo): object => {
    asked.push([...selectedFields(info)].toSorted())
    return {}
  }
  const query = new GraphQLObjectType({ name: 'Query', fields: { person: { type: Person, resolve } } })
  const { errors } = await graphql({ schema: new GraphQLSchema({ query }), source: document })
  assert.equal(errors, undefined)
  assert.equal(asked.length, 1)
  return asked[0] as string[]
}

test('the fields of an object are those selected, by their names and not what they are called in the answer', async () => {
  assert.deepEqual(await askedFor('{ person { name years: age } }'), ['age', 'name'])
})

test('fields of fragments count, nested too, and of a selection that is said twice', async () => {
  const spread = `{ person { ...A } } fragment A on Person { name ...B } fragment B on Person { ... on Person { age } }`
  assert.deepEqual(await askedFor(spread), ['age', 'name'])
  assert.deepEqual(await askedFor('{ person { name } person { town } }'), ['name', 'town'])
})

test('what a directive leaves out may be among them, nothing that is selected is missing', async () => {
  assert.deepEqual(await askedFor('{ person { name @skip(if: true) age @include(if: true) } }'), [
    'age',
    'name',
  ])
})
