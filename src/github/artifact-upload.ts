import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SnapgateError } from '../host/error.ts';
import type { Log } from '../host/run.ts';
import type { Measurement } from '../measure/record.ts';
import { type EntryName, entryArtifactName, gateArtifactName } from './artifact-names.ts';
import { requireBoundedJson } from './bounded-json.ts';
import { type UploadFailure, type UploadRecord, uploadFiles, uploadVersion } from './upload-record.ts';

/** What a job hands over: measurements, or why there are none. */
export interface Handover {
  readonly base?: Measurement | undefined;
  readonly head?: Measurement | undefined;
  readonly failure?: UploadFailure | undefined;
}

export interface GateHandover extends Handover {
  readonly key: string;
  readonly pullRequest?: number | undefined;
  readonly headSha?: string | undefined;
}

export type EntryHandover = Handover & EntryName;

/** The part of `@actions/artifact` that is used. */
export interface ArtifactUploader {
  uploadArtifact(
    name: string,
    files: string[],
    rootDirectory: string,
    options: { retentionDays: number; compressionLevel: number },
  ): Promise<unknown>;
}

export interface UploadContext {
  readonly log: Log;
  /** Folder of the run, for the files on their way. */
  readonly dir: string;
  /** The runner's variables, which the library reads for itself. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `@actions/artifact` if not given: it is loaded only here, for it is large. */
  readonly open?: () => Promise<ArtifactUploader>;
  /** Limit of all of it, in ms. */
  readonly limitMs?: number;
}

/** The job that needs it follows within minutes; a week leaves time to run that again. */
const retentionDays = 7;
/** The library tries five times within some 40 s. */
const usualLimitMs = 60_000;

/** Hands what a gate has measured to the job that may comment. False after a warning: the verdict never depends on it. */
export async function uploadGate(context: UploadContext, handover: GateHandover): Promise<boolean> {
  const { key, pullRequest, headSha } = handover;
  const record: UploadRecord = {
    ...headerOf(handover),
    kind: 'gate',
    key,
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(headSha === undefined ? {} : { headSha }),
  };
  return await upload(context, gateArtifactName(key), record, handover);
}

/** Hands what an entry of a matrix has measured to the job that decides. False after a warning: that job will miss it. */
export async function uploadEntry(context: UploadContext, handover: EntryHandover): Promise<boolean> {
  const { key, entry, side, shard } = handover;
  const record: UploadRecord = {
    ...headerOf(handover),
    kind: 'entry',
    key,
    entry,
    side,
    ...(shard === undefined ? {} : { shard }),
  };
  return await upload(context, entryArtifactName(handover), record, handover);
}

function headerOf({ failure }: Handover): Pick<UploadRecord, 'schema' | 'version' | 'failure'> {
  return {
    schema: 'snapgate/upload',
    version: uploadVersion,
    ...(failure === undefined
      ? {}
      : { failure: { code: failure.code, message: failure.message.slice(0, 1000) } }),
  };
}

async function upload(
  context: UploadContext,
  name: string,
  record: UploadRecord,
  handover: Handover,
): Promise<boolean> {
  const { log, env } = context;
  try {
    requireService(env);
    const files = writeFiles(context, record, handover);
    // What the library says of its progress is folded below this.
    log.detail(`uploading the artifact ${name}`);
    await send(context, name, files);
    log.info(`Uploaded the artifact ${name}.`);
    return true;
  } catch (error) {
    log.warning(
      `The artifact ${name} could not be uploaded: ${explain(error)} Uploading needs no permission of the job. Whatever needs it will do without; the verdict stands.`,
    );
    return false;
  }
}

/** Said here, for the library would make an annotation of its own of the first. */
function requireService(env: UploadContext['env']): void {
  const { hostname } = new URL(env['GITHUB_SERVER_URL'] || 'https://github.com');
  if (!/^github\.com$|\.ghe\.com$|\.localhost$/i.test(hostname))
    throw new SnapgateError(
      'host',
      'GitHub Enterprise Server has no artifact service that @actions/artifact knows',
      'Set `artifact: never` there; a run whose token may write needs none.',
    );
  const missing = ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL'].find((variable) => !env[variable]);
  if (missing !== undefined)
    throw new SnapgateError(
      'host',
      `${missing} is not set`,
      "Only a step of the runner's own, with uses:, is given it.",
    );
}

interface FilesToSend {
  readonly dir: string;
  readonly paths: string[];
}

/** The archive holds them by their names alone: they are put together in a folder of their own. */
function writeFiles(context: UploadContext, record: UploadRecord, { base, head }: Handover): FilesToSend {
  const dir = mkdtempSync(join(context.dir, 'artifact-'));
  const texts: readonly (readonly [string, object | undefined])[] = [
    [uploadFiles.record, record],
    [uploadFiles.base, base && { ...base, side: 'base' }],
    [uploadFiles.head, head && { ...head, side: 'head' }],
  ];
  const paths = texts.flatMap(([name, value]) => {
    if (value === undefined) return [];
    const text = JSON.stringify(value);
    // Whoever downloads it reads no more than this either.
    requireBoundedJson(text, name);
    const path = join(dir, name);
    writeFileSync(path, text);
    return [path];
  });
  return { dir, paths };
}

async function send(context: UploadContext, name: string, { dir, paths }: FilesToSend): Promise<void> {
  const { env, open = openUploader, limitMs = usualLimitMs } = context;
  const uploader = await open();
  const options = { retentionDays: daysAllowed(env), compressionLevel: 9 };
  const sending = uploader.uploadArtifact(name, paths, dir, options);
  // It cannot be stopped: what it fails with after the limit is nobody's.
  sending.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new SnapgateError('host', `it was not done within ${Math.ceil(limitMs / 1000)} s`, lasting)),
      limitMs,
    );
  });
  try {
    await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function openUploader(): Promise<ArtifactUploader> {
  const { DefaultArtifactClient } = await import('@actions/artifact');
  return new DefaultArtifactClient();
}

/** The library warns where the repository keeps nothing for so long. */
function daysAllowed(env: UploadContext['env']): number {
  const most = Number(env['GITHUB_RETENTION_DAYS']);
  return most >= 1 && most < retentionDays ? Math.floor(most) : retentionDays;
}

const lasting = 'Where this lasts, see githubstatus.com, and what is between the runner and GitHub.';

/** The library's errors are told apart by what they say. */
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /\b409\b|already exists/i,
    'There is one of this name in this run: give each gate a comment-key, and each job of a matrix an entry, side or shard of its own.',
  ],
  [
    /quota|insufficient usage/i,
    'The storage for artifacts is used up: delete old ones, or raise the limit of the organisation.',
  ],
  [/\b40[13]\b/, 'The token of the job is not accepted; it is good for the time of the job alone.'],
  [
    /\b(?:429|5\d\d)\b|rate limit/i,
    'The service itself failed: see githubstatus.com, and run the job again later.',
  ],
  [
    /Unable to make request|ECONN|ENOTFOUND|ETIMEDOUT|EHOST|stalled/,
    'Check the network of the runner and its proxy.',
  ],
];

function explain(error: unknown): string {
  if (error instanceof SnapgateError) return `${error.message}. ${error.remedy}`;
  const said =
    messageOf(error)
      .split(/[\r\n]/, 1)[0]
      ?.slice(0, 300) ?? '';
  const advice = causes.find(([pattern]) => pattern.test(said))?.[1] ?? lasting;
  return `${said.replace(/[.\s]+$/, '')}. ${advice}`;
}
