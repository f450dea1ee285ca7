import type { Rehearsal } from '../trial/rehearsal.ts';
import type { Block, Cell, ReportDocument, Section } from './document.ts';
import { fenced, few, githubLimitBytes, inert, sizes, type Size } from './markdown.ts';
import { rehearsalDocument } from './rehearsal-document.ts';
import { plainLines } from './text.ts';

export interface RehearsalMarkdown {
  readonly limitBytes?: number;
  /** Markdown of our own, put below the verdict as it is. */
  readonly below?: string;
}

/**
 * A rehearsal as the job summary that the approver reads. Texts from elsewhere have no effect in
 * it. Where it would be over the limit, rows in the middle of lists and ends of texts go, and it
 * says so.
 */
export function rehearsalMarkdown(rehearsal: Rehearsal,
  { limitBytes = githubLimitBytes, below = '' }: RehearsalMarkdown = {}): string {
  const content = rehearsalDocument(rehearsal);
  for (const [rows = 0, characters = 0] of sizes) {
    const text = render(content, { rows, characters }, below);
    if (Buffer.byteLength(text) <= limitBytes) return text;
  }
  const verdict = `## ${inert(content.headline, 80)}\n\n`
    + '_Left out: all else was over the limit._\n';
  return Buffer.byteLength(verdict) <= limitBytes ? verdict : '';
}

function render(content: ReportDocument, size: Size, below: string): string {
  const text = (value: string): string => inert(value, size.characters);
  const { headline, about, reasons, glance, sections } = content;
  return [
    `## ${text(headline)}`,
    text(about),
    ...below === '' ? [] : [below],
    ...reasons.length === 0 ? [] : ['**Why:**', items(reasons, size)],
    ['| | |', '|---|---|', ...glance.map((row) =>
      `| ${text(row.what)} | ${cellText(row, text)} |`)].join('\n'),
    ...sections.flatMap((section) => sectionText(section, size)),
  ].join('\n\n') + '\n';
}

function sectionText({ title, blocks }: Section, size: Size): string[] {
  return [`### ${inert(title, size.characters)}`, ...blocks.map((it) => blockText(it, size))];
}

function blockText(block: Block, size: Size): string {
  const text = (value: string): string => inert(value, size.characters);
  switch (block.kind) {
    case 'text': return cellText(block, text);
    case 'list': return items(block.items, size);
    case 'code': return fenced(plainLines(block.text), size, '');
    case 'table': return [
      row(block.head.map(({ title }) => text(title))),
      `|${block.head.map(({ isNumber }) => isNumber ? '--:' : '---').join('|')}|`,
      ...few(block.rows, size).map((cells) => row(typeof cells === 'string'
        ? block.head.map((_, at) => at === 0 ? cells : '')
        : cells.map((it) => cellText(it, text)))),
    ].join('\n');
    default: return block satisfies never;
  }
}

function items(texts: readonly string[], size: Size): string {
  return few(texts.map((text) => ({ text })), size)
    .map((it) => `- ${typeof it === 'string' ? it : inert(it.text, size.characters)}`).join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** What is bad is strong: Markdown has no colours. */
function cellText({ text: value, mark }: Cell, text: (value: string) => string): string {
  const shown = text(value).trim();
  return mark === 'bad' && shown !== '' ? `**${shown}**` : shown;
}
