/** What must never be seen in a log, and its usual disguises. */
export class Masks {
  readonly #hidden = new Set<string>();

  /** A secret or `::add-mask::`: the value, and each of its lines. */
  add(value: string): void {
    if (value.trim() === '') return;
    for (const each of [value, ...value.split(/[\r\n]+/).map((line) => line.trim())]) {
      if (each !== '') for (const disguise of disguises(each)) this.#hidden.add(disguise);
    }
  }

  apply(text: string): string {
    const longestFirst = [...this.#hidden].sort((one, other) => other.length - one.length);
    return longestFirst.reduce((left, hidden) => left.replaceAll(hidden, '***'), text);
  }
}

/** The runner's encoders; base64 also where the value starts one or two bytes into a group. */
function disguises(value: string): string[] {
  const base64 = [0, 1, 2].map((shift) => {
    const bytes = Buffer.from(value, 'utf8').subarray(shift);
    return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
  }).filter((each) => each.length >= 8);
  const escaped = [JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
  return [...new Set([value, ...base64, ...escaped, value.replaceAll("'", "''")])];
}
