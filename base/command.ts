/** What a command of the command line is. A folder exports its commands by name; `app/commands.ts` lists them all. */

/** `Ports` is what the command works on: opened when it runs, closed after it. */
export type Command<Ports> = {
  /** The command with its arguments, without the program's name. */
  readonly usage: string
  /** A few words for the list of all commands. */
  readonly summary: string
  /** What `--help` after the command prints under its usage. */
  readonly help: string
  /** Resolves to the exit code. A TypeError is a mistake in `args`, told without its stack. */
  run(args: readonly string[], ports: Ports): Promise<number>
}
export type Commands<Ports> = Readonly<Record<string, Command<Ports>>>

/** Where a command says what it did, and who has it done. */
export type Shell = {
  /** Who acts, for the record. */
  readonly by: string
  print(line: string): void
}
