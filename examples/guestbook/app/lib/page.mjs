import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const templates = join(import.meta.dirname, '..', 'templates');
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => entities[character]);
}

/** Fills `templates/<name>.html`: `{{key}}` is escaped, `{{{key}}}` is HTML already. */
export function page(name, values) {
  const text = readFileSync(join(templates, `${name}.html`), 'utf8');
  return text.replace(/\{\{\{(\w+)\}\}\}|\{\{(\w+)\}\}/g, (_, raw, plain) =>
    raw === undefined ? escape(values[plain] ?? '') : String(values[raw] ?? ''));
}
