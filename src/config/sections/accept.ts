import { differenceKinds, type AcceptedDifference } from '../config.ts';
import { list } from '../shape/collections.ts';
import { object, required } from '../shape/object.ts';
import { choice, text } from '../shape/scalars.ts';
import type { Shape } from '../shape/shape.ts';
import { namedState } from './state-common.ts';
import { reason } from './values.ts';

const objectGlob = text({
  expects: 'a name or a glob such as public.sessions', charactersMax: 1000,
});

const accepted = object<AcceptedDifference>({
  state: required(namedState({ role: 'accepted' }), 'Name of the state.'),
  object: required(objectGlob,
    'Glob of names of tables, columns, files: as the comparison prints them.'),
  difference: required(choice(differenceKinds), 'What may differ.'),
  reason: required(reason, 'Why nothing is lost by it; goes into the receipt.'),
}, { expects: 'the keys state, object, difference, reason' });

/** Differences that a rehearsal may find; everything else that is lost refuses. */
export const accept: Shape<readonly AcceptedDifference[]> = list(accepted, {
  expects: 'a list of { state, object, difference, reason }',
});
