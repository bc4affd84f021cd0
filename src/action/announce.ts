import type { GitHubConfig } from '../config/types.ts';
import type { Sizes } from '../gate/accept.ts';
import type { Outcome } from '../gate/outcome.ts';
import type { CheckConclusion, CheckReport } from '../github/check-run.ts';
import { keepTrying, type Patience, usualPatience } from '../github/client.ts';
import {
  type CommentState,
  type RunOrder,
  readCommentState,
  type StoredAcceptance,
} from '../github/comment-state.ts';
import { openComments } from '../github/comments.ts';
import type { ReadOnlyReason } from '../github/service-failure.ts';
import { messageOf } from '../host/error.ts';
import type { Log } from '../host/run.ts';
import type { Annotation } from './annotation.ts';
import { type Channels, openChannels } from './channels.ts';
import { concludedReport, failedReport, measuringReport } from './check-report.ts';
import type { ToldNews } from './comment.ts';
import { createOpenLedger, type OpenAnnouncement, type OpenLedger } from './open-announcement.ts';
import { createTroubles, type Troubles } from './troubles.ts';

export interface AnnouncerOptions {
  readonly log: Log;
  readonly config: Pick<GitHubConfig, 'comment' | 'check' | 'dryRun'>;
  readonly destination: {
    readonly apiUrl: string;
    /** Empty: nothing is told, with one warning. */
    readonly token: string;
    readonly owner: string;
    readonly repo: string;
  };
  /** Whose comment it is; undefined where there is no pull request to tell. */
  readonly pullRequest: number | undefined;
  /** The pull request's head commit, else the commit of the event. Without one nothing is told. */
  readonly headSha: string | undefined;
  readonly run: RunOrder & { readonly url: string };
  /** Tells the steps of one run apart, whose comments would overwrite each other; without one they are not. Eight hexadecimal digits. */
  readonly nonce?: string | undefined;
  /** Why the token is likely to read only. A fork's cannot write: then a check, and a comment by `auto`, are not tried. */
  readonly readOnly?: ReadOnlyReason | undefined;
  /** Told of what a killed run would leave behind, before it is made, and again as it changes; undefined: nothing any more. */
  readonly onOpen?: (open: OpenAnnouncement | undefined) => void;
  readonly fetch?: typeof fetch | undefined;
  readonly patience?: Patience;
  /** Pause before a comment is looked at again, in milliseconds. */
  readonly settleMs?: number;
}

/** What a gate came to. */
export interface Conclusion {
  readonly outcome: Outcome;
  /** One line of plain text, not escaped. */
  readonly headline: string;
  /** Some row that gates is established to have changed, for better or worse. */
  readonly changed: boolean;
  /** The report's Markdown in at most `limit` UTF-16 units. */
  readonly render: (limit: number) => string;
  /** Medians in bytes of the rows that failed. */
  readonly sizes?: Sizes | undefined;
  /** What is remembered of a label: as it was if not given, forgotten if null. */
  readonly acceptance?: StoredAcceptance | null | undefined;
  readonly conclusion: CheckConclusion;
  /** Of the check: the headline if not given. */
  readonly title?: string | undefined;
  readonly annotation?: Annotation | undefined;
}

/** Why nothing was decided. Not escaped. */
export interface Failure {
  readonly message: string;
  readonly remedy: string;
}

export interface Announced {
  readonly commentUrl?: string;
  readonly checkUrl?: string;
}

/**
 * Tells GitHub how a run goes: the check first, then the comment, each as well as it can be. Nothing here throws, and no verdict depends on
 * it: what could not be told is a warning that names the cause and the permission. All of it ends in bounded time.
 */
export interface Announcer {
  /** Measuring begins: the check is in progress, and a comment that is there says so. Need not be waited for: what follows waits. */
  started(): Promise<void>;
  concluded(conclusion: Conclusion): Promise<Announced>;
  /** Nothing was decided. Does nothing after `concluded`. */
  failed(failure: Failure): Promise<Announced>;
  /** What the comment remembers of the runs before; undefined where there is none. */
  state(): Promise<CommentState | 'unreadable' | undefined>;
  /** For what else is asked of GitHub. */
  readonly troubles: Troubles;
}

/** Limits of a check's and of a comment's telling, in milliseconds. */
const limitsMs = {
  started: 45_000,
  concluded: 90_000,
  failed: 60_000,
  state: 60_000,
} as const;

/** Opens no connection and asks nothing yet. */
export function openAnnouncer(options: AnnouncerOptions): Announcer {
  const troubles = createTroubles(options.log, options.readOnly, options.patience?.now);
  const ledger = createOpenLedger(options);
  const channels = openChannels(options, troubles, ledger);
  const patience = (phase: keyof typeof limitsMs) =>
    troubles.patience(options.patience ?? usualPatience, limitsMs[phase]);
  const tellNow = async (phase: keyof typeof limitsMs, report: () => CheckReport, news: ToldNews) => {
    try {
      return await tellAll(channels, ledger, report(), news, () => patience(phase));
    } catch (error) {
      options.log.warning(`GitHub was not told: ${messageOf(error)}`);
      return {};
    }
  };
  let before: Promise<Announced> = Promise.resolve({});
  const tell = (...what: Parameters<typeof tellNow>) => {
    before = before.then(() => tellNow(...what));
    return before;
  };
  let isOver = false;
  return {
    started: async () => {
      await tell('started', () => measuringReport(options), { kind: 'running' });
    },
    concluded: async (conclusion) => {
      isOver = true;
      return await tell('concluded', () => concludedReport(options, conclusion), newsOf(conclusion));
    },
    failed: async (failure) => {
      if (isOver) return {};
      isOver = true;
      return await tell('failed', () => failedReport(options, failure), { kind: 'failed', ...failure });
    },
    state: () => readState(options, troubles, patience('state')),
    troubles,
  };
}

async function tellAll(
  channels: Channels,
  ledger: OpenLedger,
  report: CheckReport,
  news: ToldNews,
  patience: () => Patience,
): Promise<Announced> {
  if (report.status === 'completed') ledger.end(report);
  const checkUrl = await channels.check(report, patience());
  const commentUrl = await channels.comment(news, patience());
  return {
    ...(checkUrl === undefined ? {} : { checkUrl }),
    ...(commentUrl === undefined ? {} : { commentUrl }),
  };
}

function newsOf(conclusion: Conclusion): ToldNews {
  const { outcome, headline, changed, render, sizes, acceptance } = conclusion;
  const isFailure = outcome === 'fail' || conclusion.conclusion === 'failure';
  return { kind: 'result', outcome, headline, changed, isFailure, render, sizes, acceptance };
}

async function readState(
  { destination, fetch, pullRequest, config }: AnnouncerOptions,
  troubles: Troubles,
  patience: Patience,
): Promise<CommentState | 'unreadable' | undefined> {
  if (pullRequest === undefined || destination.token === '') return undefined;
  const api = openComments({ ...destination, fetch, number: pullRequest }, patience);
  try {
    return await keepTrying(() => readCommentState(api, config.comment.key), patience);
  } catch (error) {
    // Who will write it needs no second warning of the same.
    const scope = config.comment.policy === 'never' ? 'pull-requests: read' : 'pull-requests: write';
    troubles.say(error, { what: 'The comment could not be read', scope });
    return 'unreadable';
  }
}
