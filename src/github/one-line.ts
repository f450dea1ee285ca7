import { plainLine } from '../report/text.ts';

/**
 * Text of people on GitHub (a login, a comment) as one plain line that no log and no terminal
 * obeys, wherever in another line it is put; at most so many characters.
 */
export function oneLine(text: string, charactersMax: number): string {
  const line = plainLine(text).replace(/:(?=:)/g, ': ');
  const characters = [...line];
  return characters.length <= charactersMax
    ? line : `${characters.slice(0, charactersMax - 3).join('')}...`;
}
