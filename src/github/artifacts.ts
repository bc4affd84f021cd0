import { defaults } from '@actions/github/lib/utils';
import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';
import { formatBytes } from '../host/units.ts';
import { callGitHub, type RequestLimit } from './client.ts';
import { listAll } from './list-pages.ts';
import type { GitHubRepository } from './repository.ts';

/** An artifact of a workflow run. Its name is the run's: foreign. */
export interface RunArtifact {
  readonly id: number;
  readonly runId: number;
  readonly name: string;
  /** What GitHub says it has, packed. */
  readonly bytes: number;
  readonly expired: boolean;
}

/** Of a packed artifact; a measurement of 25,000 cycles packs to some 2 MiB. */
export const maxArtifactBytes = 32 * 1024 ** 2;

/** GitHub allows 500 artifacts a job. */
const mostPages = 100;

const listSchema = z.object({
  artifacts: z.array(
    z.object({
      id: z.int().positive(),
      name: z.string(),
      size_in_bytes: z.number().nonnegative(),
      expired: z.boolean(),
      created_at: z.string().nullish(),
    }),
  ),
});

/**
 * The artifacts of a run, by the newest of each name: a job that runs again leaves those of its first attempt. Expired ones are among
 * them. With `name` only those that are called so.
 * @throws what GitHub failed with.
 */
export async function listArtifacts(
  { client, owner, repo, patience }: GitHubRepository,
  runId: number,
  name?: string,
): Promise<readonly RunArtifact[]> {
  const all = await listAll(
    {
      page: (page, limit) =>
        client.rest.actions.listWorkflowRunArtifacts({
          owner,
          repo,
          run_id: runId,
          per_page: 100,
          page,
          ...(name === undefined ? {} : { name }),
          ...limit,
        }),
      schema: listSchema.transform(({ artifacts }) => artifacts),
      mostPages,
    },
    patience,
  );
  const oldestFirst = all.toSorted((a, b) => age(a.created_at) - age(b.created_at) || a.id - b.id);
  const newest = new Map(
    oldestFirst.map(({ id, name, size_in_bytes: bytes, expired }) => [
      name,
      { id, runId, name, bytes, expired },
    ]),
  );
  return [...newest.values()].filter((artifact) => name === undefined || artifact.name === name);
}

function age(createdAt: string | null | undefined): number {
  const time = Date.parse(createdAt ?? '');
  return Number.isNaN(time) ? 0 : time;
}

/**
 * The zip of an artifact, in memory.
 * @throws SnapgateError('record') for one that is larger than `maxBytes`, whatever it was said to be; what GitHub failed with for the rest.
 */
export async function downloadArtifact(
  repository: GitHubRepository,
  artifact: RunArtifact,
  maxBytes: number = maxArtifactBytes,
): Promise<Buffer> {
  if (artifact.bytes > maxBytes) throw tooLarge(artifact, formatBytes(artifact.bytes), maxBytes);
  const content = await callGitHub(async (limit) => {
    const body = await openArchive(repository, artifact.id, limit);
    return await readBounded(body, maxBytes);
  }, repository.patience);
  if (content === undefined) throw tooLarge(artifact, 'larger than it was said to be', maxBytes);
  return content;
}

type Bytes = AsyncIterable<Uint8Array>;

const answerSchema = z.object({
  status: z.int(),
  headers: z.object({ location: z.string().optional() }),
  data: z.unknown(),
});

/**
 * GitHub answers with the address of the archive in its storage, which is another host: it gets no token. The address is good for a
 * minute, so that a second try asks for another one (docs.github.com, "Download an artifact").
 */
async function openArchive(repository: GitHubRepository, id: number, limit: RequestLimit): Promise<Bytes> {
  const { client, owner, repo } = repository;
  const answer = answerSchema.parse(
    await client.request('GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}', {
      owner,
      repo,
      artifact_id: id,
      archive_format: 'zip',
      request: { ...limit.request, redirect: 'manual', parseSuccessResponseBody: false },
    }),
  );
  const { location } = answer.headers;
  if (answer.status < 300 || location === undefined) return requireBytes(answer.data);
  return await fetchStored(repository, location, limit.request.signal);
}

async function fetchStored(
  repository: GitHubRepository,
  address: string,
  signal: AbortSignal,
): Promise<Bytes> {
  const proxied: typeof fetch | undefined = defaults.request?.fetch;
  const fetcher = repository.fetch ?? proxied ?? fetch;
  const stored = await fetcher(address, { signal });
  if (stored.ok) return requireBytes(stored.body);
  const error = new Error(`the storage of artifacts answered ${stored.status}`);
  // Whatever it is, another address may do.
  throw Object.assign(error, { status: 502, response: { headers: {} } });
}

function requireBytes(body: unknown): Bytes {
  if (isBytes(body)) return body;
  throw Object.assign(new Error('the answer has no body'), { status: 502, response: { headers: {} } });
}

function isBytes(body: unknown): body is Bytes {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Undefined for more than `maxBytes`; the rest is not waited for. */
async function readBounded(body: Bytes, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge({ name, runId }: RunArtifact, size: string, maxBytes: number): SnapgateError {
  return new SnapgateError(
    'record',
    `the artifact ${JSON.stringify(name.slice(0, 100))} of run ${runId} is ${size}, and no more than ${formatBytes(maxBytes)} is read`,
    'Measure fewer cycles or boots; what snapgate itself uploads is far smaller.',
  );
}
