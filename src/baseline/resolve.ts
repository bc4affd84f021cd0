import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { BaseSpec } from '../config/types.ts';
import { errnoOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import type { ImageInputs } from '../image/types.ts';
import { readMeasurement } from '../measure/read.ts';
import { forkPoint } from './auto.ts';
import { ensureCommit, resolveRef } from './commit.ts';
import { openWorkTree } from './git.ts';
import type { BaseSide } from './types.ts';
import { addWorktree } from './worktree.ts';

export type { BaseSide } from './types.ts';

/** What a base is found from. */
export interface BaseContext {
  /** The head's checkout: never written to. */
  readonly checkout: string;
  /** What `auto` means here, where the event says so; else where HEAD left the default branch. */
  readonly autoCommit: string | undefined;
  /** The image inputs, the same for both sides; undefined where none were given. */
  readonly inputs: ImageInputs | undefined;
}

/** Far above any measurement: 100 boots of 1000 cycles are some 200 MB, and nobody's baseline. */
const maxMeasurementBytes = 64 * 1024 * 1024;

/**
 * Finds the base side and makes it ready to be built: a worktree for a commit, a record for a stored measurement.
 * @throws SnapgateError('base' | 'usage' | 'record') for a base that is not there or cannot be compared with.
 */
export async function resolveBase(run: Run, spec: BaseSpec, context: BaseContext): Promise<BaseSide> {
  switch (spec.kind) {
    case 'none':
      return { kind: 'none' };
    case 'measurement':
      return {
        kind: 'measurement',
        measurement: await storedMeasurement(resolve(context.checkout, spec.path)),
      };
    case 'image':
    case 'rootfs':
      return otherSource(spec, context);
    case 'ref':
    case 'auto':
      return await commitSide(run, spec, context);
  }
}

async function storedMeasurement(path: string) {
  return readMeasurement(await readBounded(path), path);
}

async function readBounded(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= maxMeasurementBytes) return await readFile(path, 'utf8');
    throw new SnapgateError(
      'record',
      `base: ${path} has ${formatBytes(size)}, too much for a measurement`,
      'Name a measurement-base.json or measurement-head.json that snapgate wrote.',
    );
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new SnapgateError(
      'base',
      `base: the measurement ${path} cannot be read (${errnoOf(error)})`,
      'Check the path (relative to the checkout), and that an earlier step has fetched the file.',
      { cause: error },
    );
  }
}

function otherSource(
  spec: Extract<BaseSpec, { kind: 'image' | 'rootfs' }>,
  { checkout, inputs }: BaseContext,
): BaseSide {
  const rootfs = spec.kind === 'image' ? spec : { kind: 'rootfs' as const, path: spec.path };
  const name = spec.kind === 'image' ? spec.reference : spec.path;
  return {
    kind: 'image',
    subject: { label: `${spec.kind} ${name}`.slice(0, 500) },
    inputs: { ...needInputs(inputs), rootfs },
    checkout,
  };
}

async function commitSide(
  run: Run,
  spec: Extract<BaseSpec, { kind: 'ref' | 'auto' }>,
  context: BaseContext,
): Promise<BaseSide> {
  const inputs = needInputs(context.inputs);
  const git = await openWorkTree(run, context.checkout);
  const commit = await (spec.kind === 'ref'
    ? resolveRef(git, spec.ref)
    : context.autoCommit === undefined
      ? forkPoint(git)
      : ensureCommit(git, context.autoCommit));
  const checkout = sameFolder(
    await addWorktree(run, git, commit),
    await git.ask(['rev-parse', '--show-prefix']),
    commit,
  );
  mustDiffer(inputs, checkout, commit);
  const short = commit.slice(0, 7);
  const label =
    spec.kind === 'ref' && !commit.startsWith(spec.ref) ? `${spec.ref} (${short})` : `commit ${short}`;
  return { kind: 'image', subject: { label, commit }, inputs, checkout };
}

/** The folder of the base commit that the head's checkout is in its own: `prefix` of the repository, empty for all of it. */
function sameFolder(worktree: string, prefix: string | undefined, commit: string): string {
  const folder = join(worktree, prefix ?? '');
  if (existsSync(folder)) return folder;
  throw new SnapgateError(
    'base',
    `base: commit ${commit.slice(0, 7)} has no folder ${prefix}`,
    'Run snapgate in a folder that both commits have, such as the root of the repository.',
  );
}

/** A source outside git is the same for both commits: comparing it with itself would always pass. */
function mustDiffer(inputs: ImageInputs, checkout: string, commit: string): void {
  const { rootfs } = inputs;
  if (rootfs.kind !== 'rootfs' && rootfs.kind !== 'image') return;
  const name = rootfs.kind === 'rootfs' ? rootfs.path : rootfs.reference;
  if (!isAbsolute(name) && existsSync(resolve(checkout, name))) return;
  throw new SnapgateError(
    'base',
    `${rootfs.kind}: ${name} is not a file of commit ${commit.slice(0, 7)}, so the base cannot be made from it`,
    `Name the base's own: base: ${rootfs.kind}:…, or let snapgate build both sides with \`dockerfile\` or \`build-command\`.`,
  );
}

function needInputs(inputs: ImageInputs | undefined): ImageInputs {
  if (inputs !== undefined) return inputs;
  throw new SnapgateError(
    'usage',
    'there is no image source',
    'Give one of dockerfile, image, rootfs or build-command.',
  );
}
