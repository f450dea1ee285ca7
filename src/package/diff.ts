/** One edited file; both texts have the same number of lines, because edits never add any. */
export interface EditedFile {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const contextLines = 3;
const diffLinesMax = 400;
const diffColumnsMax = 200;

/** A unified diff of edits that keep the number of lines; bounded, and says so when it was cut. */
export function unifiedDiff(files: readonly EditedFile[]): string {
  const lines = files.filter((it) => it.before !== it.after).flatMap(diffOfFile);
  const shown = lines.slice(0, diffLinesMax).map((line) =>
    line.length > diffColumnsMax ? `${line.slice(0, diffColumnsMax - 1)}…` : line);
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`(${more} more lines of diff)`] : [])]
    .map((line) => `${line}\n`).join('');
}

function diffOfFile(file: EditedFile): string[] {
  const [before, after] = [file.before.split('\n'), file.after.split('\n')];
  const changed = before.flatMap((line, index) => (line === after[index] ? [] : [index]));
  return [`--- a/${file.file}`, `+++ b/${file.file}`,
    ...hunks(changed).flatMap((indexes) => hunk(before, after, indexes))];
}

/** Groups of changed lines whose contexts touch. */
function hunks(changed: readonly number[]): number[][] {
  return changed.reduce<number[][]>((groups, index) => {
    const last = groups.at(-1);
    const near = last !== undefined && index - (last.at(-1) ?? 0) <= 2 * contextLines;
    if (near) last.push(index);
    else groups.push([index]);
    return groups;
  }, []);
}

function hunk(before: string[], after: string[], changed: readonly number[]): string[] {
  const first = Math.max(0, (changed[0] ?? 0) - contextLines);
  // A final line end gives one empty string more than there are lines.
  const count = before.at(-1) === '' ? before.length - 1 : before.length;
  const last = Math.min(count - 1, (changed.at(-1) ?? 0) + contextLines);
  const body: string[] = [];
  for (let index = first; index <= last; index += 1) {
    const [old, new_] = [before[index] ?? '', after[index] ?? ''];
    if (old === new_) body.push(` ${old}`);
    else body.push(`-${old}`, `+${new_}`);
  }
  const range = `${first + 1},${last - first + 1}`;
  return [`@@ -${range} +${range} @@`, ...body];
}
