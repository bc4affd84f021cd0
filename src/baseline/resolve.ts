import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { noImageSource } from '../config/config.ts';
import type { BaseSpec, HeadSpec, SideSpec } from '../config/types.ts';
import { errnoOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import type { ImageInputs } from '../image/types.ts';
import type { Side } from '../measure/plan.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Subject } from '../measure/record.ts';
import { forkPoint } from './auto.ts';
import { ensureCommit, resolveRef } from './commit.ts';
import { openWorkTree } from './git.ts';
import type { AutoBase, BaseSide, CommitSide, HeadSide, ImageSide } from './types.ts';
import { addWorktree } from './worktree.ts';

/** What a side is found from. */
export interface SideContext {
  /** The checkout in the workspace: never written to. */
  readonly checkout: string;
  /** The image inputs, the same for both sides; undefined where none were given. */
  readonly inputs: ImageInputs | undefined;
  /** The engine makes its guests of a checkout itself: without image inputs nothing is missing. */
  readonly buildsItself?: boolean;
  /** By which git may fetch from `origin` what the checkout lacks, where that kept no credentials. */
  readonly gitEnvironment?: NodeJS.ProcessEnv;
}

export interface BaseContext extends SideContext {
  /** What `auto` means here, where the event says so; else where HEAD left the default branch. */
  readonly auto: AutoBase | undefined;
  /** Branch whose newest stored measurement stands in with `base: cache`. */
  readonly branch: string | undefined;
}

/** Far above any measurement: 100 boots of 1000 cycles are some 200 MB, and nobody's baseline. */
const maxMeasurementBytes = 64 * 1024 * 1024;

/**
 * Finds the base side: a commit, a record, another image.
 * @throws SnapgateError('base' | 'usage' | 'record') for a base that is not there or cannot be compared with.
 */
export async function resolveBase(run: Run, spec: BaseSpec, context: BaseContext): Promise<BaseSide> {
  switch (spec.kind) {
    case 'none':
      return { kind: 'none' };
    case 'auto':
    case 'cache':
      return await autoSide(run, spec.kind === 'cache', context);
    default:
      return await namedSide(run, 'base', spec, context);
  }
}

/**
 * Finds the side that is judged, ready to be built.
 * @throws SnapgateError('base' | 'usage' | 'record') for one that is not there.
 */
export async function resolveHead(
  run: Run,
  spec: HeadSpec,
  context: SideContext & { readonly subject: Subject },
): Promise<HeadSide> {
  const { checkout, subject } = context;
  if (spec.kind === 'checkout') return { kind: 'image', subject, inputs: neededInputs(context), checkout };
  const side = await namedSide(run, 'head', spec, context);
  return side.kind === 'commit' ? await side.checkOut() : side;
}

async function namedSide(
  run: Run,
  side: Side,
  spec: SideSpec,
  context: SideContext,
): Promise<HeadSide | CommitSide> {
  switch (spec.kind) {
    case 'measurement': {
      const path = resolve(context.checkout, spec.path);
      return { kind: 'measurement', measurement: await storedMeasurement(side, path) };
    }
    case 'image':
    case 'rootfs':
      return otherSource(spec, context);
    case 'ref': {
      const git = await openWorkTree(run, context.checkout, context.gitEnvironment);
      const commit = await resolveRef(git, side, spec.ref);
      const short = commit.slice(0, 7);
      const label = commit.startsWith(spec.ref) ? `commit ${short}` : `${spec.ref} (${short})`;
      return commitSide(run, side, commit, context, { label, why: 'as asked for' });
    }
  }
}

async function autoSide(run: Run, storedOnly: boolean, context: BaseContext): Promise<BaseSide> {
  const { auto, branch, checkout, gitEnvironment } = context;
  if (auto?.kind === 'branch') return auto;
  const git = await openWorkTree(run, checkout, gitEnvironment);
  const commit = await (auto === undefined ? forkPoint(git) : ensureCommit(git, 'base', auto.commit));
  const label = `commit ${commit.slice(0, 7)}`;
  const why = auto?.why ?? 'where HEAD left the default branch';
  return { ...commitSide(run, 'base', commit, context, { label, why }), storedOnly, branch };
}

async function storedMeasurement(side: Side, path: string) {
  return readMeasurement(await readBounded(side, path), path);
}

async function readBounded(side: Side, path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= maxMeasurementBytes) return await readFile(path, 'utf8');
    throw new SnapgateError(
      'record',
      `${side}: ${path} has ${formatBytes(size)}, too much for a measurement`,
      'Name a measurement-base.json or measurement-head.json that snapgate wrote.',
    );
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new SnapgateError(
      'base',
      `${side}: the measurement ${path} cannot be read (${errnoOf(error)})`,
      'Check the path (relative to the checkout), and that an earlier step has fetched the file.',
      { cause: error },
    );
  }
}

function otherSource(
  spec: Extract<SideSpec, { kind: 'image' | 'rootfs' }>,
  { checkout, inputs }: SideContext,
): ImageSide {
  if (inputs === undefined) throw noImageSource();
  const rootfs = spec.kind === 'image' ? spec : { kind: 'rootfs' as const, path: spec.path };
  const name = spec.kind === 'image' ? spec.reference : spec.path;
  return {
    kind: 'image',
    subject: { label: `${spec.kind} ${name}`.slice(0, 500) },
    inputs: { ...inputs, rootfs },
    checkout,
  };
}

function commitSide(
  run: Run,
  side: Side,
  commit: string,
  context: SideContext,
  { label, why }: { readonly label: string; readonly why: string },
): CommitSide {
  const subject = { label: label.slice(0, 500), commit };
  return {
    kind: 'commit',
    commit,
    subject,
    why,
    storedOnly: false,
    branch: undefined,
    checkOut: async () => {
      const inputs = neededInputs(context);
      const git = await openWorkTree(run, context.checkout);
      const prefix = await git.ask(['rev-parse', '--show-prefix']);
      const checkout = sameFolder(await addWorktree(run, git, side, commit), prefix, side, commit);
      if (side === 'base' && inputs !== undefined) mustDiffer(inputs, checkout, commit);
      return { kind: 'image', subject, inputs, checkout };
    },
  };
}

/** The folder of the commit that the workspace's checkout is in its own: `prefix` of the repository, empty for all of it. */
function sameFolder(worktree: string, prefix: string | undefined, side: Side, commit: string): string {
  const folder = join(worktree, prefix ?? '');
  if (existsSync(folder)) return folder;
  throw new SnapgateError(
    'base',
    `${side}: commit ${commit.slice(0, 7)} has no folder ${prefix}`,
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

function neededInputs({ inputs, buildsItself }: SideContext): ImageInputs | undefined {
  if (inputs !== undefined || buildsItself) return inputs;
  throw noImageSource();
}
