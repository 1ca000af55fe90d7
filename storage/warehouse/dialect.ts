/** Settings that make an engine answer as our SQL expects, whichever driver speaks to it. */
export const DIALECT = {
  // Numbers, not text: all ours stay under 2^53.
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  join_use_nulls: 1,
  input_format_native_allow_types_conversion: 1,
  input_format_defaults_for_omitted_fields: 1,
  // A change of a table is done when its statement is.
  mutations_sync: '2',
  alter_sync: '2',
} as const
