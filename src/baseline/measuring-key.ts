import { createHash } from 'node:crypto';
import type { Config, MeasureConfig } from '../config/types.ts';
import { SnapgateError } from '../host/error.ts';
import type { ExpectedFingerprint } from '../measure/record.ts';

/** Fields of `Config.measure` that are not in the measuring key, and why. A field that is not named here is in it. */
export const notInMeasuringKey = {
  memoryBytes: 'is in the fingerprint',
  vcpus: 'is in the fingerprint',
  boots: 'is asked of a stored measurement by number: more are as good',
  plansBoots: 'is who chooses their number',
  soloBoots: 'is a number of boots too',
  maxBoots: 'is a number of boots too',
  timeBudgetMs: 'limits how many boots there are, not what a boot is',
  bootTimeoutMs: 'is a limit: a guest that reaches it is an error and no measurement',
} as const satisfies Partial<Record<keyof MeasureConfig, string>>;

/** Fields of `Config.measure.engine` that are not in the measuring key, and why. */
export const notInEngineKey = {
  accel: 'what it comes to is in the fingerprint',
  binary: 'its version is in the fingerprint',
  version: 'what it comes to is in the fingerprint',
  timeoutMs: 'is a limit: a command that reaches it is an error and no measurement',
  storage: 'is where builds are kept, not what they are',
} as const satisfies Partial<Record<EngineField, string>>;

type EngineSettings = MeasureConfig['engine'];
/** Of whichever engine has it. */
type EngineField = EngineSettings extends infer Settings
  ? Settings extends unknown
    ? keyof Settings
    : never
  : never;

/**
 * What is measured and how, as SHA-256 in hex: two runs with the same key measured the same of whatever their commits hold. It leaves
 * out what the commit decides (the content of Dockerfile, context, rootfs) and what the fingerprint says (the machine). Build
 * arguments go in by this hash alone: they may hold secrets.
 */
export function measuringKey({ image, measure }: Pick<Config, 'image' | 'measure'>): string {
  const how = without(measure, notInMeasuringKey);
  return sha256OfValue({ image, measure: { ...how, engine: without(measure.engine, notInEngineKey) } });
}

/**
 * The measuring key of commits that are measured by the command line: with the folder of the repository that is built, which a monorepo has many
 * of, and with `origin`, the folder that the engine's relative paths start at, for it is no part of the commit. The repository itself needs no
 * name: a commit's hash is of all that it holds.
 */
export function commitKey(
  config: Pick<Config, 'image' | 'measure'>,
  { prefix, origin }: { readonly prefix: string; readonly origin: string },
): string {
  // qemu has no settings that are paths.
  const start = config.measure.engine.kind === 'qemu' ? '' : origin;
  return sha256OfValue({ measuring: measuringKey(config), prefix, start });
}

function without(
  value: MeasureConfig | EngineSettings,
  fields: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(fields, name)));
}

/** A machine class, as SHA-256 in hex. */
export function fingerprintKey(fingerprint: ExpectedFingerprint): string {
  return sha256OfValue(fingerprint);
}

/** How much of a key is in the name of what is stored under it: 64 bits, which no two meet by chance. */
export function shortKey(sha256: string): string {
  const short = /^[0-9a-f]{16}/.exec(sha256)?.[0];
  if (short !== undefined) return short;
  throw new SnapgateError(
    'internal',
    `${JSON.stringify(sha256.slice(0, 80))} is not a key`,
    'Report this: a key is 64 hexadecimal digits.',
  );
}

function sha256OfValue(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** JSON with the keys of every object in one order, and without those that are undefined, wherever they stand. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part !== 'object' || part === null || Array.isArray(part)
      ? part
      : Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))),
  );
}
