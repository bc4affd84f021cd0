import { describe, expect, test } from 'vitest';
import {
  fingerprintKey,
  measuringKey,
  notInEngineKey,
  notInMeasuringKey,
  shortKey,
} from '../../src/baseline/measuring-key.ts';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { Config } from '../../src/config/types.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import type { ImageInputs, RootfsSource } from '../../src/image/types.ts';
import { fingerprintSchema } from '../../src/measure/record.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';

type Measured = Pick<Config, 'image' | 'measure'>;

/** Every field is given, here and below: the compiler asks for one that is added. */
const engines: readonly Required<EngineSettings>[] = [
  { kind: 'qemu', accel: 'auto' },
  { kind: 'firecracker', binary: 'firecracker', version: '1.12.1', jailer: false },
  {
    kind: 'e2b',
    infra: 'infra',
    tools: 'tools',
    storage: 'gs://builds',
    hugePages: false,
    kernel: 'vmlinux-6.1.158',
    firecrackerVersion: 'v1.12.1',
    diskBytes: 2 ** 30,
    timeoutMs: 1000,
  },
  {
    kind: 'command',
    prepare: 'prepare',
    resume: 'resume',
    pause: 'pause',
    cleanup: 'cleanup',
    version: 'version',
    memfile: 'memfile',
    rootfsFile: 'disk',
    format: 'raw',
    timeoutMs: 1000,
  },
];

const measure: Required<Config['measure']> = {
  memoryBytes: 2 ** 29,
  vcpus: 1,
  engine: { kind: 'qemu', accel: 'auto' },
  boots: 5,
  plansBoots: false,
  soloBoots: 5,
  maxBoots: 5,
  cycles: 4,
  warmup: 2,
  timeBudgetMs: 1000,
  bootTimeoutMs: 2000,
  readyCommand: 'true',
  scenarios: [
    {
      name: 'a',
      run: 'true',
      settleMs: 1,
      check: 'false',
      from: 'previous',
      repeat: 2,
      timeoutMs: 3,
    },
    { name: 'b', run: 'echo', settleMs: 0, check: 'test', from: 'base', repeat: 1, timeoutMs: 4 },
  ],
};

const sources: readonly Required<RootfsSource>[] = [
  {
    kind: 'dockerfile',
    dockerfile: 'Dockerfile',
    context: '.',
    buildArgs: { A: '1', B: '2' },
    target: 'stage',
  },
  { kind: 'image', reference: 'guest:1' },
  { kind: 'rootfs', path: 'rootfs.ext4' },
  { kind: 'build-command', command: 'make', path: 'out' },
];

function imageOf(rootfs: RootfsSource): Required<ImageInputs> {
  return { rootfs, kernel: 'auto', initrd: 'none', diskSizeBytes: 2 ** 30, devices: 'pci' };
}

/** The value with one leaf changed, for each leaf in it, with the leaf's path. */
function* changes(value: unknown, path: readonly string[] = []): Generator<readonly [string, unknown]> {
  if (typeof value === 'number') yield [path.join('.'), value + 1];
  else if (typeof value === 'string') yield [path.join('.'), `${value}x`];
  else if (typeof value === 'boolean') yield [path.join('.'), !value];
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value))
      for (const [place, changed] of changes(part, [...path, name]))
        yield [
          place,
          Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed },
        ];
  } else throw new Error(`no change of ${value} at ${path.join('.')}`);
}

/** The value with the keys of each object in another order. */
function turned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(turned);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, part]) => [name, turned(part)]),
  );
}

function keyOf(value: unknown): string {
  return measuringKey(value as Measured);
}

describe('the measuring key', () => {
  const cases = sources.flatMap((rootfs) =>
    engines.map((engine) => ({ image: imageOf(rootfs), measure: { ...measure, engine } })),
  );

  test.each(cases)(
    'changes with every field but those that a reason is given for ($image.rootfs.kind, $measure.engine.kind)',
    (config) => {
      const key = measuringKey(config);
      expect(key).toMatch(/^[0-9a-f]{64}$/);
      const seen = new Map([[key, 'nothing']]);
      for (const [place, changed] of changes(config)) {
        const [part, field = '', ofEngine = ''] = place.split('.');
        const changedKey = keyOf(changed);
        const isLeftOut =
          field in notInMeasuringKey || (field === 'engine' && Object.hasOwn(notInEngineKey, ofEngine));
        if (part === 'measure' && isLeftOut) {
          expect([place, changedKey]).toEqual([place, key]);
          continue;
        }
        expect([place, seen.get(changedKey)]).toEqual([place, undefined]);
        seen.set(changedKey, place);
      }
      expect(seen.size).toBeGreaterThan(20);
    },
  );

  test('gives a reason for no field that is not there', () => {
    expect(Object.keys(measure)).toEqual(expect.arrayContaining(Object.keys(notInMeasuringKey)));
    expect(Object.keys(notInEngineKey).toSorted()).toEqual([
      'accel',
      'binary',
      'storage',
      'timeoutMs',
      'version',
    ]);
    for (const reason of Object.values({ ...notInMeasuringKey, ...notInEngineKey }))
      expect(reason.length).toBeGreaterThan(10);
  });

  test.each(cases)('does not know the order of keys ($image.rootfs.kind, $measure.engine.kind)', (config) => {
    expect(keyOf(turned(config))).toBe(measuringKey(config));
  });

  test('knows the order of scenarios, and a field that is not given from an empty one', () => {
    const [config = { image: undefined, measure }] = cases;
    const key = measuringKey(config);
    const reversed = { ...measure, scenarios: measure.scenarios.toReversed() };
    expect(measuringKey({ ...config, measure: reversed })).not.toBe(key);
    const without = measuringKey({ ...config, measure: { ...measure, readyCommand: undefined } });
    const empty = measuringKey({ ...config, measure: { ...measure, readyCommand: '' } });
    expect(new Set([key, without, empty]).size).toBe(3);
  });

  test('is the same for a file that says what the inputs said', () => {
    const inputs = { dockerfile: 'Dockerfile', cycles: '3', 'build-args': 'A=1\nB=2' };
    const given = readConfig(inputs, undefined);
    const written = readConfig(
      {},
      {
        path: 'snapgate.yml',
        text: 'defaults: { dockerfile: Dockerfile, cycles: 3, build-args: ["B=2", "A=1"] }\n',
      },
    );
    expect(measuringKey(written)).toBe(measuringKey(given));
  });
});

test('the key of a fingerprint changes with every field, and not with their order', () => {
  const { fingerprint } = sampleMeasurement({
    side: 'base',
    scenarios: builtInScenarios,
    metrics: () => ({}),
  });
  const key = fingerprintKey(fingerprint);
  const keys = [...changes(fingerprint)].map(([, changed]) => fingerprintKey(changed as typeof fingerprint));
  expect(new Set([key, ...keys]).size).toBe(fingerprintSchema.keyof().options.length + 1);
  expect(fingerprintKey(turned(fingerprint) as typeof fingerprint)).toBe(key);
});

test('only a hash has a short form', () => {
  expect(shortKey('0123456789abcdef'.repeat(4))).toBe('0123456789abcdef');
  for (const bad of ['', '../../etc', 'ABCDEF0123456789', '0123'])
    expect(() => shortKey(bad)).toThrow('is not a key');
});
