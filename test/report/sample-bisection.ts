import type { Bisection, BisectionStep } from '../../src/gate/bisection-record.ts';

const mebi = 1024 ** 2;
export const commit = (letter: string, subject = `change ${letter}`) => ({
  commit: letter.repeat(40),
  subject,
});
export const row = { scenario: 'idle-2s', metric: 'memfile.writtenBytes' as const };

export const step: BisectionStep = {
  ...row,
  kind: 'step',
  after: commit('b'),
  at: commit('c'),
  commits: 1,
  untried: 0,
  clear: true,
  growth: { value: 0.25, low: 0.23, high: 0.27 },
  difference: { value: mebi },
  probability: 0.99899,
  changed: { files: [{ path: 'guest/Dockerfile', added: 2, removed: 1 }, { path: 'logo.png' }], count: 3 },
};

export const bisection: Bisection = {
  schema: 'snapgate/bisection',
  version: 1,
  snapgate: '0.1.0',
  createdAt: '2026-01-02T03:04:05.000Z',
  outcome: 'found',
  headline: 'memfile diff of idle-2s +25.0 % came with ccccccc',
  good: commit('a'),
  bad: commit('d'),
  commits: 4,
  rows: [{ ...row, failAbove: 0.05, minGrowth: 65536 }],
  undecided: [],
  tested: [
    { ...commit('a'), place: 0, boots: 3, reusedBoots: 0, judgements: [] },
    { ...commit('d'), place: 4, boots: 3, reusedBoots: 3, judgements: [] },
    { ...commit('b'), place: 2, boots: 0, reusedBoots: 0, skipped: 'the build failed', judgements: [] },
    {
      ...commit('c'),
      place: 3,
      boots: 3,
      reusedBoots: 2,
      booted: { first: '2026-01-01T23:04:05.000Z', last: '2026-01-02T03:04:05.000Z' },
      judgements: [
        {
          ...row,
          median: 5 * mebi,
          bootLocations: [5 * mebi],
          growth: { value: 0.25, low: 0.23, high: 0.27 },
          difference: { value: mebi },
          like: 'bad',
          probability: 0.9961,
          clear: true,
          identical: false,
          good: 'a'.repeat(40),
          bad: 'd'.repeat(40),
        },
      ],
    },
  ],
  steps: [step, { ...step, scenario: 'spawn' }],
  notes: ['a note'],
};
