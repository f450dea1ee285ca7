export type Tone = 'plain' | 'good' | 'bad' | 'warn' | 'strong' | 'faint';

const codes: Record<Tone, string> = {
  plain: '', good: '32', bad: '31', warn: '33', strong: '1', faint: '2',
};

export type Paint = (text: string, tone: Tone) => string;

/** Colours a text that is already plain; the identity where colours are not wanted. */
export function paintWith(color: boolean): Paint {
  return (text, tone) => !color || tone === 'plain' || text === ''
    ? text : `\u001b[${codes[tone]}m${text}\u001b[0m`;
}
