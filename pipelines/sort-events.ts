/** Each event of a batch through the steps: to the run it belongs to, or to what is set aside. */
import type { EventDefinition } from '#events/define.ts'
import type { BatchContext } from '#pipelines/batch-context.ts'
import { createDraft, takeEvent } from '#pipelines/collect-steps.ts'
import type { EventForm } from '#pipelines/event-shape.ts'
import type { Passed, Sorted } from '#pipelines/keep-events.ts'

/** `onForm` hears the form of an event that passed, whenever it is not that of the one before. */
export function sortEvents(
  events: readonly unknown[],
  context: BatchContext,
  onForm?: (definition: EventDefinition, form: EventForm) => void,
): Sorted {
  const sorted: Sorted = { passed: [], failed: [] }
  const draft = createDraft()
  let passed: Passed | undefined
  let met: EventForm | undefined
  for (let index = 0; index < events.length; index++) {
    const problem = takeEvent(events[index], draft, context)
    if (problem !== null) {
      sorted.failed.push({ index, raw: events[index], problem })
      continue
    }
    const { stream, fields, form, extras } = draft.template
    if (form !== met) onForm?.(draft.template.shape.definition, form)
    met = form
    if (passed?.shared !== fields) {
      passed = sorted.passed.find((one) => one.shared === fields)
      if (passed === undefined) {
        passed = { stream, shared: fields, own: [], prints: [], forms: new Set(), extras: new Set() }
        sorted.passed.push(passed)
      }
    }
    passed.own.push(draft.own)
    // Ids of reports are made of the reports: a known one is a duplicate, whatever else it says.
    passed.prints.push(context.sourceFormat === 'cmcd2' ? 0 : draft.print)
    passed.forms.add(form)
    if (extras !== null) passed.extras.add(extras)
  }
  return sorted
}
