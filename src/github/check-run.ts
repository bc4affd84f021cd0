import { z } from 'zod';
import { visibleText } from '../report/escape.ts';
import {
  callGitHub,
  createOnce,
  type GitHubClient,
  type Patience,
  type RequestLimit,
  usualPatience,
} from './client.ts';
import type { RunOrder } from './comment-state.ts';
import { cutMarkdown } from './cut-markdown.ts';

/** Where a check stands, and under which name a branch protection asks for it. */
export interface CheckTarget {
  readonly owner: string;
  readonly repo: string;
  /** Of the pull request: the merge commit that is measured is nobody's. */
  readonly headSha: string;
  readonly key: string;
  readonly run: RunOrder & { readonly url: string };
}

export type CheckConclusion = 'success' | 'failure' | 'neutral' | 'cancelled';

/** A place in a file of the repository; the first line if none is given. */
export interface CheckPlace {
  readonly path: string;
  readonly startLine?: number | undefined;
}

export interface CheckAnnotation extends CheckPlace {
  readonly level: 'failure' | 'warning';
  readonly title: string;
  readonly message: string;
}

/** What a check says. Titles are plain text, the summary is Markdown of ours. */
export type CheckReport =
  | { readonly status: 'in_progress'; readonly title: string; readonly summary: string }
  | {
      readonly status: 'completed';
      readonly conclusion: CheckConclusion;
      readonly title: string;
      readonly summary: string;
      readonly annotations?: readonly CheckAnnotation[] | undefined;
    };

export interface CheckRun {
  readonly id: number;
  readonly url: string;
}

/** GitHub's limit of a summary: of bytes, although its documentation says characters (what it answers: "summary exceeds a maximum bytesize of 65535"). */
export const maxSummaryBytes = 65_535;
const maxTitleChars = 250;
const maxMessageChars = 4000;

const checkSchema = z.object({
  id: z.int(),
  html_url: z.string().nullish(),
  external_id: z.string().nullish(),
});
const checkListSchema = z.object({ check_runs: z.array(z.unknown()) });

/** Stable, as a branch protection asks for a check by its name. */
export function checkName(key: string): string {
  return key === 'default' ? 'snapgate' : `snapgate: ${key}`;
}

/**
 * Makes the check of this run, in whatever state. Where the answer got lost, the one that was made is brought to this state.
 * @param mayBeThere an earlier call has asked for it, and does not know what became of it.
 */
export async function createCheck(
  octokit: GitHubClient,
  target: CheckTarget,
  report: CheckReport,
  patience: Patience = usualPatience,
  mayBeThere = false,
): Promise<CheckRun> {
  const { owner, repo, headSha, key, run } = target;
  const body = {
    owner,
    repo,
    name: checkName(key),
    head_sha: headSha,
    external_id: externalId(run),
    details_url: run.url,
    ...fieldsOf(report),
  };
  return await createOnce(
    async (limit) => toCheck((await octokit.rest.checks.create({ ...body, ...limit })).data),
    async (limit) => {
      const found = await findCheck(octokit, target, limit);
      if (found === undefined || report.status === 'in_progress') return found;
      return await updateOnce(octokit, target, found.id, report, limit);
    },
    patience,
    mayBeThere,
  );
}

export async function updateCheck(
  octokit: GitHubClient,
  target: CheckTarget,
  id: number,
  report: CheckReport,
  patience: Patience = usualPatience,
): Promise<CheckRun> {
  return await callGitHub((limit) => updateOnce(octokit, target, id, report, limit), patience);
}

/** The check that this run has made; undefined where it made none. */
export async function findOwnCheck(
  octokit: GitHubClient,
  target: CheckTarget,
  patience: Patience = usualPatience,
): Promise<CheckRun | undefined> {
  return await callGitHub((limit) => findCheck(octokit, target, limit), patience);
}

/** A report's Markdown in as many bytes as a summary may have, made to fit where it can be. */
export function fitSummary(render: (limit: number) => string, note: string): string {
  let limit = maxSummaryBytes;
  let summary = render(limit);
  for (let tries = 0; tries < 3 && Buffer.byteLength(summary) > maxSummaryBytes; tries += 1) {
    limit = Math.floor((limit * maxSummaryBytes) / Buffer.byteLength(summary));
    summary = render(limit);
  }
  return cutMarkdown(summary, maxSummaryBytes, note, Buffer.byteLength);
}

async function updateOnce(
  octokit: GitHubClient,
  { owner, repo }: CheckTarget,
  id: number,
  report: CheckReport,
  limit: RequestLimit,
): Promise<CheckRun> {
  const fields = { owner, repo, check_run_id: id, ...fieldsOf(report) };
  return toCheck((await octokit.rest.checks.update({ ...fields, ...limit })).data);
}

/** By the run and its attempt: another run's on the same commit has the same name. */
async function findCheck(
  octokit: GitHubClient,
  { owner, repo, headSha, key, run }: CheckTarget,
  limit: RequestLimit,
): Promise<CheckRun | undefined> {
  const { data } = await octokit.rest.checks.listForRef({
    owner,
    repo,
    ref: headSha,
    check_name: checkName(key),
    filter: 'all',
    per_page: 100,
    ...limit,
  });
  const checks = checkListSchema.parse(data).check_runs.map((each) => checkSchema.parse(each));
  const own = checks.find((check) => check.external_id === externalId(run));
  return own && toCheck(own);
}

function externalId({ id, attempt }: RunOrder): string {
  return `${id}.${attempt}`;
}

function fieldsOf(report: CheckReport) {
  const output = { title: titleOf(report.title), summary: report.summary };
  if (report.status === 'in_progress') return { status: report.status, output };
  const annotations = (report.annotations ?? []).filter(isPlaced).slice(0, 50).map(annotationFields);
  return {
    status: report.status,
    conclusion: report.conclusion,
    output: annotations.length === 0 ? output : { ...output, annotations },
  };
}

function annotationFields({ path, startLine, level, title, message }: CheckAnnotation) {
  const start = Math.max(1, startLine ?? 1);
  return {
    path,
    start_line: start,
    end_line: start,
    annotation_level: level,
    title: titleOf(title),
    message: message.slice(0, maxMessageChars) || title,
  };
}

/** One annotation that GitHub cannot place fails the whole check. */
function isPlaced({ path }: CheckAnnotation): boolean {
  return path !== '' && path.length <= 1000 && !path.startsWith('/') && !/[\p{Cc}\\]/u.test(path);
}

function titleOf(text: string): string {
  return visibleText(text, maxTitleChars).slice(0, 255) || 'snapgate';
}

function toCheck(data: unknown): CheckRun {
  const { id, html_url } = checkSchema.parse(data);
  return { id, url: html_url ?? '' };
}
