import type { ApprovalConfig } from '../config.ts';
import { forms } from '../shape/collections.ts';
import { object, required } from '../shape/object.ts';
import { choice, replying } from '../shape/scalars.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { reason } from './values.ts';

const expects = 'reviewers, confirm or { external: reason }';

const asked: Shape<ApprovalConfig> = mapped(
  replying(choice(['reviewers', 'confirm']), {
    external: { message: 'needs a reason', fix: 'Write approval: { external: reason }.' },
    none: {
      message: 'cannot be none',
      fix: 'Leave the key out, or write who approves instead: { external: reason }.',
    },
  }), (kind) => ({ kind }));

const external: Shape<ApprovalConfig> = mapped(object<{ external: string }>({
  external: required(reason, 'Who or what approves instead; goes into every record.'),
}, { expects: 'the key external' }), (it) => ({ kind: 'external', reason: it.external }));

export const approval: Shape<ApprovalConfig> = forms<ApprovalConfig>({
  expects, scalar: asked, map: external,
});
