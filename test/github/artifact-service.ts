import { z } from 'zod';
import { type BlobStore, sha256 } from './blobs.ts';
import type { Answer } from './loopback.ts';
import { type RuntimeIdentity, twirpError } from './runtime-token.ts';

/** An artifact that was uploaded to its end, or planted. */
export interface StoredArtifact {
  readonly id: number;
  readonly runId: number;
  readonly attempt: number;
  readonly name: string;
  /** In bytes, as it is said to be. */
  readonly size: number;
  readonly digest: string;
  readonly expired: boolean;
  readonly createdAt: Date;
  /** Signed address of the zip. */
  readonly url: string;
}

export interface PlantedArtifact {
  readonly runId: number;
  readonly name: string;
  readonly zip: Buffer;
  readonly attempt?: number;
  /** Size that the listing claims. */
  readonly claimedBytes?: number;
  readonly expired?: boolean;
}

export interface ArtifactService {
  /** Oldest first. */
  all(): readonly StoredArtifact[];
  /** The zip of an artifact. */
  zip(id: number): Buffer;
  /** Puts any zip where a run's artifacts are; its id. */
  plant(artifact: PlantedArtifact): number;
  expire(id: number): void;
  delete(id: number): void;
  answer(method: string, body: unknown, identity: RuntimeIdentity): Answer;
}

interface Slot extends Omit<StoredArtifact, 'url'> {
  readonly runBackendId: string;
  readonly jobBackendId: string;
  readonly blob: string;
}

const nameSchema = z.object({ name: z.string() });
const finalizeSchema = nameSchema.extend({ size: z.string(), hash: z.string().optional() });
const listSchema = z.object({ name_filter: z.string().nullish(), id_filter: z.string().nullish() });

/** Service `github.actions.results.api.v1.ArtifactService`, as @actions/artifact 6 calls it. */
export function createArtifactService(blobs: BlobStore, urlOf: (blob: string) => string): ArtifactService {
  const pending = new Map<string, string>();
  let slots: Slot[] = [];
  let ids = 0;
  const change = (id: number, more: Partial<Slot>) => {
    slots = slots.map((slot) => (slot.id === id ? { ...slot, ...more } : slot));
  };
  const add = (slot: Omit<Slot, 'id' | 'createdAt'>): number => {
    ids += 1;
    slots.push({ ...slot, id: ids, createdAt: new Date() });
    return ids;
  };
  const handlers: Readonly<Record<string, (body: unknown, identity: RuntimeIdentity) => Answer>> = {
    CreateArtifact: (body, { runBackendId }) => {
      const { name } = nameSchema.parse(body);
      const isTaken = slots.some((slot) => slot.runBackendId === runBackendId && slot.name === name);
      if (isTaken)
        return twirpError(
          409,
          'already_exists',
          'an artifact with this name already exists on the workflow run',
        );
      const blob = blobs.create();
      pending.set(`${runBackendId} ${name}`, blob);
      return json({ ok: true, signed_upload_url: urlOf(blob) });
    },
    FinalizeArtifact: (body, identity) => {
      const { name, size, hash } = finalizeSchema.parse(body);
      const blob = pending.get(`${identity.runBackendId} ${name}`);
      const content = blob === undefined ? undefined : blobs.read(blob);
      if (blob === undefined || content?.length !== Number(size))
        return json({ ok: false, artifact_id: '0' });
      const digest = hash ?? `sha256:${sha256(content)}`;
      return json({
        ok: true,
        artifact_id: String(add({ ...owned(identity), name, size: Number(size), digest, blob })),
      });
    },
    ListArtifacts: (body, { runId }) => {
      const { name_filter, id_filter } = listSchema.parse(body);
      const found = slots.filter(
        (slot) =>
          slot.runId === runId &&
          !slot.expired &&
          (name_filter == null || slot.name === name_filter) &&
          (id_filter == null || slot.id === Number(id_filter)),
      );
      return json({ artifacts: found.map(listed) });
    },
    GetSignedArtifactURL: (body, { runId }) => {
      const { name } = nameSchema.parse(body);
      const slot = slots.findLast((each) => each.runId === runId && each.name === name);
      return slot === undefined
        ? twirpError(404, 'not_found', 'artifact not found')
        : json({ signed_url: urlOf(slot.blob) });
    },
    DeleteArtifact: (body, { runId }) => {
      const { name } = nameSchema.parse(body);
      const slot = slots.findLast((each) => each.runId === runId && each.name === name);
      slots = slots.filter((each) => each !== slot);
      return json({ ok: slot !== undefined, artifact_id: String(slot?.id ?? 0) });
    },
  };
  return {
    all: () => slots.map((slot) => ({ ...slot, url: urlOf(slot.blob) })),
    zip: (id) => {
      const slot = slots.find((each) => each.id === id);
      const content = slot && blobs.read(slot.blob);
      if (content === undefined) throw new Error(`no artifact ${id}`);
      return content;
    },
    plant: ({ runId, name, zip, attempt = 1, claimedBytes = zip.length, expired = false }) =>
      add({
        runId,
        attempt,
        runBackendId: `run-${runId}-${attempt}`,
        jobBackendId: 'job-planted',
        name,
        size: claimedBytes,
        digest: `sha256:${sha256(zip)}`,
        expired,
        blob: blobs.create(zip),
      }),
    expire: (id) => change(id, { expired: true }),
    delete: (id) => {
      slots = slots.filter((slot) => slot.id !== id);
    },
    answer: (method, body, identity) => {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      return handler?.(body, identity) ?? twirpError(404, 'bad_route', `no method ${method}`);
    },
  };
}

function owned({ runId, attempt, runBackendId, jobBackendId }: RuntimeIdentity) {
  return { runId, attempt, runBackendId, jobBackendId, expired: false };
}

function listed({ id, name, size, digest, createdAt, runBackendId, jobBackendId }: Slot): object {
  return {
    workflow_run_backend_id: runBackendId,
    workflow_job_run_backend_id: jobBackendId,
    database_id: String(id),
    name,
    size: String(size),
    created_at: createdAt.toISOString(),
    digest,
  };
}

function json(body: object): Answer {
  return { status: 200, body };
}
