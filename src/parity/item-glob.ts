/** `*` is any text, `?` one character; everything else is itself. Time grows with both lengths. */
export function matchesItem(glob: string, name: string): boolean {
  let at = 0;
  let inGlob = 0;
  let star = -1;
  let retry = 0;
  while (at < name.length) {
    const char = glob[inGlob];
    if (char === '*') {
      star = inGlob;
      retry = at;
      inGlob += 1;
    } else if (char !== undefined && (char === '?' || char === name[at])) {
      inGlob += 1;
      at += 1;
    } else if (star >= 0) {
      inGlob = star + 1;
      retry += 1;
      at = retry;
    } else return false;
  }
  return [...glob.slice(inGlob)].every((char) => char === '*');
}
