/** Makes elements: a tag, attributes, children; buttons with an icon, a name and a key. */
type Attributes = Readonly<Record<string, string | number | boolean>>

export function make<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children)
  return element
}

/** A button that shows an icon and is read as its label. `key`: what does the same on the keyboard. */
export function iconButton(icon: string, label: string, key: string, onClick: () => void): HTMLButtonElement {
  const button = make('button', { type: 'button', class: 'svp-button' })
  if (key !== '') button.setAttribute('aria-keyshortcuts', key)
  setIcon(button, icon, label)
  button.addEventListener('click', onClick)
  return button
}

export function setIcon(button: HTMLButtonElement, icon: string, label: string): void {
  if (button.getAttribute('aria-label') === label) return
  button.innerHTML = icon
  button.setAttribute('aria-label', label)
  const key = button.getAttribute('aria-keyshortcuts')
  button.dataset['tip'] = key === null ? label : `${label} (${key})`
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(seconds: number): string {
  const total = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const rest = String(total % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** A time as it is read aloud. */
export function spoken(seconds: number): string {
  const total = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0))
  const parts = [
    [Math.floor(total / 3600), 'hour'],
    [Math.floor((total % 3600) / 60), 'minute'],
    [total % 60, 'second'],
  ] as const
  const said = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`)
  return said.length === 0 ? '0 seconds' : said.join(' ')
}
