/** Things opened in order are closed in reverse order, each exactly once, even when one fails. */
export type Closing = {
  add(name: string, close: () => Promise<void> | void): void
  close(): Promise<void>
}

export function createClosing(onError: (name: string, error: unknown) => void): Closing {
  const steps: { name: string; close: () => Promise<void> | void }[] = []
  let closing: Promise<void> | undefined
  const run = async (): Promise<void> => {
    for (const step of steps.splice(0).reverse()) {
      try {
        await step.close()
      } catch (error) {
        onError(step.name, error)
      }
    }
  }
  return {
    add: (name, close) => {
      steps.push({ name, close })
    },
    close: () => (closing ??= run()),
  }
}
