import { SeatrialError } from '../errors.ts';
import type { Result } from '../commands/world.ts';

/** Outputs of a step by name; GitHub's are texts, and one that is not known is not set. */
export type Outputs = Readonly<Record<string, string>>;

/**
 * What every command tells the steps after it. Files are named by path; where the server keeps
 * artifacts, their references take the place of the paths (hand-over.ts).
 */
export function outputsOf(result: Result): Outputs {
  switch (result.kind) {
    case 'printed': return { end: 'done' };
    case 'packaged': {
      const { manifest, unchanged, archive } = result.made;
      return { end: unchanged ? 'unchanged' : 'done', version: manifest.version,
        digest: manifest.archive.sha256, archive, release: archive };
    }
    case 'page': return { end: result.found.done === 'unchanged' ? 'unchanged' : 'done',
      url: result.found.url };
    case 'rehearsal': {
      const { rehearsal, receipt } = result;
      return { end: rehearsal.verdict === 'passed' ? 'done' : 'refused',
        version: rehearsal.release.version, digest: rehearsal.release.digest,
        receipt, 'receipt-path': receipt,
        ...seconds(rehearsal.forecast?.high ?? rehearsal.windowSeconds) };
    }
    case 'summary': {
      const { summary } = result;
      return { end: summary.end, ...ifPlain('version', summary.version),
        ...ifPlain('digest', summary.digest), ...seconds(summary.windowSeconds) };
    }
  }
}

/** A failure is told too: what comes after may look at `end` with `if: always()`. */
export function outputsOfError(error: unknown): Outputs {
  return { end: error instanceof SeatrialError ? error.kind : 'internal-error' };
}

/** As a version and a digest are made; a host that lies may tell anything as what it has. */
const plain = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}$/;

/** Workflows put outputs into scripts: one that is more than a word is not set. */
function ifPlain(name: string, value: string | undefined): Outputs {
  return value === undefined || !plain.test(value) ? {} : { [name]: value };
}

function seconds(value: number | null | undefined): Outputs {
  return value === null || value === undefined ? {} : { 'window-seconds': String(value) };
}
