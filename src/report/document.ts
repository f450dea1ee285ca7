/**
 * A report for people as data: one content, rendered for a terminal, for Markdown and as a page.
 * Texts may come from elsewhere; each renderer makes them harmless in its own way.
 */
export interface ReportDocument {
  readonly title: string;
  readonly isGood: boolean;
  /** The verdict in one sentence. */
  readonly headline: string;
  /** What it was about, in one sentence. */
  readonly about: string;
  /** Why it was refused, a sentence each. */
  readonly reasons: readonly string[];
  /** What a person decides by, a line each. */
  readonly glance: readonly GlanceRow[];
  readonly sections: readonly Section[];
}

export type Mark = 'good' | 'bad' | 'warn' | 'plain';

export interface GlanceRow {
  readonly what: string;
  readonly text: string;
  readonly mark: Mark;
}

export interface Section {
  /** `[a-z-]+`, unique. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string; readonly mark: Mark }
  | { readonly kind: 'list'; readonly items: readonly string[]; readonly mark: Mark }
  | Table
  | { readonly kind: 'code'; readonly text: string };

export interface Table {
  readonly kind: 'table';
  /** As many as each row has cells. */
  readonly head: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Column {
  readonly title: string;
  readonly isNumber: boolean;
}

export interface Cell {
  readonly text: string;
  readonly mark: Mark;
}

export function text(content: string, mark: Mark = 'plain'): Block {
  return { kind: 'text', text: content, mark };
}

/** Nothing where there is nothing to list. */
export function list(items: readonly string[], mark: Mark = 'plain'): Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items, mark }];
}

/** Columns whose title begins with `#` hold numbers. Nothing where there are no rows. */
export function table(
  head: readonly string[], rows: readonly (readonly (string | Cell)[])[],
): Block[] {
  return rows.length === 0 ? [] : [{
    kind: 'table',
    head: head.map((it) => ({ title: it.replace(/^#/, ''), isNumber: it.startsWith('#') })),
    rows: rows.map((row) => row.map((it) =>
      typeof it === 'string' ? { text: it, mark: 'plain' } : it)),
  }];
}

export function cell(content: string, mark: Mark): Cell {
  return { text: content, mark };
}
