import { z } from 'zod';
import type { CheckReport } from '../github/check-run.ts';
import { messageOf } from '../host/error.ts';
import type { Log } from '../host/run.ts';
import { commitShaSchema } from '../measure/record.ts';
import type { AnnouncerOptions } from './announce.ts';
import type { CheckState } from './check.ts';

const namePart = z.string().regex(/^[\w.-]{1,100}$/);
const maxTitleChars = 250;

/** What a run has told and not yet taken back: kept for the post step, in case that nobody is left to do it. Holds no secret. */
const openAnnouncementSchema = z.object({
  owner: namePart,
  repo: namePart,
  key: namePart,
  headSha: commitShaSchema,
  run: z.object({ id: z.int().nonnegative(), attempt: z.int().nonnegative(), url: z.string().max(1000) }),
  /** A check that is in progress; without an id the answer to its making is not known. */
  check: z.object({ id: z.int().optional() }).optional(),
  /** The pull request whose comment may say that this run is measuring. */
  pullRequest: z.int().positive().optional(),
  /** The run came to an end, and what it could not tell is this. */
  ended: z
    .object({
      conclusion: z.enum(['success', 'failure', 'neutral', 'cancelled']),
      title: z.string().max(maxTitleChars),
    })
    .optional(),
});
export type OpenAnnouncement = z.infer<typeof openAnnouncementSchema>;

/** Reads what was kept as JSON; undefined for nothing, and for what cannot be used. */
export function readOpenAnnouncement(text: string): OpenAnnouncement | undefined {
  if (text === '') return undefined;
  try {
    return openAnnouncementSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Knows what is open, and says so to whoever keeps it. */
export interface OpenLedger {
  readonly check: (state: CheckState) => void;
  /** The pull request whose comment says that this run is measuring; undefined: it does not. */
  readonly comment: (pullRequest: number | undefined) => void;
  /** From here on the run has an end to tell. */
  readonly end: (report: Extract<CheckReport, { status: 'completed' }>) => void;
}

export function createOpenLedger(
  options: Pick<AnnouncerOptions, 'destination' | 'config' | 'headSha' | 'run' | 'log' | 'onOpen'>,
): OpenLedger {
  let open: Pick<OpenAnnouncement, 'check' | 'pullRequest' | 'ended'> = {};
  const become = (next: typeof open) => {
    open = next;
    keep(options, whole(options, open));
  };
  return {
    check: (state) => {
      const { check: _, ...others } = open;
      if (state.kind === 'asked') become({ ...others, check: {} });
      else if (state.kind === 'open') become({ ...others, check: { id: state.id } });
      else become(others);
    },
    comment: (pullRequest) => {
      const { pullRequest: before, ...others } = open;
      if (pullRequest !== before) become(pullRequest === undefined ? others : { ...others, pullRequest });
    },
    end: ({ conclusion, title }) => {
      const ended = { conclusion, title: title.slice(0, maxTitleChars) };
      open = { ...open, ended };
      if (open.check || open.pullRequest) become(open);
    },
  };
}

function whole(
  { destination, config, headSha, run }: Pick<AnnouncerOptions, 'destination' | 'config' | 'headSha' | 'run'>,
  open: Pick<OpenAnnouncement, 'check' | 'pullRequest' | 'ended'>,
): OpenAnnouncement | undefined {
  if (headSha === undefined || (open.check === undefined && open.pullRequest === undefined)) return undefined;
  const { owner, repo } = destination;
  const { id, attempt, url } = run;
  return { owner, repo, key: config.comment.key, headSha, run: { id, attempt, url }, ...open };
}

/** Where it cannot be kept, a killed run leaves its check open: no reason not to run. */
function keep(
  { log, onOpen }: { readonly log: Log; readonly onOpen?: AnnouncerOptions['onOpen'] },
  open: OpenAnnouncement | undefined,
): void {
  try {
    onOpen?.(open);
  } catch (error) {
    log.detail(`The state for the post step could not be kept: ${messageOf(error)}`);
  }
}
