/**
 * What is wrong with an extended regular expression (`grep -E`), for `… <answer>`.
 * JavaScript compiles nearly the same language; what only one of the two knows is named here.
 */
export function extendedRegexFault(pattern: string): string | undefined {
  if (pattern.includes('(?')) return 'uses (?…), which extended regular expressions do not have';
  if (/(?<!\\)(?:\\\\)*\\[dD]/.test(pattern)) {
    return 'uses \\d, which extended regular expressions do not have: write [0-9]';
  }
  // A class name would be read as letters: [[:space:]] means one of `[:space`, then `]`.
  return compileFault(pattern.replace(/\[:[a-z]+:\]/g, 'a'));
}

/** What is wrong with a JavaScript regular expression. */
export function compileFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
    return `is no regular expression: ${why}`;
  }
}

/** A JavaScript regular expression that captures one group, no more and no less. */
export function oneGroupFault(pattern: string): string | undefined {
  const fault = compileFault(pattern);
  if (fault !== undefined) return fault;
  const groups = (new RegExp(`${pattern}|`).exec('')?.length ?? 1) - 1;
  return groups === 1 ? undefined : `must have one group in ( ), not ${groups}`;
}
