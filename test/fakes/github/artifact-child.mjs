// A job's process that uses GitHub's own artifact library, as our action does:
//   node artifact-child.mjs upload FILE | zip FILE | fetch ID DIRECTORY | internal ID DIRECTORY
// The last line of its output is JSON.
import { dirname } from 'node:path';
import { DefaultArtifactClient } from '@actions/artifact';

const client = new DefaultArtifactClient();
const [verb, what, directory] = process.argv.slice(2);
const [owner, name] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
const findBy = { token: process.env.TOKEN, repositoryOwner: owner, repositoryName: name,
  workflowRunId: Number(process.env.GITHUB_RUN_ID) };

async function act() {
  switch (verb) {
    case 'upload': return client.uploadArtifact('ignored', [what], dirname(what),
      { skipArchive: true });
    case 'zip': return client.uploadArtifact('zipped', [what], dirname(what));
    case 'fetch': return client.downloadArtifact(Number(what), { path: directory, findBy,
      expectedHash: process.env.EXPECTED });
    case 'internal': return client.downloadArtifact(Number(what), { path: directory });
    case 'list': return client.listArtifacts(what === 'rest' ? { findBy } : {});
    default: throw new Error(`no verb ${verb}`);
  }
}

try {
  console.log(`\n${JSON.stringify({ ok: await act() })}`);
} catch (cause) {
  console.log(`\n${JSON.stringify({ error: cause.message })}`);
}
