import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openBranchStore } from '../baseline/branch-store.ts';
import { measuringKey } from '../baseline/measuring-key.ts';
import type { BaselineStore, ResultStore } from '../baseline/store.ts';
import { openCache } from '../github/cache.ts';
import { openCacheResults, openCacheStore } from '../github/cache-store.ts';
import type { Run } from '../host/run.ts';
import type { ActionRequest } from './request.ts';

/** Where this run finds what others have measured, and keeps what it measures. */
export interface RequestStorage {
  readonly baselines: BaselineStore;
  readonly results: ResultStore;
  readonly measuringSha256: string;
  /** Of what a pull request's results are of: unlike stored baselines they are not found by their machine class. */
  readonly resultSha256: string;
  /** Everybody's, so that only pushes and schedules write to it; a cache keeps what a pull request stores from the others. */
  readonly isShared: boolean;
}

export function openStorage(run: Run, request: ActionRequest): RequestStorage {
  const { config, context, env, token, workspace } = request;
  const { runId, attempt, serverUrl } = context;
  const cache = openCache(run, { command: [process.execPath, cacheProgram], env });
  const branch = config.github.baselineBranch;
  const storing = { runId, attempt };
  return {
    baselines:
      branch === undefined
        ? openCacheStore(run.log, cache, storing)
        : openBranchStore(run, { branch, checkout: workspace, serverUrl, token: token || undefined }),
    results: openCacheResults(run.log, cache, storing),
    measuringSha256: measuringKey(config),
    resultSha256: resultKeyOf(request),
    isShared: branch !== undefined,
  };
}

/** Beside main in dist/: what calls the cache service runs in a process of its own. */
const cacheProgram = join(import.meta.dirname, '../cache/index.js');

function resultKeyOf({ config }: ActionRequest): string {
  const { base, head, github, measure } = config;
  const { memoryBytes, vcpus, engine } = measure;
  const parts = [
    measuringKey(config),
    base,
    head,
    memoryBytes,
    vcpus,
    engine,
    github.comment.key,
    github.matrix.entry ?? '',
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
