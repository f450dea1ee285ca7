import { createHash } from 'node:crypto';
import type { Rehearsal } from '../trial/rehearsal.ts';
import type { Block, Cell, ReportDocument, Section, Table } from './document.ts';
import { pageStyle } from './page-style.ts';
import { rehearsalDocument } from './rehearsal-document.ts';
import { plainLine, plainLines } from './text.ts';

const rowsMax = 400;
const codeLinesMax = 5000;

/**
 * A rehearsal as one page that needs nothing else: no script, no picture, nothing from any
 * network, and a policy that says so. It may be kept as a file and sent by mail.
 */
export function rehearsalPage(rehearsal: Rehearsal): string {
  const content = rehearsalDocument(rehearsal);
  const hash = createHash('sha256').update(pageStyle).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; `
    + 'base-uri \'none\'; form-action \'none\'';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${line(content.title)}</title>
<style>${pageStyle}</style>
</head>
<body>
${body(content)}
</body>
</html>
`;
}

function body(content: ReportDocument): string {
  const { headline, about, reasons, glance, sections } = content;
  return [
    `<header class="${content.isGood ? 'good' : 'bad'}">`,
    `<h1>${line(headline)}</h1>`, `<p>${line(about)}</p>`, '</header>',
    '<main>',
    ...reasons.length === 0 ? []
      : [`<ol class="why">${few(reasons).map((it) => `<li>${line(it)}</li>`).join('\n')}</ol>`],
    `<dl>${glance.map((it) =>
      `<dt>${line(it.what)}</dt><dd${marked(it)}>${line(it.text)}</dd>`).join('\n')}</dl>`,
    `<nav aria-label="Sections">${sections.map(({ id, title }) =>
      `<a href="#${id}">${line(title)}</a>`).join('\n')}</nav>`,
    ...sections.map(sectionText),
    '</main>',
  ].join('\n');
}

function sectionText({ id, title, blocks }: Section): string {
  return `<section id="${id}" aria-labelledby="${id}-title">\n`
    + `<h2 id="${id}-title">${line(title)}</h2>\n${blocks.map(blockText).join('\n')}\n</section>`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'text': return `<p${marked(block)}>${line(block.text)}</p>`;
    case 'list': return `<ul${marked(block)}>${few(block.items).map((it) =>
      `<li>${line(it)}</li>`).join('\n')}</ul>`;
    // It can be scrolled, so it must be reachable by the keyboard.
    case 'code': return `<pre tabindex="0">${codeText(block.text)}</pre>`;
    case 'table': return tableText(block);
    default: return block satisfies never;
  }
}

function tableText({ head, rows }: Table): string {
  const labels = head.map(({ title }) => line(title));
  const type = (at: number): string => head[at]?.isNumber === true ? 'number' : '';
  const left = rows.length - rowsMax;
  // Steps and their times stay side by side on a phone too.
  const isShort = head.length === 2 && head[1]?.isNumber === true;
  return [`<table${classes(isShort ? 'short' : '')}>`,
    `<thead><tr>${labels.map((it, at) => `<th scope="col"${classes(type(at))}>${it}</th>`)
      .join('')}</tr></thead>`, '<tbody>',
    ...rows.slice(0, rowsMax).map((row) => `<tr>${row.map((it, at) =>
      `<td data-label="${labels[at] ?? ''}"${classes(type(at), markOf(it))}>${spanned(it)}</td>`)
      .join('')}</tr>`),
    '</tbody>', '</table>',
    ...left > 0 ? [`<p class="warn">${left} more rows are not shown here.</p>`] : [],
  ].join('\n');
}

/** On a phone a cell is a row of its label and its text: the text must be one element. */
function spanned({ text }: Cell): string {
  const shown = line(text);
  return shown === '' ? '' : `<span>${shown}</span>`;
}

function codeText(text: string): string {
  const lines = plainLines(text);
  const left = lines.length - codeLinesMax;
  const shown = lines.slice(0, codeLinesMax).map(escape);
  return [...shown, ...left > 0 ? [`... ${left} more lines are not shown here ...`] : []]
    .join('\n');
}

function few(texts: readonly string[]): string[] {
  const left = texts.length - rowsMax;
  return [...texts.slice(0, rowsMax), ...left > 0 ? [`${left} more are not shown here`] : []];
}

function marked({ mark }: { mark: Cell['mark'] }): string {
  return classes(markOf({ mark }));
}

function markOf({ mark }: { mark: Cell['mark'] }): string {
  return mark === 'plain' ? '' : mark;
}

function classes(...names: readonly string[]): string {
  const all = names.filter((it) => it !== '');
  return all.length === 0 ? '' : ` class="${all.join(' ')}"`;
}

/** A text as one line without controls, and without any meaning in HTML. */
function line(text: string): string {
  return escape(plainLine(text));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;', '`': '&#96;',
};

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}
