/** A clock that moves only when nobody has anything left to do but to wait. */
export interface VirtualTime {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Runs all to their end, each sleep in the order of its time. Fails with the first that fails. */
  run(tasks: readonly Promise<unknown>[]): Promise<void>;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

export function createVirtualTime(start = Date.UTC(2026, 0, 2)): VirtualTime {
  const sleepers: Sleeper[] = [];
  let now = start;
  let order = 0;
  const next = () => sleepers.sort((a, b) => a.at - b.at || a.order - b.order).shift();
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => {
        order += 1;
        sleepers.push({ at: now + ms, order, wake });
      }),
    run: async (tasks) => {
      let isOver = false;
      const all = Promise.all(tasks).finally(() => {
        isOver = true;
      });
      all.catch(() => {});
      for (;;) {
        // A turn of the event loop: every promise that can settle has settled.
        await new Promise((resolve) => setImmediate(resolve));
        if (isOver) break;
        const sleeper = next();
        if (sleeper === undefined) throw new Error('everybody waits for something that does not come');
        now = sleeper.at;
        sleeper.wake();
      }
      await all;
    },
  };
}
