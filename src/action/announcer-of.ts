import * as core from '@actions/core';
import type { TriggerEvent } from '../github/event.ts';
import type { ReadOnlyReason } from '../github/service-failure.ts';
import type { Log } from '../host/run.ts';
import { type Announcer, type AnnouncerOptions, openAnnouncer } from './announce.ts';
import type { ActionRequest } from './request.ts';
import { keepAnnouncement } from './state.ts';

/** What has to be known of a run to tell of it. */
export interface Told extends Pick<ActionRequest, 'context' | 'event' | 'token' | 'pullRequest'> {
  readonly config: { readonly github: AnnouncerOptions['config'] };
}

/** Who tells GitHub of this run. */
export function announcerOf(
  log: Log,
  told: Told,
  { headSha, nonce }: Pick<AnnouncerOptions, 'headSha' | 'nonce'>,
): Announcer {
  const { config, context, event, token, pullRequest } = told;
  const { apiUrl, owner, repo, runId, attempt, runUrl } = context;
  return openAnnouncer({
    log,
    config: config.github,
    destination: { apiUrl, token, owner, repo },
    pullRequest,
    headSha,
    run: { id: runId, attempt, url: runUrl },
    nonce,
    readOnly: readOnlyReason(event, context.actor),
    onOpen: (open) => keepAnnouncement(core, open),
  });
}

/** Why the token of this run is known not to write, if it is (docs.github.com, "Automatic token authentication"). */
export function readOnlyReason(event: TriggerEvent, actor: string): ReadOnlyReason | undefined {
  if (event.name !== 'pull_request') return undefined;
  if (event.isFork) return 'fork';
  return actor === 'dependabot[bot]' ? 'dependabot' : undefined;
}
