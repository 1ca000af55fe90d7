/** The creator's titles, newest first, with their state and when they were published. */
import { Badge, Button, Container, Group, Image, Table, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useState } from 'react'
import { Empty } from '../shared/empty.tsx'
import { formatCount, formatDuration, formatRelative } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'

type Row = {
  id: string
  name: string
  posterUrl: string
  status: string
  durationMs: number | null
  publishedAt: number | null
}
type Connection = {
  totalCount: number
  pageInfo: { endCursor: string | null; hasNextPage: boolean }
  edges: { node: Row }[]
}
const TITLES = gql<{ studio: { titles: Connection } }, { after: string | null }>`
  query StudioTitles($after: String) {
    studio { titles(after: $after) {
      totalCount pageInfo { endCursor hasNextPage }
      edges { node { id name posterUrl status durationMs publishedAt } }
    } }
  }
`
