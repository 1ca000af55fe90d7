/** What the composition root refuses: a configuration with mistakes, all of them named at once. */
export type ConfigProblem = { readonly name: string; readonly value: string; readonly fix: string }

export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super(
      ['The configuration has mistakes:', ...problems.map((p) => `  ${p.name}=${p.value}: ${p.fix}`)].join(
        '\n',
      ),
    )
    this.problems = problems
  }
}
