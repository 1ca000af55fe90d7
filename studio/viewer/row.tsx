/** A row of cards that scrolls sideways: by wheel, touch, keyboard focus, or the buttons at its ends. */
import { ActionIcon, Group, Title } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { Card } from './card.tsx'
import type { Surface } from './impressions.ts'
import type { Row as RowData } from './queries.ts'

type RowProps = { readonly row: RowData; readonly slateId: string; readonly surface?: Surface }
type Reach = { readonly back: boolean; readonly on: boolean }

/** In which directions there is more to see. */
function useReach(list: RefObject<HTMLUListElement | null>, count: number): Reach {
  const [reach, setReach] = useState<Reach>({ back: false, on: false })
  useEffect(() => {
    const element = list.current
    if (element === null || count === 0) return
    const look = (): void => {
      const { scrollLeft, scrollWidth, clientWidth } = element
      const back = scrollLeft > 4
      const on = scrollLeft + clientWidth < scrollWidth - 4
      setReach((known) => (known.back === back && known.on === on ? known : { back, on }))
    }
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [list, count])
  return reach
}

function onArrow(event: KeyboardEvent<HTMLUListElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  const cards = [...event.currentTarget.querySelectorAll('a')]
  const at = cards.indexOf(document.activeElement as HTMLAnchorElement)
  const next =
    event.key === 'Home' ? cards[0] : event.key === 'End' ? cards.at(-1) : cards[at + (step ?? cards.length)]
  if (at < 0 || next === undefined) return
  event.preventDefault()
  next.focus({ preventScroll: true })
  next.scrollIntoView({ block: 'nearest', inline: 'nearest' })
}

export function Row({ row, slateId, surface = 'home' }: RowProps) {
  const list = useRef<HTMLUListElement>(null)
  const reach = useReach(list, row.slots.length)
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  const scroll = (direction: 1 | -1): void => {
    const left = direction * (list.current?.clientWidth ?? 0) * 0.86
    list.current?.scrollBy({ left, behavior: still ? 'auto' : 'smooth' })
  }
  const id = `row-${row.key}`
  return (
    <section aria-labelledby={id} className="sv-shelf">
      <Group justify="space-between" mb={4} wrap="nowrap" mih={34}>
        <Title order={2} size="h4" id={id} lineClamp={1}>
          {row.name}
        </Title>
        {(reach.back || reach.on) && (
          <Group gap={6} visibleFrom="sm" wrap="nowrap">
            <ActionIcon
              variant="default"
              radius="xl"
              disabled={!reach.back}
              aria-label={`Back in ${row.name}`}
              onClick={() => scroll(-1)}
            >
              <IconChevronLeft size={18} />
            </ActionIcon>
            <ActionIcon
              variant="default"
              radius="xl"
              disabled={!reach.on}
              aria-label={`On in ${row.name}`}
              onClick={() => scroll(1)}
            >
              <IconChevronRight size={18} />
            </ActionIcon>
          </Group>
        )}
      </Group>
      {/* Arrow keys move between the links, which have the focus; the list itself has none. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <ul className="sv-row" ref={list} onKeyDown={onArrow} data-back={reach.back} data-on={reach.on}>
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
