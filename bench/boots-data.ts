import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SnapgateError } from '../src/host/error.ts';
import { fingerprintSchema, type Measurement, measurementSchema } from '../src/measure/record.ts';

/** Boots of real guests as `bench boots` records them: a line of conditions, then a line for each boot. */
const headSchema = z.strictObject({
  schema: z.literal('snapgate/boots'),
  version: z.literal(1),
  fingerprint: fingerprintSchema,
  scenarios: measurementSchema.shape.scenarios,
  warmup: z.int().nonnegative(),
});

const bootSchema = z.strictObject({
  image: z.string(),
  startedAt: z.string(),
  readyMs: z.number(),
  /** By scenario: pages of each round, the rounds of the warm-up first. */
  writtenPages: z.record(z.string(), z.array(z.int().nonnegative())),
});
type RecordedBoot = z.infer<typeof bootSchema>;

const pageBytes = 4096;

/**
 * The boots of each image as the measurement that they would have been.
 *
 * @throws SnapgateError `record` where the file is not there or is not what it should be
 */
export function readBoots(path: string): ReadonlyMap<string, Measurement> {
  const [first = '', ...lines] = readLines(path);
  const head = parseLine(headSchema, first, path);
  const boots = lines.map((line) => parseLine(bootSchema, line, path));
  const images = Map.groupBy(boots, ({ image }) => image);
  return new Map([...images].map(([image, ofImage]) => [image, measurementOf(head, image, ofImage)]));
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch (error) {
    const remedy = 'Record it with script/bench boots.';
    throw new SnapgateError('record', `${path} cannot be read`, remedy, { cause: error });
  }
}

function parseLine<T>(schema: z.ZodType<T>, line: string, path: string): T {
  const parsed = schema.safeParse(JSON.parse(line));
  if (parsed.success) return parsed.data;
  const remedy = 'Record it anew with script/bench boots.';
  throw new SnapgateError('record', `${path}: ${z.prettifyError(parsed.error)}`, remedy);
}

function measurementOf(
  { fingerprint, scenarios, warmup }: z.infer<typeof headSchema>,
  image: string,
  boots: readonly RecordedBoot[],
): Measurement {
  return {
    schema: 'snapgate/measurement',
    version: 1,
    snapgate: 'recorded',
    createdAt: boots[0]?.startedAt ?? '',
    side: 'head',
    subject: { label: image },
    image: {
      rootfsSha256: image,
      rootfsBytes: 1,
      kernelVersion: fingerprint.kernelVersion,
      kernelSha256: fingerprint.kernelSha256,
      init: 'systemd',
    },
    fingerprint,
    environment: { os: '', hostKernel: '', cpu: '', cores: 1, memoryBytes: 1, node: '' },
    scenarios,
    boots: boots.map((boot, index) => toBoot(boot, index, warmup)),
    notes: [],
  };
}

function toBoot(
  { startedAt, readyMs, writtenPages }: RecordedBoot,
  index: number,
  warmup: number,
): Measurement['boots'][number] {
  const samples = Object.entries(writtenPages).flatMap(([scenario, pages]) =>
    pages.map((count, round) => ({
      scenario,
      round,
      warmup: round < warmup,
      position: round,
      atMs: 0,
      cycleMs: 0,
      metrics: { 'memfile.writtenBytes': count * pageBytes },
    })),
  );
  return { index, startedAt, bootMs: readyMs, readyMs, settled: true, samples };
}
