// Pure: what the measured numbers mean.

/** Smallest, middle and largest of at least one number. */
export function spread(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted.at(-1) };
}

/**
 * Milliseconds in which users got no answer: from each first bad probe to the next good one.
 * @param probes `[ms, good]` in order of time; a bad end counts up to the last probe
 */
export function downMs(probes) {
  let down = 0;
  let since;
  for (const [at, good] of probes) {
    if (!good) since ??= at;
    else if (since !== undefined) {
      down += at - since;
      since = undefined;
    }
  }
  return since === undefined ? down : down + probes.at(-1)[0] - since;
}

/** What sshd has logged at level VERBOSE since a moment. */
export function countSsh(log) {
  const count = (pattern) => [...log.matchAll(pattern)].length;
  return {
    connections: count(/^Connection from /gm),
    commands: count(/^Starting session: (?:command|shell)/gm),
    sftp: count(/^Starting session: subsystem/gm),
  };
}

/**
 * Seconds of a deployment's parts, from the host's journal (seconds TAB event TAB step).
 * @param from ms since 1970 when the tool was started, and `to` when it had ended
 */
export function partsOf(journal, { from, to }) {
  const lines = journal.trim().split('\n').map((line) => line.split('\t'));
  const at = (event) => Number(lines.find((line) => line[1] === event)?.[0]) * 1000;
  const seconds = (one, other) => (other - one) / 1000;
  return {
    'to the host': seconds(from, at('start')),
    'before the window': seconds(at('start'), at('window')),
    window: seconds(at('window'), at('admitted')),
    'after the window': seconds(at('admitted'), at('end')),
    'end told': seconds(at('end'), to),
  };
}

/** `3 · 4 · 9`: min, median, max. */
export function shown(values, digits) {
  const { min, median, max } = spread(values);
  return [min, median, max].map((it) => it.toFixed(digits)).join(' · ');
}

/** Rows of texts as a Markdown table; the first row is the head. */
export function table(rows) {
  const line = (row) => `| ${row.join(' | ')} |`;
  const [head, ...rest] = rows;
  return [line(head), line(head.map(() => '---')), ...rest.map(line)].join('\n');
}
