/** A place in the queue; `leave` gives it up, reached or not, and may be repeated. */
export interface Place {
  readonly reached: Promise<void>;
  leave(): void;
}

/** Lets `places` callers in at once, the others wait in order. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  enter(): Place {
    let admit = (): void => undefined;
    const reached = new Promise<void>((resolve) => { admit = resolve; });
    this.#waiting.push(admit);
    this.#advance();
    let left = false;
    return {
      reached,
      leave: () => {
        if (left) return;
        left = true;
        const index = this.#waiting.indexOf(admit);
        if (index >= 0) this.#waiting.splice(index, 1);
        else this.#free += 1;
        this.#advance();
      },
    };
  }

  #advance(): void {
    while (this.#free > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#free -= 1;
      next();
    }
  }
}
