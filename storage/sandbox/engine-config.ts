/**
 * The configuration of the engine inside the sandbox: one user who may read one database and nothing else. No files, no
 * network, no other sources, no writes, no changes of settings. Limits stand in the user's profile, where no statement
 * reaches them.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

export type SandboxLimits = {
  readonly seconds: number
  readonly resultRows: number
  /** Of the rows of an answer, in the engine. */
  readonly resultBytes: number
  /** Of an answer as it is written down: text takes more than numbers do. */
  readonly answerBytes: number
  readonly memoryBytes: number
  readonly rowsToRead: number
  /** Of the text of a statement. */
  readonly queryBytes: number
}

export const SANDBOX_LIMITS: SandboxLimits = {
  seconds: 30,
  resultRows: 1_000_000,
  resultBytes: 128 * 1024 * 1024,
  answerBytes: 256 * 1024 * 1024,
  memoryBytes: 1_200_000_000,
  rowsToRead: 200_000_000,
  queryBytes: 64 * 1024,
}

/** Both files in `dir`; the path of the one to start the engine with. */
export function writeEngineConfig(dir: string, limits: SandboxLimits): string {
  const users = path.join(dir, 'users.xml')
  const config = path.join(dir, 'config.xml')
  const profile = {
    readonly: 1,
    allow_introspection_functions: 0,
    max_execution_time: limits.seconds,
    timeout_overflow_mode: 'throw',
    max_result_rows: limits.resultRows,
    max_result_bytes: limits.resultBytes,
    result_overflow_mode: 'throw',
    max_memory_usage: limits.memoryBytes,
    max_memory_usage_for_user: limits.memoryBytes,
    max_rows_to_read: limits.rowsToRead,
    read_overflow_mode: 'throw',
    // Nothing is put aside on disk: what does not fit is refused.
    max_bytes_ratio_before_external_sort: 0,
    max_bytes_ratio_before_external_group_by: 0,
    max_bytes_before_external_sort: 0,
    max_bytes_before_external_group_by: 0,
    max_temporary_data_on_disk_size_for_query: 1,
    max_threads: 2,
    // The check of a statement asks with its text inside twice.
    max_query_size: 4 * limits.queryBytes,
    max_ast_depth: 500,
    max_ast_elements: 10_000,
    max_expanded_ast_elements: 50_000,
    max_subquery_depth: 30,
    max_parser_depth: 500,
    join_use_nulls: 1,
    output_format_json_quote_64bit_integers: 0,
    output_format_json_quote_denormals: 0,
  }
  const lines = Object.entries(profile).map(([name, value]) => `<${name}>${value}</${name}>`)
  writeFileSync(
    users,
    `<clickhouse>
<profiles><default>${lines.join('')}</default></profiles>
<quotas><default/></quotas>
<users><default>
<password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
<grants><query>GRANT SELECT ON default.*</query></grants>
</default></users>
</clickhouse>
`,
    { mode: 0o600 },
  )
  writeFileSync(
    config,
    `<clickhouse>
<users_config>${escapeXml(users)}</users_config>
<max_server_memory_usage>${2 * limits.memoryBytes}</max_server_memory_usage>
</clickhouse>
`,
    { mode: 0o600 },
  )
  return config
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escapeXml = (text: string): string => text.replace(/[&<>]/g, (sign) => ENTITIES[sign] as string)
