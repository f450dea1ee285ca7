import type { VersionFile } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import { readTextFile } from './text-file.ts';

/**
 * The version in each file must be the tag's, told by one match of the file's pattern.
 * @param base resolved path of package.directory
 */
export function versionProblems(
  base: string, files: readonly VersionFile[], version: string,
): Problem[] {
  return files.flatMap((it) => {
    const opened = readTextFile(base, it.file);
    if (!('text' in opened)) return [{ place: it.file, ...opened }];
    const matches = [...opened.text.matchAll(new RegExp(it.pattern, 'gm'))];
    const [first] = matches;
    if (first === undefined || matches.length > 1) {
      const lines = matches.map((match) => lineOf(opened.text, match.index)).join(', ');
      return [{
        message: `/${it.pattern}/ matches ${matches.length} times, not once`
          + (lines === '' ? '' : ` (lines ${lines})`),
        place: it.file,
        fix: 'Correct the pattern in package.versions; its one group captures the version.',
      }];
    }
    const found = first[1] ?? first[0];
    return found === version ? [] : [{
      message: `says version ${JSON.stringify(found)}, but the tag says ${version}`,
      place: `${it.file}:${lineOf(opened.text, first.index)}`,
      fix: 'Set the version in the source before tagging, or let a recipe step `set` it.',
    }];
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
