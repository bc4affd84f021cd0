import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Experiment, GateModel, GateSetting } from '../src/gate/simulate.ts';
import { addTallies, type Tally } from '../src/gate/tally.ts';

/** Gates of an experiment by their numbers, from the first up to before the end. */
export interface GateTask {
  readonly setting: GateSetting;
  readonly experiment: Experiment;
  readonly range: readonly [number, number];
}

/** Simulates gates on every processor; what comes out does not depend on how many there are. */
export interface GateThreads {
  tally(setting: GateSetting, experiment: Experiment): Promise<Tally>;
  end(): Promise<void>;
}

export function startGateThreads(model: GateModel): GateThreads {
  const script = new URL('./gate-worker.ts', import.meta.url);
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(script, { workerData: model }),
  );
  const shareOf = (gates: number, index: number) => Math.floor((gates * index) / workers.length);
  return {
    tally: async (setting, experiment) => {
      const { gates } = experiment;
      const parts = workers.map((worker, index) =>
        ask(worker, { setting, experiment, range: [shareOf(gates, index), shareOf(gates, index + 1)] }),
      );
      return addTallies(await Promise.all(parts));
    },
    end: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

async function ask(worker: Worker, task: GateTask): Promise<Tally> {
  worker.postMessage(task);
  const [tally] = await once(worker, 'message');
  return tally;
}
