import type { HostFound } from './host-found.ts';
import { oneLine } from './lines.ts';

/** A rehearsal needs on staging what production has: a note where it has not. */
export function missingUnits(production: HostFound | undefined, staging: HostFound | undefined):
string[] {
  if (production === undefined || staging === undefined) return [];
  const names = production.units.filter((it) =>
    !staging.units.some((other) => other.name === it.name)).map((it) => it.name);
  // Names are a host's, and the note goes to a terminal as it is.
  return names.length === 0 ? [] : [oneLine(`staging does not have ${names.join(', ')}, which ` +
    'production has: where one belongs to the application, install it there too')];
}
