import { searchOneStep } from '../test/gate/searched-history.ts';
import type { Bench } from './bench.ts';

/** Searches of one case. */
const histories = 2000;

/** Size of the step, and spread between boots, both as ratios. */
const cases = [
  { step: 0.1, noise: 0.02 },
  { step: 0.06, noise: 0.02 },
  { step: 0.2, noise: 0.02 },
  { step: 0.1, noise: 0.04 },
  { step: 0.2, noise: 0.04 },
  { step: 0.2, noise: 0.08 },
  { step: 0.5, noise: 0.08 },
] as const;

/** How often a search finds the commit of one step, how sure it says to be, and what it costs; simulated. */
export const bisect: Bench = {
  about: 'how often bisect finds the right commit, and in how many boots (simulated)',
  run: async () => {
    const outcomes = cases.map(outcomeOf);
    return {
      tables: [
        {
          title: `One step among 2 to 61 commits, ${histories} histories each, by the defaults of a gate`,
          columns: ['step, spread between boots', 'right commit', 'sure, as said', 'commits tested', 'boots'],
          rows: outcomes.map(({ step, noise, right, said, tested, boots }) => [
            `+${percent(step)}, ${percent(noise)}`,
            percent(right, 1),
            percent(said, 1),
            tested.toFixed(1),
            boots.toFixed(0),
          ]),
        },
      ],
      notes: ['Means over the histories; boots with those of both ends.'],
      figures: { rightRate: outcomes[0]?.right ?? 0, meanBoots: outcomes[0]?.boots ?? 0 },
    };
  },
};

interface Outcome {
  readonly step: number;
  readonly noise: number;
  readonly right: number;
  readonly said: number;
  readonly tested: number;
  readonly boots: number;
}

function outcomeOf({ step, noise }: (typeof cases)[number]): Outcome {
  const searches = Array.from({ length: histories }, (_, index) => searchOneStep(index + 1, { step, noise }));
  const mean = (of: (searched: (typeof searches)[number]) => number) =>
    searches.reduce((sum, searched) => sum + of(searched), 0) / histories;
  return {
    step,
    noise,
    right: mean(({ right }) => Number(right)),
    said: mean(({ found }) => found[0]?.probability ?? 0),
    tested: mean(({ tested }) => tested),
    boots: mean(({ boots }) => boots),
  };
}

function percent(ratio: number, digits = 0): string {
  return `${(ratio * 100).toFixed(digits)} %`;
}
