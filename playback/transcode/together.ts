/** Work done side by side that stands or falls together: the first failure stops the rest and is waited out. */
export async function together<A, B, C>(
  signal: AbortSignal,
  works: readonly [
    (signal: AbortSignal) => Promise<A>,
    (signal: AbortSignal) => Promise<B>,
    (signal: AbortSignal) => Promise<C>,
  ],
): Promise<[A, B, C]> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const begun = works.map((work) => work(both)) as [Promise<A>, Promise<B>, Promise<C>]
  try {
    return await Promise.all(begun)
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(begun)
    throw error
  }
}
