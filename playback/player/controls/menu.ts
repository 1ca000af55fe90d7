/**
 * The settings menu: a list of what can be set, each with a list of its choices. By click, touch and keys; Escape and
 * the left arrow lead back.
 */
import { iconButton, make } from '#playback/player/controls/dom.ts'
import { icons } from '#playback/player/controls/icons.ts'

export type Choice = { readonly label: string; readonly note?: string; readonly choose: () => void }
export type Setting = {
  readonly label: string
  /** Fewer than two: the setting is left out. */
  readonly choices: () => readonly Choice[]
  /** Index of the choice in force. */
  readonly current: () => number
}

export function createMenu(settings: readonly Setting[], signal: AbortSignal): HTMLElement {
  const list = make('div', { class: 'svp-menu', role: 'menu', 'aria-label': 'Settings', hidden: true })
  const close = (refocus = false): void => {
    list.hidden = true
    button.setAttribute('aria-expanded', 'false')
    if (refocus) button.focus()
  }
  const show = (label: string, items: readonly HTMLElement[], focused: HTMLElement | undefined): void => {
    list.setAttribute('aria-label', label)
    list.replaceChildren(...items)
    focused?.focus()
  }
  const showSettings = (from?: Setting): void => {
    const made = settings
      .filter((setting) => setting.choices().length > 1)
      .map((setting) => ({ setting, item: settingItem(setting, () => showChoices(setting)) }))
    const items = made.map(({ item }) => item)
    show('Settings', items, made.find(({ setting }) => setting === from)?.item ?? items[0])
  }
  const showChoices = (setting: Setting): void => {
    const back = make('button', { type: 'button', role: 'menuitem', class: 'svp-menu-back' })
    back.innerHTML = icons.out
    back.append(setting.label)
    back.addEventListener('click', () => showSettings(setting))
    const current = setting.current()
    const items = setting.choices().map((choice, i) =>
      choiceItem(choice, i === current, () => {
        choice.choose()
        close(true)
      }),
    )
    show(setting.label, [back, ...items], items[current] ?? items[0])
  }
  const button = iconButton(icons.settings, 'Settings', '', () => {
    if (!list.hidden) {
      close()
      return
    }
    list.hidden = false
    button.setAttribute('aria-expanded', 'true')
    showSettings()
  })
  button.setAttribute('aria-haspopup', 'menu')
  button.setAttribute('aria-expanded', 'false')
  const element = make('div', { class: 'svp-menu-holder' }, button, list)
  element.addEventListener('keydown', (event) => {
    if (!list.hidden && onMenuKey(event, list, () => close(true))) {
      event.preventDefault()
      event.stopPropagation()
    }
  })
  element.addEventListener('focusout', (event) => {
    const to = event.relatedTarget as Node | null
    // Items go away when their list is replaced: that takes the focus nowhere.
    if (to !== null && !element.contains(to)) close()
  })
  document.addEventListener(
    'pointerdown',
    (event) => {
      if (!list.hidden && !element.contains(event.target as Node)) close()
    },
    { signal },
  )
  return element
}

function onMenuKey({ key }: KeyboardEvent, list: HTMLElement, close: () => void): boolean {
  const items = [...list.querySelectorAll<HTMLElement>('button')]
  const at = items.indexOf(document.activeElement as HTMLElement)
  const back = list.querySelector<HTMLElement>('.svp-menu-back')
  if (key === 'Escape' || (key === 'ArrowLeft' && back === null)) close()
  else if (key === 'ArrowLeft') back?.click()
  else if (key === 'ArrowRight') {
    if (items[at]?.ariaHasPopup === 'menu') items[at].click()
  } else if (key === 'ArrowDown') items[(at + 1) % items.length]?.focus()
  else if (key === 'ArrowUp') items[(at - 1 + items.length) % items.length]?.focus()
  else if (key === 'Home') items[0]?.focus()
  else if (key === 'End') items.at(-1)?.focus()
  else return false
  return true
}

function settingItem(setting: Setting, onClick: () => void): HTMLElement {
  const { label, note } = setting.choices()[setting.current()] ?? {}
  const value = make(
    'span',
    { class: 'svp-menu-value' },
    note === undefined ? (label ?? '') : `${label} ${note}`,
  )
  const item = make(
    'button',
    { type: 'button', role: 'menuitem', 'aria-haspopup': 'menu' },
    setting.label,
    value,
  )
  item.insertAdjacentHTML('beforeend', icons.into)
  item.addEventListener('click', onClick)
  return item
}

function choiceItem({ label, note }: Choice, checked: boolean, onClick: () => void): HTMLElement {
  const item = make(
    'button',
    { type: 'button', role: 'menuitemradio', 'aria-checked': String(checked) },
    label,
  )
  if (note !== undefined) item.append(make('span', { class: 'svp-menu-value' }, note))
  item.addEventListener('click', onClick)
  return item
}
