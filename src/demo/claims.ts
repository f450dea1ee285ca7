import { SeatrialError } from '../errors.ts';

/**
 * What the demonstration says has been looked at; what is not so ends it, never a footnote.
 * `seen` tells what was there instead.
 */
export function claim(holds: boolean, text: string, seen = ''): asserts holds {
  if (holds) return;
  throw new SeatrialError('needs-human', [{
    message: `this is not so: ${text}${seen === '' ? '' : ` (${seen})`}`,
    place: 'demo',
    fix: 'The demonstration ended here. Read the logs in its directory, and report it.',
  }]);
}

export function claimEqual(found: string | number, expected: string | number, text: string): void {
  claim(found === expected, text, `expected ${expected}, found ${found}`);
}
