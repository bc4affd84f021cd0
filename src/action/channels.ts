import type { CheckReport, CheckTarget } from '../github/check-run.ts';
import { openOctokit, type Patience } from '../github/client.ts';
import { openComments } from '../github/comments.ts';
import { mayHaveHappened } from '../github/service-failure.ts';
import type { AnnouncerOptions } from './announce.ts';
import { openCheckTeller } from './check.ts';
import { type ToldNews, tellComment } from './comment.ts';
import type { OpenLedger } from './open-announcement.ts';
import type { Troubles } from './troubles.ts';

/** The ways by which a run is told; one that is off does nothing. Neither throws. Both return an address. */
export interface Channels {
  check(report: CheckReport, patience: Patience): Promise<string | undefined>;
  comment(news: ToldNews, patience: Patience): Promise<string | undefined>;
}

export function openChannels(options: AnnouncerOptions, troubles: Troubles, ledger: OpenLedger): Channels {
  const use = usable(options);
  let isSaid = false;
  const sayOnce = () => {
    if (!isSaid) explain(options);
    isSaid = true;
  };
  const check = use.check === undefined ? undefined : checkChannel(options, use.check, troubles, ledger);
  const comment =
    use.comment === undefined ? undefined : commentChannel(options, use.comment, troubles, ledger);
  return {
    check: async (report, patience) => {
      sayOnce();
      return await check?.(report, patience);
    },
    comment: async (news, patience) => await comment?.(news, patience),
  };
}

interface Wanted {
  readonly check: { readonly headSha: string } | undefined;
  readonly comment: { readonly headSha: string; readonly number: number } | undefined;
}

/** What is asked for. */
function wanted({ config, headSha, pullRequest }: AnnouncerOptions): Wanted {
  if (headSha === undefined) return { check: undefined, comment: undefined };
  const isCommented = pullRequest !== undefined && config.comment.policy !== 'never';
  return {
    check: config.check ? { headSha } : undefined,
    comment: isCommented ? { headSha, number: pullRequest } : undefined,
  };
}

/** What of it can be done, as far as it is known beforehand. */
function usable(options: AnnouncerOptions): Wanted {
  const { config, destination, readOnly } = options;
  const { check, comment } = wanted(options);
  if (config.dryRun || destination.token === '') return { check: undefined, comment: undefined };
  // A job of Dependabot's may have been given more: only the API can tell.
  if (readOnly !== 'fork') return { check, comment };
  return { check: undefined, comment: config.comment.policy === 'auto' ? undefined : comment };
}

/** Why something that was asked for is not tried. */
function explain(options: AnnouncerOptions): void {
  const { log, config, destination } = options;
  const [asked, tried] = [wanted(options), usable(options)];
  const left = [
    ...(asked.check && !tried.check ? [{ what: 'no check', scope: 'checks: write' }] : []),
    ...(asked.comment && !tried.comment ? [{ what: 'no comment', scope: 'pull-requests: write' }] : []),
  ];
  if (left.length === 0) return;
  const what = left.map((each) => each.what).join(' and ');
  const scopes = left.map(({ scope }) => `\`${scope}\``).join(' and ');
  if (config.dryRun) log.info(`dry-run: ${what} is written.`);
  else if (destination.token === '')
    log.warning(`github-token is empty: ${what}. It needs ${scopes}. The report is in the job summary.`);
  else
    log.info(
      `A pull request from a fork has a read-only token: ${what}. The report is in the job summary; a second workflow on workflow_run with mode: comment can post it.`,
    );
}

function checkChannel(
  options: AnnouncerOptions,
  { headSha }: NonNullable<Wanted['check']>,
  troubles: Troubles,
  ledger: OpenLedger,
): Channels['check'] {
  const { destination, fetch, config, run } = options;
  const { owner, repo } = destination;
  const target: CheckTarget = { owner, repo, headSha, key: config.comment.key, run };
  const teller = openCheckTeller(openOctokit({ ...destination, fetch }), target, {
    onState: ledger.check,
    onFailure: (error, isLast) => {
      if (isLast) troubles.say(error, { what: 'The check could not be written', scope: 'checks: write' });
      else troubles.note(error, 'The check does not say yet that this run measures');
    },
  });
  return async (report, patience) => (await teller.tell(report, patience))?.url;
}

function commentChannel(
  options: AnnouncerOptions,
  { headSha, number }: NonNullable<Wanted['comment']>,
  troubles: Troubles,
  ledger: OpenLedger,
): Channels['comment'] {
  const { destination, fetch, config, run, nonce, log, settleMs } = options;
  const { key, policy } = config.comment;
  let isShared = false;
  const onShared = () => {
    if (!isShared) log.warning(sharedWords(key));
    isShared = true;
  };
  return async (news, patience) => {
    const api = openComments({ ...destination, fetch, number }, patience);
    const author = { key, head: headSha, run, nonce, at: new Date(patience.now()).toISOString() };
    const isRunning = news.kind === 'running';
    if (isRunning) ledger.comment(number);
    const onFailure = (error: unknown) => {
      if (isRunning) troubles.note(error, 'The comment does not say yet that this run measures');
      else troubles.say(error, { what: 'The comment could not be written', scope: 'pull-requests: write' });
      if (isRunning && !mayHaveHappened(error)) ledger.comment(undefined);
    };
    const settle = settleMs === undefined ? {} : { settleMs };
    const written = await tellComment(api, author, policy, news, {
      patience,
      ...settle,
      onFailure,
      onShared,
    });
    const isOpen = written === undefined || (isRunning && written.kind === 'written');
    if (!isOpen) ledger.comment(undefined);
    if (written?.kind === 'left') log.info('The comment is left to the newer run that has written it.');
    return written?.comment?.url;
  };
}

function sharedWords(key: string): string {
  return `Another step or job of this run has written the comment ${key}, and this one writes over it: give each gate its own comment-key.`;
}
