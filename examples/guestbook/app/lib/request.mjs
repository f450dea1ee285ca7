const bodyBytesMax = 5 * 1024 * 1024;
const messageCharactersMax = 10_000;

/** An answer other than 200 that is the client's doing. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Refusal(413, `more than ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readFields(request) {
  const type = request.headers['content-type'] ?? '';
  const body = await readBody(request);
  try {
    if (type.startsWith('application/json')) return JSON.parse(body.toString('utf8'));
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    return Object.fromEntries(form);
  } catch {
    throw new Refusal(400, 'the body is neither JSON nor a form');
  }
}

async function readUpload(upload) {
  if (upload === undefined || upload === null || upload === '' || upload.size === 0) {
    return undefined;
  }
  const isFile = upload instanceof Blob;
  const name = String(upload.name ?? '').replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '');
  if (name === '') throw new Refusal(400, 'the upload has no name');
  const bytes = isFile
    ? Buffer.from(await upload.arrayBuffer()) : Buffer.from(String(upload.base64), 'base64');
  return { name: name.slice(-80), bytes };
}

/**
 * Reads a new entry out of a form or out of JSON (`{ name, message, upload: { name, base64 } }`).
 * @returns the fields as text, and the upload as `{ name, bytes }` or undefined
 */
export async function readEntryRequest(request) {
  const { upload, ...fields } = await readFields(request) ?? {};
  for (const field of ['name', 'message']) {
    if (typeof fields[field] !== 'string' || fields[field].trim() === '') {
      throw new Refusal(400, `'${field}' is missing`);
    }
  }
  if (fields.message.length > messageCharactersMax) throw new Refusal(400, 'too long');
  return { fields, upload: await readUpload(upload) };
}
