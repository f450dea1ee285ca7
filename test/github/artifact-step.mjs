// A step of a job, in a process of its own, since the artifact library reads the environment:
//   node artifact-step.mjs FOLDER upload FILE...
// FOLDER holds src as JavaScript. The last line of the output is JSON; all else is the log.
const [folder, verb, ...files] = process.argv.slice(2);
const { openArtifacts } = await import(`${folder}/github/artifacts.js`);

const job = { github: { repository: { owner: 'octo', name: 'guestbook' },
  serverUrl: 'https://github.com' }, runId: 7, ref: 'refs/tags/v1.2.0' };
const { RETENTION: days } = process.env;
const artifacts = openArtifacts(job, { environment: process.env,
  ...(days === undefined ? {} : { retentionDays: Number(days) }) });

async function act() {
  if (verb !== 'upload') throw new Error(`no verb ${verb}`);
  const made = [];
  for (const file of files) {
    process.stdout.write(`before ${file}\n`);
    made.push(await artifacts.upload(file));
  }
  return made;
}

const answer = await act().then((ok) => ({ ok }), (error) => ({
  error: error.message, kind: error.kind ?? `bug: ${error.stack}` }));
process.stdout.write(`${JSON.stringify(answer)}\n`);
