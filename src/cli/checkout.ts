import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { openGit } from '../baseline/git.ts';
import type { Config } from '../config/types.ts';
import { findInfra } from '../engine/e2b/infra.ts';
import { isBucket } from '../engine/settings.ts';
import { hasCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/** Where a run's sides come from, and its settings with paths that start there. */
export interface Located {
  readonly config: Config;
  /** Absolute path. */
  readonly checkout: string;
}

/**
 * The checkout that a person in some folder means. With most engines it is that folder. e2b's tools come from a checkout of their own, whose
 * commits are what is compared: that of `e2b-infra`, or the one that the folder is in, whole.
 */
export async function locateCheckout(run: Run, config: Config, cwd: string): Promise<Located> {
  const { engine } = config.measure;
  if (engine.kind !== 'e2b') return { config, checkout: cwd };
  const { infra, tools, storage } = engine;
  const start = infra === undefined ? cwd : resolve(cwd, infra);
  const checkout = await wholeCheckout(run, findInfra(start) ?? start);
  const settings = {
    ...engine,
    infra: relative(checkout, realPath(start)) || undefined,
    tools: tools === undefined ? undefined : resolve(cwd, tools),
    storage: storage === undefined || isBucket(storage) ? storage : resolve(cwd, storage),
  };
  return { config: { ...config, measure: { ...config.measure, engine: settings } }, checkout };
}

/** The work tree that a folder is in, for a commit's worktree has its folders below the same root; the folder itself where there is none. */
async function wholeCheckout(run: Run, folder: string): Promise<string> {
  const path = realPath(folder);
  // A probe says what is missing, and does not fail over it.
  if (!['git', 'setpriv'].every(hasCommand)) return path;
  return (await openGit(run, path).ask(['rev-parse', '--show-toplevel'])) ?? path;
}

/** As git gives paths; one that is not there is left for others to say. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
