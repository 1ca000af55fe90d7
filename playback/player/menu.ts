/** Menus over the video: quality, speed, captions. Opened by click or key, closed by Escape, read as radio groups. */
import { iconButton, make } from '#playback/player/dom.ts'

export type Choice<T> = { readonly value: T; readonly label: string }
export type Group<T> = {
  readonly label: string
  readonly choices: () => readonly Choice<T>[]
  readonly current: () => T
  readonly choose: (value: T) => void
}

/** A button with a menu of the groups; groups without a real choice are left out. */
export function createMenu(icon: string, label: string, groups: readonly Group<never>[]): HTMLElement {
  const list = make('div', { class: 'svp-menu', role: 'menu', 'aria-label': label, hidden: true })
  const close = (): void => {
    list.hidden = true
    button.setAttribute('aria-expanded', 'false')
  }
  const fill = (): void => {
    list.replaceChildren()
    for (const group of groups) {
      const choices = group.choices()
      if (choices.length < 2) continue
      list.append(make('div', { class: 'svp-menu-name', role: 'presentation' }, group.label))
      for (const { value, label: name } of choices) {
        const checked = value === group.current()
        const item = make(
          'button',
          { type: 'button', role: 'menuitemradio', 'aria-checked': String(checked) },
          name,
        )
        item.addEventListener('click', () => {
          group.choose(value)
          close()
          button.focus()
        })
        list.append(item)
      }
    }
    if (list.childElementCount === 0)
      list.append(make('div', { class: 'svp-menu-name' }, 'Nothing to choose'))
  }
  const button = iconButton(icon, label, () => {
    if (!list.hidden) {
      close()
      return
    }
    fill()
    list.hidden = false
    button.setAttribute('aria-expanded', 'true')
    const first =
      list.querySelector<HTMLElement>('[aria-checked="true"]') ?? list.querySelector<HTMLElement>('button')
    first?.focus()
  })
  button.setAttribute('aria-haspopup', 'menu')
  button.setAttribute('aria-expanded', 'false')
  const element = make('div', { class: 'svp-menu-holder' }, button, list)
  element.addEventListener('keydown', (event) => {
    if (list.hidden) return
    const items = [...list.querySelectorAll<HTMLElement>('button')]
    const at = items.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'Escape') {
      close()
      button.focus()
    } else if (event.key === 'ArrowDown') items[(at + 1) % items.length]?.focus()
    else if (event.key === 'ArrowUp') items[(at - 1 + items.length) % items.length]?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  element.addEventListener('focusout', (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) close()
  })
  return element
}
