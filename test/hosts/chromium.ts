import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** A real Chromium without a window, driven by its own protocol over a pipe: no server, no port. */
export interface Chromium {
  /** Sends one command of the protocol to the page and waits for its answer. */
  send(method: string, parameters?: object): Promise<Record<string, unknown>>;
  /** All events of the page so far that have this name. */
  events(method: string): readonly Record<string, unknown>[];
  /** The value of an expression, which must be JSON. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Opens a file at a size of the window, in one of the two colour schemes. */
  open(file: string, look: Look): Promise<void>;
  close(): Promise<void>;
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

type Answer = (message: Message) => void;

const answerMs = 30_000;

export async function openChromium(): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), 'seatrial-chromium-'));
  const child = spawn('chromium', [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-extensions',
    `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank',
  ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
  const [, , , input, output] = child.stdio;
  const wire = openWire(input as Writable, output as Readable);
  const { targetInfos } = await wire.send('Target.getTargets') as
    { targetInfos: { type: string; targetId: string }[] };
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId;
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true });
  const send: Chromium['send'] = (method, parameters) =>
    wire.send(method, parameters, String(sessionId));
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`);
  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const { result, exceptionDetails } = await send('Runtime.evaluate',
      { expression, returnByValue: true }) as
      { result: { value: Value }; exceptionDetails?: object };
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  return {
    send, evaluate, events: wire.events,
    open: async (file, look) => {
      await show(send, look);
      const before = wire.events('Page.loadEventFired').length;
      await send('Page.navigate', { url: `file://${file}` });
      await until(() => wire.events('Page.loadEventFired').length > before, file);
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function show(send: Chromium['send'], { width, height, scheme }: Look): Promise<void> {
  await send('Emulation.setDeviceMetricsOverride',
    { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  await send('Emulation.setEmulatedMedia',
    { features: [{ name: 'prefers-color-scheme', value: scheme }] });
}

interface Wire {
  readonly send: (method: string, parameters?: object, sessionId?: string) =>
  Promise<Record<string, unknown>>;
  readonly events: (method: string) => Record<string, unknown>[];
}

/** Messages are JSON with a NUL after each. */
function openWire(input: Writable, output: Readable): Wire {
  const waiting = new Map<number, Answer>();
  const events: Message[] = [];
  let rest = '';
  let last = 0;
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const texts = (rest + chunk).split('\0');
    rest = texts.pop() ?? '';
    for (const message of texts.map((text) => JSON.parse(text) as Message)) {
      if (message.id === undefined) events.push(message);
      else waiting.get(message.id)?.(message);
    }
  });
  input.on('error', () => undefined);
  return {
    events: (method) => events.filter((it) => it.method === method).map((it) => it.params ?? {}),
    send: (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
      last += 1;
      const id = last;
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), answerMs);
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    }),
  };
}

async function until(is: () => boolean, what: string): Promise<void> {
  const end = Date.now() + answerMs;
  while (!is()) {
    if (Date.now() > end) throw new Error(`${what} was not loaded`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
