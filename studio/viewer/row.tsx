/** A row of cards that scrolls sideways: by wheel, touch, keyboard focus, or the buttons at its ends. */
import { ActionIcon, Group, Title } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { type KeyboardEvent, useRef } from 'react'
import { Card } from './card.tsx'
import type { Row as RowData } from './queries.ts'

type RowProps = { readonly row: RowData; readonly slateId: string; readonly surface?: 'home' | 'title' }

export function Row({ row, slateId, surface = 'home' }: RowProps) {
  const list = useRef<HTMLUListElement>(null)
  const scroll = (direction: 1 | -1): void => {
    const element = list.current
    element?.scrollBy({ left: direction * element.clientWidth * 0.85, behavior: 'smooth' })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
    const cards = [...(list.current?.querySelectorAll('a') ?? [])]
    const at = cards.indexOf(document.activeElement as HTMLAnchorElement)
    const next = cards[at + (event.key === 'ArrowRight' ? 1 : -1)]
    if (at < 0 || next === undefined) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
  const id = `row-${row.key}`
  return (
    <section aria-labelledby={id}>
      <Group justify="space-between" mb={6} wrap="nowrap">
        <Title order={2} size="h4" id={id}>
          {row.name}
        </Title>
        <Group gap={4} visibleFrom="sm" wrap="nowrap">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Back in ${row.name}`}
            onClick={() => scroll(-1)}
          >
            <IconChevronLeft size={20} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`On in ${row.name}`}
            onClick={() => scroll(1)}
          >
            <IconChevronRight size={20} />
          </ActionIcon>
        </Group>
      </Group>
      {/* Arrow keys move between the links, which have the focus; the list itself has none. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <ul className="sv-row" ref={list} onKeyDown={onKeyDown}>
        {row.slots.map(({ title, position }) => (
          <li key={title.id}>
            <Card
              title={title}
              surface={surface}
              place={{ slateId, titleId: title.id, rowKey: row.key, position }}
              resume={row.key === 'continue-watching'}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
