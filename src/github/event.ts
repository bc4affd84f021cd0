import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';

/** What started the workflow, with what a gate needs of it. Everything else in the payload is left unread. */
export type TriggerEvent =
  | {
      readonly name: 'pull_request';
      readonly number: number;
      /** Tip of the pull request's own branch. */
      readonly headSha: string;
      /** Tip of the branch it goes into, when the event was made: may be newer than the merge commit's first parent. */
      readonly baseSha: string;
    }
  | {
      readonly name: 'push';
      /** What the branch was at before; undefined for a new branch. */
      readonly before: string | undefined;
    }
  | { readonly name: 'workflow_dispatch' };

const sha = z.string().regex(/^[0-9a-f]{40}$/);
const noCommit = '0'.repeat(40);

const pullRequestSchema = z.object({
  pull_request: z.object({
    number: z.int().positive(),
    head: z.object({ sha }),
    base: z.object({ sha }),
  }),
});
const pushSchema = z.object({ before: sha });

/**
 * The readers of payloads, by the runner's name of the event (docs.github.com, "Events that trigger workflows"). An event is
 * supported by having one here.
 */
const readers: Readonly<Record<string, (payload: unknown, where: string) => TriggerEvent>> = {
  pull_request: (payload, where) => {
    const { pull_request: pull } = parse(pullRequestSchema, payload, where);
    return { name: 'pull_request', number: pull.number, headSha: pull.head.sha, baseSha: pull.base.sha };
  },
  push: (payload, where) => {
    const { before } = parse(pushSchema, payload, where);
    return { name: 'push', before: before === noCommit ? undefined : before };
  },
  workflow_dispatch: () => ({ name: 'workflow_dispatch' }),
};

/**
 * The event of this run.
 * @param name the runner's `GITHUB_EVENT_NAME`.
 * @param payload text of the file that `GITHUB_EVENT_PATH` names.
 * @throws SnapgateError('usage') for an event that snapgate does not know, or a payload without what is needed.
 */
export function readEvent(name: string, payload: string): TriggerEvent {
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (reader === undefined) {
    throw new SnapgateError(
      'usage',
      `snapgate does not know what to compare on the event ${JSON.stringify(name.slice(0, 60))}`,
      `Run it on one of: ${Object.keys(readers).join(', ')}.`,
    );
  }
  return reader(parseJson(payload, name), name);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(where, 'it is not JSON', error);
  }
}

function parse<T>(schema: z.ZodType<T>, payload: unknown, where: string): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unreadable(where, `${issue?.path.join('.')}: ${issue?.message}`, parsed.error);
}

function unreadable(where: string, why: string, cause: unknown): SnapgateError {
  return new SnapgateError(
    'usage',
    `the payload of the ${where} event cannot be used: ${why}`,
    'GITHUB_EVENT_PATH must name the file that the runner wrote.',
    { cause },
  );
}
