import { z } from 'zod';
import { messageOf } from '../host/error.ts';

/** One call of the cache service, asked of a process of its own: see `openCache`. */
export const cacheRequestSchema = z.discriminatedUnion('call', [
  /** The newest entry of the first key that has one: a key is looked for whole, then as the beginning of others. */
  z.strictObject({ call: z.literal('restore'), file: z.string(), keys: z.array(z.string()).min(1).max(10) }),
  z.strictObject({ call: z.literal('save'), file: z.string(), key: z.string() }),
]);
export type CacheRequest = z.infer<typeof cacheRequestSchema>;

export const cacheAnswerSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('restored'), key: z.string() }),
  z.strictObject({ outcome: z.literal('saved') }),
  /** Nothing under these keys; or, of a save, an entry of this key already. */
  z.strictObject({ outcome: z.enum(['nothing', 'exists']) }),
  /** There is an entry, of which tar can make nothing. */
  z.strictObject({ outcome: z.literal('unreadable') }),
  /** The run may not do this; there is no cache here; it did not work. `reason` is what the library said, untrusted. */
  z.strictObject({ outcome: z.enum(['denied', 'unavailable', 'failed']), reason: z.string() }),
]);
export type CacheAnswer = z.infer<typeof cacheAnswerSchema>;

/** What the library wrote to the runner's log: a workflow command (`warning`, `error`, `debug`), or a line of progress (`info`). */
export interface Said {
  readonly level: string;
  readonly text: string;
}

/**
 * The process of one call: reads the request from stdin, writes the answer to stdout, and ends, whatever connections the library has
 * left open. What the library writes to stdout is kept from the runner, which would make annotations of it.
 */
export async function serveCacheCall(): Promise<void> {
  const request = cacheRequestSchema.parse(JSON.parse(await readAll(process.stdin)));
  const write = process.stdout.write.bind(process.stdout);
  const said = listenTo(process.stdout);
  const answer = await answerCall(request, said);
  await new Promise<void>((resolve) => write(JSON.stringify(answer), () => resolve()));
  process.exit(0);
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** Takes what is written to a stream for the rest of the process's life. */
function listenTo(stream: NodeJS.WriteStream): readonly Said[] {
  const said: Said[] = [];
  stream.write = (chunk: string | Uint8Array) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    said.push(...text.split('\n').map(readLine));
    return true;
  };
  return said;
}

/** A line of the runner's log: docs.github.com, "Workflow commands", with the escapes of `@actions/core`. */
export function readLine(line: string): Said {
  const command = /^::([a-z-]+)[^:]*::(.*)$/.exec(line);
  if (command === null) return { level: 'info', text: line };
  const [, level = '', data = ''] = command;
  return {
    level,
    text: data.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%'),
  };
}

async function answerCall(request: CacheRequest, said: readonly Said[]): Promise<CacheAnswer> {
  const cache = await import('@actions/cache');
  if (!cache.isFeatureAvailable()) return unavailable('its runner offers none');
  if (!process.env['ACTIONS_RUNTIME_TOKEN']) return unavailable('ACTIONS_RUNTIME_TOKEN is not set');
  try {
    if (request.call === 'save') return explainSave(await cache.saveCache([request.file], request.key), said);
    const [first = '', ...others] = request.keys;
    return explainRestore(await cache.restoreCache([request.file], first, others), said);
  } catch (error) {
    return { outcome: 'failed', reason: messageOf(error) };
  }
}

function unavailable(reason: string): CacheAnswer {
  return { outcome: 'unavailable', reason };
}

/** The library returns undefined for a miss and for every failure alike; what it said tells them apart. */
export function explainRestore(key: string | undefined, said: readonly Said[]): CacheAnswer {
  if (key !== undefined) return { outcome: 'restored', key };
  const failure = refusalOf(said) ?? failureOf(said);
  const isOfTar = failure?.outcome === 'failed' && /\btar\b"? failed with error/.test(failure.reason);
  return isOfTar ? { outcome: 'unreadable' } : (failure ?? { outcome: 'nothing' });
}

/** The library returns −1 for every failure, and calls each one of the reservation a conflict; only its debugging says the status. */
export function explainSave(id: number, said: readonly Said[]): CacheAnswer {
  if (id !== -1) return { outcome: 'saved' };
  const reserving = said.filter(({ text }) => /^Failed to (?:reserve cache|save): /.test(text));
  if (reserving.some(({ text }) => /\(409\)|already[ _]exists/i.test(text))) return { outcome: 'exists' };
  const reason = reserving[0]?.text ?? 'nothing was said';
  return refusalOf(said) ?? failureOf(said) ?? { outcome: 'failed', reason };
}

/** `cache-mode`, or a token that the service has made read-only for a run that it does not trust. */
function refusalOf(said: readonly Said[]): CacheAnswer | undefined {
  const refusal = /\bcache (?:read|write) denied: [^\n"]+|the effective cache-mode [^\n"]+/;
  const reason = said.map(({ text }) => refusal.exec(text)?.[0]).find((found) => found !== undefined);
  return reason === undefined ? undefined : { outcome: 'denied', reason };
}

function failureOf(said: readonly Said[]): CacheAnswer | undefined {
  const last = said.findLast(({ level }) => level === 'warning' || level === 'error');
  return last === undefined ? undefined : { outcome: 'failed', reason: last.text };
}
