import { openOctokit, type Patience, startPatience, usualPatience } from '../github/client.ts';
import { openComments } from '../github/comments.ts';
import { explainFailure, type FailedService } from '../github/service-failure.ts';
import type { Log } from '../host/run.ts';
import { completeCheck } from './check.ts';
import { cancelledReport, lateReport } from './check-report.ts';
import { tellComment } from './comment.ts';
import type { OpenAnnouncement } from './open-announcement.ts';
import { createTroubles } from './troubles.ts';

export interface CloseOptions {
  readonly log: Log;
  readonly apiUrl: string;
  /** Empty: nothing can be done. */
  readonly token: string;
  readonly fetch?: typeof fetch | undefined;
  readonly patience?: Patience;
  readonly settleMs?: number;
}

/** Limits of the post step, in milliseconds. */
const totalMs = 40_000;
const requestMs = 15_000;

/**
 * Takes back what a run left open: a check in progress is completed, and the comment no longer says that it measures, unless another run
 * has written it since. Cancelled, where the run was killed; what it came to, where it could not tell. Never throws, and ends in 45 s.
 */
export async function closeAbandoned(open: OpenAnnouncement, options: CloseOptions): Promise<void> {
  if (options.token === '') return;
  const usual = options.patience ?? usualPatience;
  const quick = { ...usual, requestMs: Math.min(usual.requestMs, requestMs), tries: 2 };
  const patience = startPatience(quick, totalMs);
  const say = sayer(open, options);
  await Promise.all([closeCheck(open, options, patience, say), closeComment(open, options, patience, say)]);
}

type Say = (error: unknown, what: string, scope: string) => void;

/** A run that ended has had its warning. */
function sayer({ ended }: OpenAnnouncement, { log }: CloseOptions): Say {
  const { say } = createTroubles(log);
  return (error, what, scope) => {
    const service: FailedService = { what, scope, consequence: 'The next run puts it right.' };
    if (ended) log.info(explainFailure(error, service));
    else say(error, service);
  };
}

async function closeCheck(
  open: OpenAnnouncement,
  options: CloseOptions,
  patience: Patience,
  say: Say,
): Promise<void> {
  if (open.check === undefined) return;
  const report = open.ended ? lateReport(open, open.ended) : cancelledReport(open);
  try {
    await completeCheck(openOctokit(options), open, open.check.id, report, patience);
  } catch (error) {
    say(error, 'The check could not be completed', 'checks: write');
  }
}

async function closeComment(
  open: OpenAnnouncement,
  options: CloseOptions,
  patience: Patience,
  say: Say,
): Promise<void> {
  const { pullRequest: number, key, headSha, run, owner, repo } = open;
  if (number === undefined) return;
  const { apiUrl, token, fetch, settleMs } = options;
  const api = openComments({ apiUrl, token, fetch, owner, repo, number }, patience);
  const author = { key, head: headSha, run, at: new Date(patience.now()).toISOString() };
  const news = {
    kind: open.ended && open.ended.conclusion !== 'cancelled' ? 'untold' : 'cancelled',
  } as const;
  await tellComment(api, author, 'always', news, {
    patience,
    ...(settleMs === undefined ? {} : { settleMs }),
    onFailure: (error) =>
      say(error, 'The comment may still say that it is measuring', 'pull-requests: write'),
  });
}
