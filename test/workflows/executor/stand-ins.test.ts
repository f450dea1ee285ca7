import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { open, ran, steps } from './fixture.ts';
import { NoServer } from './no-server.ts';
import type { AttestRequest } from './server.ts';

const checkout = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
const said = (log: string) => log.split('\n').filter((line) => line.startsWith('> '));

describe('actions/checkout', () => {
  it('fetches one commit and the pushed tag as it is on the remote', async () => {
    const run = await ran({ 'file.txt': 'x', ...steps([
      `- { id: c, uses: ${checkout} }`,
      '- run: echo "> $(cat file.txt) $(git cat-file -t v1) $(git tag)"',
      '- run: echo "> $(git rev-list --count HEAD) [$(git branch --show-current)]"',
      '- run: test "$(git rev-parse HEAD)" = "$GITHUB_SHA"',
      '- run: test "${{ steps.c.outputs.commit }}" = "$GITHUB_SHA"',
      '- run: git ls-remote --exit-code origin refs/tags/v1',
    ].join('\n')) });
    expect(said(run.job('it').log)).toEqual(['> x tag v1', '> 1 []']);
    expect(run.conclusion).toBe('success');
  });

  it('fetches all with depth 0, another ref, another folder', async () => {
    const { github, repository } = open({ a: '1', ...steps([
      `- { uses: ${checkout}, with: { fetch-depth: 0, path: here } }`,
      '- run: echo "> $(git rev-list --count --all) $(git tag | wc -l)"',
      '  working-directory: here',
      `- { uses: ${checkout}, with: { ref: refs/heads/main, path: there } }`,
      '- { run: "echo \\"> $(cat a) $(git branch --show-current)\\"", working-directory: there }',
    ].join('\n')) });
    repository.push({ a: '2' }, 'v2');
    const run = await (await github.push('refs/tags/v1')).ended();
    expect(said(run.job('it').log)).toEqual(['> 2 2', '> 2 main']);
  });

  it('fails where the tag has moved since the run began', async () => {
    const { github, repository } = open({ ...steps(`- run: sleep 0.4\n- uses: ${checkout}`) });
    const run = await github.push('refs/tags/v1');
    repository.push({ a: '2' });
    repository.git('tag', '--force', 'v1');
    await run.ended();
    expect(run.job('it').annotations[0]?.message).toContain('may have been updated after');
  });

  it('leaves the token to git until the job’s end, unless told not to', async () => {
    const run = await ran(steps([
      `- { uses: ${checkout} }`,
      '- run: git config --get-all http.https://github.com/.extraheader | grep -c basic',
      `- { uses: ${checkout}, with: { path: bare, persist-credentials: false } }`,
      '- { run: "! git config --get-all http.https://github.com/.extraheader",',
      '  working-directory: bare }',
      '- run: grep -r extraheader .git && exit 1; ls "$RUNNER_TEMP" | grep -c git-credentials',
    ].join('\n')));
    expect(run.conclusion).toBe('success');
    expect(run.job('it').log).not.toContain(Buffer.from('x-access-token:ghs').toString('base64'));
  });

  it('takes another repository from a folder that the test names', async () => {
    const { repository } = open({ who: 'other', ...steps('- run: "true"') });
    const run = await ran(steps(`- uses: ${checkout}\n  with: { repository: acme/kit, `
      + 'ref: refs/tags/v1, path: kit }\n- run: echo "> $(cat kit/who)"'),
    { folders: { 'acme/kit': repository.bare } });
    expect(said(run.job('it').log)).toEqual(['> other']);
  });
});

describe('actions/attest', () => {
  const attest = (given: string) => steps([
    '- run: printf abc > a.tar', `- { id: t, uses: actions/attest@v4, with: { ${given} } }`,
    '- env: { ID: "${{ steps.t.outputs.attestation-id }}" }',
    '  run: echo "> $ID $(cat ${{ steps.t.outputs.bundle-path }})"',
  ].join('\n'),
  'permissions: { id-token: write, attestations: write }');
  const sha256 = createHash('sha256').update('abc').digest('hex');

  it('hands subjects, claims and predicate to who stands in for sigstore', async () => {
    const asked: AttestRequest[] = [];
    const server = Object.assign(new NoServer(), {
      attest: (request: AttestRequest) => {
        asked.push(request);
        return Promise.resolve({ bundle: '{}', attestationId: '42', attestationUrl: 'u' });
      },
    });
    const run = await ran(attest("subject-path: a.tar, predicate-type: 'https://x/y', "
      + "predicate: '{}'"), { server });
    expect(said(run.job('it').log)).toEqual(['> 42 {}']);
    expect(asked[0]).toMatchObject({
      repository: 'octo/app', subjects: [{ name: 'a.tar', sha256 }], predicate: '{}',
      predicateType: 'https://x/y', claims: { sub: 'repo:octo/app:ref:refs/tags/v1' },
    });
  });

  it('fails without permissions, without a subject, and for one that is not there', async () => {
    const { '.github/workflows/ci.yml': text = '' } = attest('subject-path: a.tar');
    const of = (from: string, to: string) =>
      ran({ '.github/workflows/ci.yml': text.replace(from, to) });
    const messages = [];
    for (const [from, to] of [['id-token: write, ', ''], [', attestations: write', ''],
      ['subject-path: a.tar', ''], ['path: a.tar', 'path: b.tar']] as const) {
      messages.push((await of(from, to)).job('it').annotations[0]?.message);
    }
    expect(messages).toEqual([
      expect.stringContaining('id-token: write'), expect.stringContaining('attestations: write'),
      expect.stringContaining('must be provided'), expect.stringContaining('b.tar'),
    ]);
  });
});

describe('a stand-in of the test', () => {
  it('takes the place of any foreign action', async () => {
    const run = await ran(steps('- { id: s, uses: acme/say@v9, with: { word: hi } }\n'
      + '- run: echo "> ${{ steps.s.outputs.said }}"'), { builtins: { 'Acme/Say': {
      inputs: { word: '' },
      main: (call) => Promise.resolve(call.output('said', `${call.inputs.word}!`)),
    } } });
    expect(said(run.job('it').log)).toEqual(['> hi!']);
  });
});
