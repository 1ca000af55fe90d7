/** A real Chromium for a test, and what every page must pass: no errors on the console, no accessibility violations. */
import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

export const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]
export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS })

export type Look = 'light' | 'dark' | 'phone'
export const LOOKS: readonly Look[] = ['light', 'dark', 'phone']

export type Visit = { readonly page: Page; readonly context: BrowserContext; readonly problems: string[] }

/** A fresh visitor, stepped into the person when one is named. Page and console errors are gathered in `problems`. */
export async function visit(
  browser: Browser,
  url: string,
  personId: string | null,
  look: Look = 'light',
): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: look === 'dark' ? 'dark' : 'light',
    viewport: look === 'phone' ? { width: 390, height: 844 } : { width: 1280, height: 900 },
  })
  if (personId !== null) {
    const query = `mutation { stepInto(personId: "${personId}") { person { id } } }`
    const answer = await context.request.post('/graphql', { data: { query } })
    assert.equal((await answer.json()).data.stepInto.person.id, personId)
  }
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} (${message.location().url})`)
  })
  return { page, context, problems }
}

/** Fails with the rules broken and where. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const broken = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map((node) => node.target.join(' '))
        .slice(0, 3)
        .join(', ')}`,
  )
  assert.deepEqual(broken, [], where)
}

/** Asks again until it is so; fails with what it last was. */
export async function eventually<T>(
  read: () => Promise<T>,
  isSo: (value: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const value = await read()
    if (isSo(value)) return value
    if (Date.now() > deadline)
      assert.fail(`after ${withinMs} ms it was still ${JSON.stringify(value).slice(0, 600)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
