import { readCheckout, resolveRef } from '../baseline/commit.ts';
import { type Git, openGit } from '../baseline/git.ts';
import { environmentOf, tokenSettings } from '../baseline/git-settings.ts';
import { resolveBase, resolveHead, type SideContext } from '../baseline/resolve.ts';
import type { BaseSide, HeadSide } from '../baseline/types.ts';
import { buildsItself } from '../config/config.ts';
import type { BaseSpec, Config, HeadSpec } from '../config/types.ts';
import { startPatience, usualPatience } from '../github/client.ts';
import { askMergeBase } from '../github/commits.ts';
import { headShaOf } from '../github/event.ts';
import { openRepository } from '../github/repository.ts';
import type { RunContext } from '../github/run-context.ts';
import { type AskMergeBase, type EventSides, sidesOfEvent } from '../github/subject.ts';
import { requireTrusted } from '../github/trust.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import type { Side } from '../measure/plan.ts';
import type { Subject } from '../measure/record.ts';
import { commitUrl } from '../report/links.ts';
import type { ActionRequest } from './request.ts';

/** What a run is about. */
export interface Sides extends EventSides {
  /** The commit that is told of it: the tip of a pull request, else what `head` names or is checked out. */
  readonly headSha: string | undefined;
  /** The commits that `head: ref:…` and `base: ref:…` name. */
  readonly named?: NamedCommits;
}

type NamedCommits = Readonly<Partial<Record<Side, string>>>;

/**
 * What this run compares, said in the first line of its log.
 * @throws SnapgateError('refused') for what must not be built here.
 */
export async function sidesOfRequest(run: Run, request: ActionRequest): Promise<Sides> {
  const { event, context, workspace, config, mode } = request;
  const git = openGit(run, workspace, { env: gitEnvironmentOf(request) });
  const checkout = await readCheckout(git);
  requireTrusted(event, context, checkout, config.github, mode);
  const sides = await sidesOfEvent(git, checkout, event, context, mergeBaseOf(request));
  requireOwnBranch(config.github.baselineBranch, [sides.branch, context.refName]);
  const named = config.github.matrix.entries === undefined ? await namedCommits(git, config) : {};
  const headSha = headShaOf(event) ?? named.head ?? sides.head.commit ?? context.sha;
  return { ...sides, headSha, named };
}

/** Nobody waits longer for a better base than this, in milliseconds. */
const mergeBaseMs = 30_000;

/** Whatever GitHub fails with: it is said then that nobody knows, and what is taken instead. */
function mergeBaseOf({ context, token }: ActionRequest): AskMergeBase {
  return async (base, head) => {
    if (token === '') return undefined;
    const repository = openRepository(context, token, startPatience(usualPatience, mergeBaseMs));
    return await askMergeBase(repository, base, head).catch(() => undefined);
  };
}

/** Finds head as it is to be built, or as it was measured before. */
export async function headOf(run: Run, request: ActionRequest, { head }: Sides): Promise<HeadSide> {
  return await resolveHead(run, request.config.head, { ...contextOf(request), subject: head });
}

export async function baseOf(run: Run, request: ActionRequest, { base, branch }: Sides): Promise<BaseSide> {
  return await resolveBase(run, request.config.base, { ...contextOf(request), auto: base, branch });
}

function contextOf(request: ActionRequest): SideContext {
  const { config, workspace } = request;
  return {
    checkout: workspace,
    inputs: config.image,
    buildsItself: buildsItself(config.measure.engine),
    gitEnvironment: gitEnvironmentOf(request),
  };
}

async function namedCommits(git: Git, { head, base }: Pick<Config, 'head' | 'base'>): Promise<NamedCommits> {
  const [ofHead, ofBase] = [await namedCommit(git, 'head', head), await namedCommit(git, 'base', base)];
  return { ...(ofHead && { head: ofHead }), ...(ofBase && { base: ofBase }) };
}

/** One that is not there is an error later, when it can be told. */
async function namedCommit(git: Git, side: Side, spec: BaseSpec | HeadSpec): Promise<string | undefined> {
  if (spec.kind !== 'ref') return undefined;
  try {
    return await resolveRef(git, side, spec.ref);
  } catch (error) {
    if (error instanceof SnapgateError && error.code === 'base') return undefined;
    throw error;
  }
}

/** With `persist-credentials: false` the checkout of a private repository cannot fetch what it lacks: git is given the token for that. */
export function gitEnvironmentOf({
  context,
  token,
}: {
  readonly context: Pick<RunContext, 'serverUrl'>;
  readonly token: string;
}): NodeJS.ProcessEnv {
  return environmentOf(tokenSettings(context.serverUrl, token));
}

/** Measurements among the sources would be one commit more for each that is pushed, and measured again. */
function requireOwnBranch(
  baselineBranch: string | undefined,
  branches: readonly (string | undefined)[],
): void {
  if (baselineBranch === undefined || !branches.includes(baselineBranch)) return;
  throw new SnapgateError(
    'usage',
    `baseline-branch: ${baselineBranch} is a branch of the sources`,
    'Name a branch that holds nothing else, such as snapgate-baselines.',
  );
}

/** One line for the log: what is compared with what, and why that. */
export function comparesLine(
  { head, base, named = {} }: Pick<Sides, 'head' | 'base' | 'named'>,
  { config, context }: Pick<ActionRequest, 'config' | 'context'>,
): string {
  const judged =
    config.head.kind === 'checkout'
      ? subjectText(head, context)
      : subjectText(subjectOf(specText(config.head), named.head), context);
  return `Compares ${judged} with ${baseText(config.base, base, named.base, context)}`;
}

function baseText(
  spec: BaseSpec,
  base: EventSides['base'],
  named: string | undefined,
  context: RunContext,
): string {
  if (spec.kind !== 'auto' && spec.kind !== 'cache')
    return subjectText(subjectOf(specText(spec), named), context);
  const stored = spec.kind === 'cache' ? 'the stored measurement of ' : '';
  if (base === undefined) return `${stored}where HEAD left the default branch`;
  if (base.kind === 'branch') return `what was stored last of branch ${base.branch}`;
  return `${stored}${subjectText({ label: 'commit', commit: base.commit }, context)}, ${base.why}`;
}

function specText(spec: Exclude<BaseSpec, { kind: 'auto' }> | { readonly kind: 'checkout' }): string {
  switch (spec.kind) {
    case 'ref':
      return spec.ref;
    case 'image':
      return `image ${spec.reference}`;
    case 'rootfs':
    case 'measurement':
      return `${spec.kind} ${spec.path}`;
    case 'none':
      return 'nothing: absolute caps only';
    default:
      return spec.kind;
  }
}

function subjectOf(label: string, commit: string | undefined): Subject {
  return commit === undefined ? { label } : { label, commit };
}

function subjectText({ label, commit }: Subject, context: RunContext): string {
  return commit === undefined ? label : `${label} (${commitUrl(commit, context.repositoryUrl)})`;
}
