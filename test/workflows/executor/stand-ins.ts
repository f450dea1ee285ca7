import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Builtin, BuiltinCall } from './builtins.ts';
import { NotSupported, StepError } from './errors.ts';
import { wordsOf } from './expressions.ts';
import type { AttestRequest, WorkflowServer } from './server.ts';

/** The node that actions run with is the executor's; scripts find theirs in PATH. */
export const setupNode: Builtin = {
  inputs: { 'node-version': '', 'node-version-file': '', cache: '', 'package-manager-cache': '' },
  main: () => Promise.resolve(),
};

/** `actions/attest`: who stands in for sigstore makes the bundle; else it is only recorded. */
export function attest(server: WorkflowServer): Builtin {
  return {
    inputs: {
      'subject-path': '', 'subject-digest': '', 'subject-name': '', 'subject-checksums': '',
      'predicate-type': '', predicate: '', 'predicate-path': '', 'show-summary': 'true',
      'github-token': '',
    },
    main: async (call) => {
      const { permissions, directories, identity, claims } = call.facts;
      if (permissions['id-token'] !== 'write') {
        throw new StepError('Failed to get ID token: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL '
          + 'env variable. Is the `id-token: write` permission set?');
      }
      if (permissions.attestations !== 'write') {
        throw new StepError('Failed to persist attestation: Resource not accessible by '
          + 'integration. Is the `attestations: write` permission set?');
      }
      const request: AttestRequest = {
        job: identity, claims, repository: wordsOf(call.github.repository),
        subjects: subjectsOf(call), predicateType: call.inputs['predicate-type'] ?? '',
        predicate: predicateOf(call),
        token: call.inputs['github-token'] || wordsOf(call.github.token),
      };
      const reply = await server.attest?.(request)
        ?? { bundle: JSON.stringify(request), attestationId: '1', attestationUrl: '' };
      const path = join(directories.temp, `attestation-${randomUUID()}.json`);
      writeFileSync(path, reply.bundle);
      call.output('bundle-path', path);
      call.output('attestation-id', reply.attestationId);
      call.output('attestation-url', reply.attestationUrl);
    },
  };
}

function subjectsOf({ inputs, facts }: BuiltinCall): AttestRequest['subjects'] {
  const paths = (inputs['subject-path'] ?? '').split(/[\n,]/).map((each) => each.trim())
    .filter((each) => each !== '');
  const digest = inputs['subject-digest'] ?? '';
  if ((inputs['subject-checksums'] ?? '') !== '') throw new NotSupported('subject-checksums');
  if ((paths.length > 0) === (digest !== '')) {
    throw new StepError('One of subject-path, subject-digest, or subject-checksums must be '
      + 'provided');
  }
  if (digest !== '') {
    const sha256 = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (sha256 === undefined) {
      throw new StepError('subject-digest must be in the format "sha256:<hex-digest>"');
    }
    return [{ name: inputs['subject-name'] ?? '', sha256 }];
  }
  return paths.map((each) => {
    if (/[*?[]/.test(each)) throw new NotSupported(`a pattern in subject-path: ${each}`);
    const path = resolve(facts.directories.workspace, each);
    if (!existsSync(path)) throw new StepError(`Could not find subject at path ${each}`);
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    return { name: basename(path), sha256 };
  });
}

function predicateOf({ inputs, facts }: BuiltinCall): string {
  const path = inputs['predicate-path'] ?? '';
  if (path === '') return inputs.predicate ?? '';
  return readFileSync(resolve(facts.directories.workspace, path), 'utf8');
}
