import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Artifact, buildFolder } from '../../e2b/layer.ts';
import { openFolder } from '../../host/folder.ts';
import type { Run } from '../../host/run.ts';
import { type E2bSettings, isBucket } from '../settings.ts';
import { createBucketStore } from './bucket-store.ts';

/** What a build has beside its layers. */
type PlainFile = 'metadata.json' | 'snapfile';

/** Where the tools keep builds. Whatever is asked for is a file in the build's folder afterwards, and was there or is fetched. */
export interface BuildStore {
  /** For `-storage`. */
  readonly argument: string;
  /** Told before a build is made, so that it does not outlive the run. */
  claim(buildId: string): void;
  folderOf(buildId: string): string;
  /** Builds that are there; undefined where that is not for asking. */
  present(): ReadonlySet<string> | undefined;
  /** Fails with what the build lacks. */
  need(buildId: string, file: PlainFile | `${Artifact}.header`): Promise<void>;
  /** `maxBytes` is what its header says that it has. */
  needData(buildId: string, file: string, maxBytes: number): Promise<void>;
  /** Removes builds of this run that nobody resumes any more. */
  discard(buildIds: readonly string[]): Promise<void>;
}

/** @param checkout absolute path that a relative path starts at */
export function createStore(run: Run, { storage }: E2bSettings, checkout: string): BuildStore {
  if (storage === undefined) return createFolderStore(run, undefined);
  return isBucket(storage)
    ? createBucketStore(run, storage)
    : createFolderStore(run, resolve(checkout, storage));
}

function createFolderStore(run: Run, given: string | undefined): BuildStore {
  const argument = openFolder(given ?? join(run.dir, 'e2b-storage'), 'e2b-storage');
  const templates = openFolder(join(argument, 'templates'), 'e2b-storage');
  const folderOf = (buildId: string) => buildFolder(templates, buildId);
  return {
    argument,
    claim(buildId) {
      if (given !== undefined) run.ledger.add({ kind: 'path', path: folderOf(buildId) });
    },
    folderOf,
    present: () => new Set(readdirSync(templates)),
    // What is not there is said by whoever reads it.
    need: async () => {},
    needData: async () => {},
    async discard(buildIds) {
      for (const id of buildIds) rmSync(folderOf(id), { recursive: true, force: true });
    },
  };
}
