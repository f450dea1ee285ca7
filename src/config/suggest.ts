const wordCharactersMax = 64;

/** Edit distance with swaps of neighbours (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      next.push(Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped && row > 1 && column > 1 ? (before[column - 2] ?? 0) + 1 : Infinity,
      ));
    }
    before = last;
    last = next;
  }
  return last[to.length] ?? 0;
}

/** The word that was probably meant: at most a third of its letters differ. */
export function closest(word: string, words: readonly string[]): string | undefined {
  if (word.length > wordCharactersMax) return undefined;
  const plain = word.toLowerCase().replaceAll('_', '-');
  const ranked = words
    .map((candidate) => ({ candidate, distance: editDistance(plain, candidate.toLowerCase()) }))
    .filter((it) => it.distance <= Math.max(1, Math.floor(it.candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** `Did you mean …?`, or what is allowed. */
export function didYouMean(word: string, words: readonly string[]): string {
  const found = closest(word, words);
  const allowed = `Allowed: ${words.join(', ')}.`;
  return found === undefined ? allowed : `Did you mean \`${found}\`? ${allowed}`;
}
