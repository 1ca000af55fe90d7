/** Writes api/schema.graphql from the code; run by `npm run contract` after a change of the API. */
import { writeFileSync } from 'node:fs'
import { printSchema } from 'graphql'
import { createSchema } from '#api/schema.ts'

writeFileSync('api/schema.graphql', `${printSchema(createSchema())}\n`)
