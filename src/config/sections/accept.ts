import { differenceKinds, type AcceptedDifference } from '../config.ts';
import { list } from '../shape/collections.ts';
import { object, required } from '../shape/object.ts';
import { choice, text } from '../shape/scalars.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { stateName } from './state-common.ts';
import { reason } from './values.ts';

const accepted: Shape<AcceptedDifference> = mapped(object<AcceptedDifference>({
  state: required(stateName, 'Name of the state.'),
  object: required(text({ expects: 'a name or a glob such as public.sessions', charactersMax: 1000 }),
    'Glob of names of tables, columns, files: as the comparison prints them.'),
  difference: required(choice(differenceKinds), 'What may differ.'),
  reason: required(reason, 'Why nothing is lost by it; goes into the receipt.'),
}, { expects: 'the keys state, object, difference, reason' }), (it, at) => {
  at.report.mark({ role: 'accepted', value: it.state, path: at.path, place: at.place });
  return it;
});

/** Differences that a rehearsal may find; everything else that is lost refuses. */
export const accept: Shape<readonly AcceptedDifference[]> = list(accepted, {
  expects: 'a list of { state, object, difference, reason }',
});
