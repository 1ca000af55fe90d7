/** Makes elements: a tag, attributes, children. */
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

/** A button that shows an icon and is read as its label. */
export function iconButton(icon: string, label: string, onClick: () => void): HTMLButtonElement {
  const button = make('button', { type: 'button', class: 'svp-button', 'aria-label': label, title: label })
  button.innerHTML = icon
  button.addEventListener('click', onClick)
  return button
}

export function setIcon(button: HTMLButtonElement, icon: string, label: string): void {
  if (button.getAttribute('aria-label') === label) return
  button.innerHTML = icon
  button.setAttribute('aria-label', label)
  button.title = label
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(seconds: number): string {
  const total = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0))
  const [h, m, s] = [
    Math.floor(total / 3600),
    Math.floor((total % 3600) / 60),
    String(total % 60).padStart(2, '0'),
  ]
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`
}
