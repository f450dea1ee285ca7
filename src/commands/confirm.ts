import { SeatrialError } from '../errors.ts';
import { plainLine } from '../report/text.ts';
import type { Acting } from './transaction.ts';

export interface Question {
  /** What will happen, in one sentence. Texts may come from a host. */
  readonly headline: string;
  /** What it means, by a word each. */
  readonly means: Readonly<Record<string, string>>;
  /** The words of which one is to be typed. */
  readonly words: readonly string[];
}

const triesMax = 3;
const wordColumns = 14;

/**
 * Asks the person at the terminal to type what it is about, not just a key: who answers by habit
 * has read nothing. Gives how it was answered, for the records; undefined where nobody is there to
 * be asked, and for staging, which nobody would miss. Anything but the word, three times, is
 * `cancelled`, as are an empty line and Ctrl-C.
 */
export async function confirm({ options, world }: Pick<Acting, 'options' | 'world'>,
  { headline, means, words }: Question): Promise<string | undefined> {
  if (options.host !== 'production') return undefined;
  if (options.yes) return `confirmed by ${world.by} with --yes`;
  if (world.ask === undefined) return undefined;
  // The live line would be drawn over the question.
  world.report({ kind: 'activity', text: '' });
  const known = words.map(plainLine);
  const rows = Object.entries(means).map(([what, text]) =>
    `  ${what.padEnd(wordColumns)}${plainLine(text)}\n`);
  let text = `\n${plainLine(headline)}\n${rows.join('')}`;
  for (let tries = 1; tries <= triesMax; tries += 1) {
    const answer = (await world.ask(`${text}Type ${known.join(' or ')} to go on: `)).trim();
    if (known.includes(answer)) return `confirmed by ${world.by} at the terminal`;
    if (answer === '') break;
    text = `${plainLine(answer)} is not what was asked for. `;
  }
  throw new SeatrialError('cancelled', [{
    message: 'it was not confirmed', fix: 'Nothing was touched.' }]);
}
