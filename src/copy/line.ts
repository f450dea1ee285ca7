import type { Transport } from '../host/transport.ts';

/** One of the two hosts, which can be opened again where its connection is lost. */
export interface CopyHost {
  /** `production (deploy@www.example.org)` */
  readonly name: string;
  open(): Promise<Transport>;
}

const probeTimeoutMs = 20_000;

/** The connection in force; the first one is the caller's, what is opened here is closed here. */
export class Line {
  readonly name: string;
  readonly #host: CopyHost;
  readonly #own: Transport[] = [];
  #transport: Transport;

  constructor(host: CopyHost, transport: Transport) {
    this.name = host.name;
    this.#host = host;
    this.#transport = transport;
  }

  get transport(): Transport {
    return this.#transport;
  }

  /** Throws SeatrialError `refused` where the host cannot be reached again. */
  async mend(): Promise<void> {
    const { outcome } = await this.#transport.run({ argv: ['true'] },
      { timeoutMs: probeTimeoutMs });
    if (outcome.kind === 'exited') return;
    this.#transport = await this.#host.open();
    this.#own.push(this.#transport);
  }

  async close(): Promise<void> {
    await Promise.all(this.#own.map(async (it) => await it.close()));
  }
}
