// SPDX-License-Identifier: Apache-2.0
// When the doors stand and when they sleep. Whoever needs them holds them awake; when nobody does and nothing is
// protected for a while, they go. All that attaches, proves or detaches happens in turn, one after the other.

/** The doors, as far as sleeping goes. */
export interface Sleeper {
  readonly awake: boolean;
  /** Something is protected, or the doors are to stand in any case. */
  isNeeded(): boolean;
  /** Attaches and proves what is not. Returns why the guards are not whole; [] if they are. */
  wake(): Promise<string[]>;
  /** Detaches, as long as `still` says that nobody needs the doors; what is off then is left to the next wake(). */
  sleep(still: () => boolean): Promise<void>;
}

/** How often the doors look whether they are needed; nothing of this runs while they sleep. */
const lookMs = 1_000;

/** A command that ends and is started again need not pay for detaching and proving. */
const graceLooks = 5;

/** After a failure to fall asleep. */
const patienceLooks = 60;

export class Idling {
  readonly #doors: Sleeper;
  readonly #onChange: (awake: boolean, error?: unknown) => void;
  #last: Promise<unknown> = Promise.resolve();
  #holds = 0;
  #timer: NodeJS.Timeout | undefined;
  #looksLeft = graceLooks;
  #allowed = false;
  #stopped = false;

  /** @param onChange told after the doors woke, fell asleep, or could not */
  constructor(doors: Sleeper, onChange: (awake: boolean, error?: unknown) => void) {
    this.#doors = doors;
    this.#onChange = onChange;
  }

  /** From now on the doors may sleep. */
  start(): void {
    this.#allowed = true;
    this.#resume();
  }

  #resume(): void {
    if (!this.#allowed || this.#stopped || this.#timer !== undefined) return;
    this.#looksLeft = graceLooks;
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    this.#rest();
  }

  /** Runs `action` with the doors awake and keeps them so until it ends. It is told why they are not whole. */
  async whileAwake<T>(action: (missing: string[]) => T | Promise<T>): Promise<T> {
    // Held before its turn comes: a fall asleep that has begun sees it and gives up.
    this.#holds++;
    try {
      const missing = await this.inTurn(async () => {
        const slept = !this.#doors.awake;
        const why = await this.#doors.wake();
        if (slept) this.#onChange(true);
        return why;
      });
      return await action(missing);
    } finally {
      this.#holds--;
      this.#resume();
    }
  }

  /** Runs after all that was asked for before; nothing attaches, proves or detaches meanwhile. */
  inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {}); // whoever asked hears of it
    return turn;
  }

  get #wanted(): boolean {
    return this.#holds > 0 || this.#stopped || this.#doors.isNeeded();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#holds === 0 && !this.#doors.awake) {
      this.#rest();
    } else if (this.#wanted) {
      this.#looksLeft = graceLooks;
    } else if (--this.#looksLeft <= 0) {
      this.#looksLeft = patienceLooks;
      void this.inTurn(() => this.#fallAsleep());
    }
  }

  async #fallAsleep(): Promise<void> {
    if (this.#wanted || !this.#doors.awake) return;
    try {
      await this.#doors.sleep(() => !this.#wanted);
    } catch (error) {
      if (!this.#stopped) this.#onChange(this.#doors.awake, error);
      return;
    }
    if (this.#doors.awake) {
      this.#looksLeft = graceLooks;
      return;
    }
    this.#rest();
    this.#onChange(false);
  }
}
