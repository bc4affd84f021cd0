import { describe, expect, it } from 'vitest';
import type { GateConfig } from '../../src/config/types.ts';
import { searchSteps } from '../../src/gate/bisection.ts';
import { bisectionSchema } from '../../src/gate/bisection-record.ts';
import { compareEnds } from '../../src/gate/bisection-rows.ts';
import {
  bisectionExitCode,
  bisectionRecord,
  candidatesOf,
  type RowSearch,
  type TestedCommit,
} from '../../src/gate/bisection-summary.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { sampleMeasurement } from './sample-measurement.ts';

const mebi = 1024 ** 2;
const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const plan = { leastBoots: 2, mostBoots: 5 };
const config: GateConfig = {
  defaults: {
    failAbove: 0.05,
    warnAbove: undefined,
    minGrowth: 64 * 1024,
    max: undefined,
    maxTrend: undefined,
  },
  gatedMetrics: ['memfile.writtenBytes'],
  caps: {},
  overrides: {},
  inconclusive: 'pass',
  drift: { max: undefined, windowMs: 30 * 86_400e3, from: undefined },
};

/** Sizes of two scenarios in MiB; boots differ by 0.1 %. */
function measured(image: string, idle: number, spawn: number): Measurement {
  const sizes: Readonly<Record<string, number>> = { 'idle-2s': idle, spawn };
  const measurement = sampleMeasurement({
    side: 'head',
    boots: 3,
    metrics: (scenario, boot) => ({
      'memfile.writtenBytes': (sizes[scenario] ?? 2) * mebi * (1 + boot / 1000),
    }),
  });
  return { ...measurement, image: { ...measurement.image, rootfsSha256: image } as Measurement['image'] };
}

const commits = Array.from({ length: 9 }, (_, place) => ({
  commit: place.toString(16).repeat(40),
  subject: `change ${place}`,
}));

/** Every commit measured: idle grows at 3, spawn at 6, and 2 cannot be built. */
function line(): Map<number, TestedCommit> {
  return new Map(
    commits.map((commit, place) => {
      const image = `${place < 3 ? 'a' : place < 6 ? 'b' : 'c'}`;
      const measurement = measured(image, place < 3 ? 4 : 5, place < 6 ? 4 : 6);
      const broken = place === 2;
      return [
        place,
        broken
          ? { commit, place, reusedBoots: 0, skipped: 'the build-command failed' }
          : { commit, place, measurement, image, reusedBoots: place % 2 },
      ];
    }),
  );
}

function ends(good: Measurement, bad: Measurement, gate = config) {
  return compareEnds(good, bad, gate, { ...meta, plan });
}

describe('the two ends', () => {
  const good = measured('a', 4, 4);
  it('that grew give the rows that did', () => {
    const found = ends(good, measured('b', 5, 4));
    expect(found.kind === 'grown' && found.rows.map(({ scenario }) => scenario)).toEqual(['idle-2s']);
  });

  it('that did not, or shrank, give none', () => {
    expect(ends(good, measured('b', 4.01, 4)).kind).toBe('not-grown');
    expect(ends(good, measured('b', 3, 4)).kind).toBe('not-grown');
    expect(ends(good, measured('a', 4, 4))).toMatchObject({
      kind: 'not-grown',
      reason: expect.stringContaining('same bytes'),
    });
  });

  it('of one boot each give no answer yet', () => {
    const once = (measurement: Measurement) => ({ ...measurement, boots: measurement.boots.slice(0, 1) });
    expect(ends(once(good), once(measured('b', 5, 4))).kind).toBe('undecided');
  });

  it('of which one row is not told say which', () => {
    const noisy = (measurement: Measurement) => ({
      ...measurement,
      boots: measurement.boots.map((boot, index) => ({
        ...boot,
        samples: boot.samples.map((sample) =>
          sample.scenario === 'spawn'
            ? { ...sample, metrics: { 'memfile.writtenBytes': (4 + 3 * (index % 2)) * mebi } }
            : sample,
        ),
      })),
    });
    const found = ends(noisy(good), noisy(measured('b', 5, 4)));
    expect(found.kind === 'grown' && found.rows.map(({ scenario }) => scenario)).toEqual(['idle-2s']);
    expect(found.kind === 'grown' && found.undecided.map(({ scenario }) => scenario)).toEqual(['spawn']);
  });

  it('are not judged by caps', () => {
    const overrides = { spawn: { 'memfile.writtenBytes': { max: 1 } } };
    const capped = { ...config, caps: { 'memfile.writtenBytes': 1 }, overrides };
    expect(ends(good, measured('b', 4.01, 4), capped).kind).toBe('not-grown');
  });
});

describe('the record', () => {
  const tested = line();
  const first = tested.get(0)?.measurement;
  const last = tested.get(8)?.measurement;
  if (first === undefined || last === undefined) throw new Error('the ends are measured');
  const both = ends(first, last);
  const rows = both.kind === 'grown' ? both.rows : [];
  const searches: RowSearch[] = rows.map((row) => {
    const rules = { limits: row.thresholds, leastBoots: 2, mostBoots: 5 };
    return { row, search: searchSteps(candidatesOf(commits, tested, row), rules) };
  });
  const changed = () => ({ files: [{ path: 'Dockerfile', added: 1, removed: undefined }], count: 3 });
  const record = bisectionRecord({
    ...meta,
    commits,
    tested,
    ends: both,
    searches,
    changed,
    outOfTime: false,
    notes: [],
  });

  it('has each step of each row with its commits, and passes its own schema', () => {
    expect(bisectionSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(
      JSON.parse(JSON.stringify(record)),
    );
    expect(
      record.steps.map(({ scenario, kind, after, at }) => [scenario, kind, after.subject, at.subject]),
    ).toEqual([
      ['idle-2s', 'range', 'change 1', 'change 3'],
      ['spawn', 'step', 'change 5', 'change 6'],
    ]);
    expect(record.steps[1]?.growth?.value).toBeCloseTo(0.5, 6);
    expect([record.outcome, bisectionExitCode(record)]).toEqual(['range', 2]);
    expect(record.headline).toBe(
      'memfile diff of idle-2s +25.0 % came with the 2 commits after 1111111 up to 3333333, with a chance of 99.9 %; and 1 more',
    );
  });

  it('has what each commit was judged by, for the rows that needed it', () => {
    const of = (place: number) => record.tested.find((test) => test.place === place);
    expect(of(2)).toMatchObject({ skipped: 'the build-command failed', boots: 0, judgements: [] });
    expect(of(4)?.judgements.map(({ scenario, like }) => [scenario, like])).toEqual([
      ['idle-2s', 'bad'],
      ['spawn', 'good'],
    ]);
    expect(of(6)?.judgements).toMatchObject([{ scenario: 'spawn', like: 'bad', identical: true }]);
    expect(of(4)?.judgements[0]?.growth?.value).toBeCloseTo(0.25, 6);
  });

  it('says what there was no time for', () => {
    const cut = bisectionRecord({
      ...meta,
      commits,
      tested,
      ends: both,
      searches,
      changed,
      outOfTime: true,
      notes: [],
    });
    expect(cut.notes).toEqual([expect.stringMatching(/^time-budget ended; .* goes on from there$/)]);
  });

  it.each([
    [{ kind: 'not-grown', reason: 'no growth above 5 %' }, 'nothing', 0],
    [{ kind: 'undecided', reason: 'not told from chance', undecided: [] }, 'inconclusive', 2],
  ] as const)('of ends that are %j is %s, exit status %i', (given, outcome, status) => {
    const none = bisectionRecord({
      ...meta,
      commits,
      tested,
      ends: given,
      searches: [],
      changed,
      outOfTime: false,
      notes: [],
    });
    expect([none.outcome, bisectionExitCode(none)]).toEqual([outcome, status]);
    expect(none.headline).toContain(given.reason);
  });

  it('keeps what was said of its measurements, once each, and when they were booted', () => {
    const noted = new Map(
      [...tested].map(([place, test]) => {
        const { measurement } = test;
        const notes = ['Firecracker adds 12 pages', ...(place === 4 ? ['cut short'] : [])];
        return [
          place,
          measurement === undefined ? test : { ...test, measurement: { ...measurement, notes } },
        ];
      }),
    );
    const input = { ...meta, commits, tested: noted, ends: both, searches, changed, outOfTime: false };
    const { notes, tested: tests } = bisectionRecord({ ...input, notes: ['one more boot failed'] });
    expect(notes).toEqual([
      'one more boot failed',
      '0000000, 1111111, 3333333 and 5 more: Firecracker adds 12 pages',
      '4444444: cut short',
    ]);
    const starts = (first?.boots ?? []).map(({ startedAt }) => startedAt).toSorted();
    expect(tests[0]?.booted).toEqual({ first: starts[0], last: starts.at(-1) });
    expect(tests.find(({ place }) => place === 2)?.booted).toBeUndefined();
  });

  it('has what was not decided between the ends, and says so of files that git cannot name', () => {
    const undecided = rows.slice(0, 1);
    const ofEnds = { ...both, undecided };
    const input = { ...meta, commits, tested, searches, outOfTime: false, notes: [] };
    const { steps, undecided: there } = bisectionRecord({ ...input, ends: ofEnds, changed: () => undefined });
    expect(there).toMatchObject([{ scenario: 'idle-2s', metric: 'memfile.writtenBytes' }]);
    expect(steps.map((step) => Object.hasOwn(step, 'changed'))).toEqual([false, false]);
  });
});

describe('an answer', () => {
  const one = line();
  const [first, last] = [one.get(0)?.measurement, one.get(8)?.measurement];
  if (first === undefined || last === undefined) throw new Error('the ends are measured');
  const both = ends(first, last);
  const [row] = both.kind === 'grown' ? both.rows : [];
  if (row === undefined) throw new Error('it grew');
  const answer = (probability: number, clear: boolean) => {
    const found = { kind: 'step' as const, after: 3, at: 4, good: 0, bad: 8, probability, clear, untried: 0 };
    const searches = [{ row, search: { judged: [], found: [found], wanted: [] } }];
    const changed = () => ({ files: [], count: 0 });
    return bisectionRecord({
      ...meta,
      commits,
      tested: one,
      ends: both,
      searches,
      changed,
      outOfTime: false,
      notes: [],
    });
  };

  it.each([
    [0.95, true, 'found', 0, 'came with 4444444, with a chance of 95.0 %'],
    [1, true, 'found', 0, 'came with 4444444'],
    [0.047, true, 'likely', 2, 'likely came with 4444444, with a chance of 4.7 %'],
    [0.89, true, 'likely', 2, 'likely came with 4444444, with a chance of 89.0 %'],
    [0.95, false, 'likely', 2, 'likely came with 4444444, with a chance of 95.0 %'],
  ] as const)('with a chance of %d, clear: %s, is %s', (probability, clear, outcome, status, words) => {
    const record = answer(probability, clear);
    expect([record.outcome, bisectionExitCode(record)]).toEqual([outcome, status]);
    expect(record.headline).toBe(`memfile diff of idle-2s +25.0 % ${words}`);
  });
});
