import { z } from 'zod';
import { type EditFile, editArchive } from './archive-edit.ts';
import type { BlobStore } from './blobs.ts';
import type { Answer } from './loopback.ts';
import { type RuntimeIdentity, twirpError } from './runtime-token.ts';

/** An entry of the cache that was uploaded to its end. */
export interface CacheEntry {
  readonly id: number;
  readonly key: string;
  /** Hash of the paths and the compression that it was saved with. */
  readonly version: string;
  /** Ref that it belongs to. */
  readonly scope: string;
  readonly size: number;
  readonly createdAt: Date;
}

export interface CacheService {
  /** Oldest first. */
  entries(): readonly CacheEntry[];
  /** Evicts everything, or what has this key. */
  clear(key?: string): void;
  /** Gives an entry another archive: what `edit` makes of its files, or bytes that are no archive. */
  poison(key: string | RegExp, edit?: EditFile): void;
  /** Refuses to save, as for a run whose token may only read. */
  isReadOnly: boolean;
  answer(method: string, body: unknown, identity: RuntimeIdentity): Answer;
}

interface Slot extends CacheEntry {
  readonly blob: string;
}

const createSchema = z.object({ key: z.string(), version: z.string() });
const finalizeSchema = z.object({ key: z.string(), version: z.string(), size_bytes: z.string() });
const getSchema = z.object({
  key: z.string(),
  version: z.string(),
  restore_keys: z.array(z.string()).default([]),
});

/** Service `github.actions.results.api.v1.CacheService`, as @actions/cache 6 calls it. */
export function createCacheService(blobs: BlobStore, urlOf: (blob: string) => string): CacheService {
  const reserved = new Map<string, string>();
  let slots: Slot[] = [];
  let ids = 0;
  const service: CacheService = {
    isReadOnly: false,
    entries: () => slots,
    clear: (key) => {
      slots = key === undefined ? [] : slots.filter((slot) => slot.key !== key);
      reserved.clear();
    },
    poison: (key, edit) => {
      const found = slots.filter((slot) => (typeof key === 'string' ? slot.key === key : key.test(slot.key)));
      if (found.length === 0) throw new Error(`no cache entry ${key}`);
      for (const { blob } of found) blobs.replace(blob, poisoned(blobs.read(blob), edit));
    },
    answer: (method, body, identity) => {
      if (method === 'CreateCacheEntry') return create(createSchema.parse(body), identity);
      if (method === 'FinalizeCacheEntryUpload') return finalize(finalizeSchema.parse(body), identity);
      if (method === 'GetCacheEntryDownloadURL') return get(getSchema.parse(body), identity);
      return twirpError(404, 'bad_route', `no method ${method}`);
    },
  };
  const create = (
    { key, version }: z.infer<typeof createSchema>,
    { writeScope }: RuntimeIdentity,
  ): Answer => {
    if (service.isReadOnly || writeScope === undefined)
      return json({ ok: false, message: 'cache write denied: the token has no writable cache scopes' });
    const slot = `${writeScope} ${version} ${key}`;
    const isTaken = slots.some(
      (each) => each.key === key && each.version === version && each.scope === writeScope,
    );
    if (isTaken || reserved.has(slot))
      return twirpError(
        409,
        'already_exists',
        'cache entry with the same key, version, and scope already exists',
      );
    const blob = blobs.create();
    reserved.set(slot, blob);
    return json({ ok: true, signed_upload_url: urlOf(blob) });
  };
  const finalize = (
    { key, version, size_bytes }: z.infer<typeof finalizeSchema>,
    { writeScope = '' }: RuntimeIdentity,
  ): Answer => {
    const name = `${writeScope} ${version} ${key}`;
    const blob = reserved.get(name);
    if (blob === undefined || blobs.read(blob)?.length !== Number(size_bytes))
      return json({ ok: false, message: 'the upload is not complete' });
    reserved.delete(name);
    ids += 1;
    const createdAt = new Date();
    slots.push({ id: ids, key, version, scope: writeScope, size: Number(size_bytes), createdAt, blob });
    return json({ ok: true, entry_id: String(ids) });
  };
  const get = (request: z.infer<typeof getSchema>, { readScopes }: RuntimeIdentity): Answer => {
    if (readScopes.length === 0)
      return twirpError(
        403,
        'permission_denied',
        'cache read denied: the token has no readable cache scopes',
      );
    const slot = match(slots, request, readScopes);
    if (slot === undefined) return json({ ok: false, signed_download_url: '', matched_key: '' });
    return json({ ok: true, signed_download_url: urlOf(slot.blob), matched_key: slot.key });
  };
  return service;
}

/**
 * docs.github.com, "Dependency caching", "Cache key matching": in each scope in turn the key itself, then what begins with it, then what
 * begins with each of the restore keys; the newest of those.
 */
function match(
  slots: readonly Slot[],
  { key, version, restore_keys }: z.infer<typeof getSchema>,
  scopes: readonly string[],
): Slot | undefined {
  for (const scope of scopes) {
    const of = slots.filter((slot) => slot.scope === scope && slot.version === version).toReversed();
    const exact = of.find((slot) => slot.key === key);
    if (exact) return exact;
    for (const prefix of [key, ...restore_keys]) {
      const found = of.find((slot) => slot.key.startsWith(prefix));
      if (found) return found;
    }
  }
  return undefined;
}

function poisoned(archive: Buffer | undefined, edit: EditFile | undefined): Buffer {
  if (archive === undefined) throw new Error('the entry has no archive');
  return edit === undefined ? Buffer.from('this is no archive') : editArchive(archive, edit);
}

function json(body: object): Answer {
  return { status: 200, body };
}
