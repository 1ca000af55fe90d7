/** How many questions a warehouse takes at once: beyond that the next is refused at once instead of waiting for ever. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/warehouse/errors.ts'

/** Questions being answered or waiting for it. */
export const MAX_QUESTIONS = 500

/** Counts a warehouse's own questions; statements that write are not counted. */
export function createQuestions(): <T>(ask: () => Promise<T>) => Promise<T> {
  let questions = 0
  return async (ask) => {
    if (questions >= MAX_QUESTIONS) {
      throw new Refusal(refusals.busy, `The warehouse has ${MAX_QUESTIONS} questions to answer already.`)
    }
    questions++
    try {
      return await ask()
    } finally {
      questions--
    }
  }
}
