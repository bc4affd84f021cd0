import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { LineCommit } from '../baseline/commit-line.ts';
import type { Git } from '../baseline/git.ts';
import { addWorktree, removeWorktree } from '../baseline/worktree.ts';
import type { Config } from '../config/types.ts';
import type { Engine } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import type { Image, ImageInputs } from '../image/types.ts';
import type { Subject } from '../measure/record.ts';
import { buildSide, checkSide } from './side.ts';

/** Makes images of commits, in worktrees of their own. */
export interface CommitBuilds {
  /**
   * Made once, but for a guest that is booted from its commit's checkout (see `Engine.build`): of those the three used last are kept, for a
   * search takes boots of two ends and of one between.
   *
   * @throws SnapgateError for what cannot be checked out or built
   */
  build(commit: LineCommit): Promise<Image>;
  /** Made anew, of a new checkout. */
  rebuild(commit: LineCommit): Promise<Image>;
}

export interface BuildsRequest {
  readonly config: Config;
  readonly inputs: ImageInputs | undefined;
  readonly git: Git;
  readonly engine: Engine;
  /** Folder of the repository that is built. */
  readonly prefix: string;
}

export function openCommitBuilds(run: Run, request: BuildsRequest): CommitBuilds {
  const most = request.engine.build === undefined ? 1 : 3;
  const builds: Builds = { ...request, run, images: new Map(), trees: [], most, said: new Set() };
  return {
    build: async (commit) => imageOf(builds, commit.commit) ?? (await makeImage(builds, commit)),
    rebuild: async (commit) => {
      await freeTree(builds, ({ commit: of }) => of === commit.commit);
      builds.images.delete(commit.commit);
      return await makeImage(builds, commit);
    },
  };
}

export function subjectOf({ commit }: LineCommit): Subject {
  return { label: `commit ${commit.slice(0, 7)}`, commit };
}

/** What is said of a side is of one commit of many. */
export function sayingCommit(run: Run, { commit }: LineCommit): Run {
  const name = commit.slice(0, 7);
  const log = {
    info: (message: string) => run.log.info(`${name}: ${message}`),
    warning: (message: string) => run.log.warning(`${name}: ${message}`),
    detail: (message: string) => run.log.detail(`${name}: ${message}`),
  };
  return { ...run, log };
}

interface Builds extends BuildsRequest {
  readonly run: Run;
  /** Those that can be booted without their checkout, by commit. */
  readonly images: Map<string, Image>;
  /** The one used last is the last. */
  readonly trees: Tree[];
  readonly most: number;
  /** Warnings of checkouts: what one commit lacks the others lack too. */
  readonly said: Set<string>;
}

/** A commit that is checked out, and what was built of it. */
interface Tree {
  readonly commit: string;
  readonly path: string;
  /** Of its folder. */
  readonly name: string;
  image: Image | undefined;
}

function imageOf({ images, trees }: Builds, commit: string): Image | undefined {
  const at = trees.findIndex((tree) => tree.commit === commit);
  const [tree] = at < 0 ? [] : trees.splice(at, 1);
  if (tree !== undefined) trees.push(tree);
  return images.get(commit) ?? tree?.image;
}

async function makeImage(builds: Builds, commit: LineCommit): Promise<Image> {
  const { config, engine, inputs, prefix } = builds;
  const run = sayingCommit(builds.run, commit);
  const tree = await checkOut(builds, run, commit);
  const checkout = join(tree.path, prefix);
  if (!existsSync(checkout))
    throw new SnapgateError(
      'image',
      `commit ${commit.commit.slice(0, 7)} has no folder ${prefix}`,
      'Run snapgate in a folder that all of the commits have, such as the root of the repository.',
    );
  mustBeOfCommit(inputs, checkout, commit);
  const source = { side: 'head' as const, subject: subjectOf(commit), inputs, checkout };
  await checkSide(run, source);
  const image = await buildSide(run, config, engine, source);
  if (image.kind === 'rootfs') builds.images.set(commit.commit, image);
  tree.image = image;
  return image;
}

/** In the folder that was used longest ago: of the same path, a build that tells where it ran leaves the same bytes. */
async function checkOut(builds: Builds, run: Run, { commit }: LineCommit): Promise<Tree> {
  const { git, trees, most } = builds;
  const there = trees.find((tree) => tree.commit === commit);
  if (there !== undefined) return there;
  if (trees.length >= most) await freeTree(builds, (tree) => tree === trees[0]);
  const names = Array.from({ length: most }, (_, place) => `head-checkout${place === 0 ? '' : place + 1}`);
  const name = names.find((each) => trees.every((tree) => tree.name !== each));
  const path = await addWorktree(warningOnce(run, builds.said), git, 'head', commit, name);
  const tree: Tree = { commit, path, name: name ?? '', image: undefined };
  trees.push(tree);
  return tree;
}

async function freeTree({ run, git, trees }: Builds, which: (tree: Tree) => boolean): Promise<void> {
  const at = trees.findIndex(which);
  const [tree] = at < 0 ? [] : trees.splice(at, 1);
  if (tree !== undefined) await removeWorktree(run, git, tree.path);
}

function warningOnce(run: Run, said: Set<string>): Run {
  const warning = (message: string) => {
    if (!said.has(message)) run.log.warning(message);
    said.add(message);
  };
  return { ...run, log: { ...run.log, warning } };
}

/** A source outside git is the same for all commits, and nothing would be found. */
function mustBeOfCommit(inputs: ImageInputs | undefined, checkout: string, { commit }: LineCommit): void {
  const rootfs = inputs?.rootfs;
  if (rootfs?.kind !== 'rootfs' && rootfs?.kind !== 'image') return;
  const name = rootfs.kind === 'rootfs' ? rootfs.path : rootfs.reference;
  if (!isAbsolute(name) && existsSync(resolve(checkout, name))) return;
  throw new SnapgateError(
    'image',
    `${rootfs.kind}: ${name} is not a file of commit ${commit.slice(0, 7)}`,
    'Let snapgate build each commit, with `dockerfile` or `build-command`.',
  );
}
