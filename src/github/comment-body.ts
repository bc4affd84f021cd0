import type { Sizes } from '../gate/accept.ts';
import type { Outcome } from '../gate/outcome.ts';
import { prose, visibleText } from '../report/escape.ts';
import {
  boundedSizes,
  type CommentState,
  commentMarker,
  compareRuns,
  type HeldComment,
  type RunOrder,
  type StoredAcceptance,
  stateLine,
} from './comment-state.ts';
import { cutMarkdown } from './cut-markdown.ts';

/** GitHub's limit of a comment's body, in characters; counted here in UTF-16 units, of which a character has one or two. */
export const maxCommentChars = 65_536;

/** Room that a result leaves for what is written around it later, while the next head is measured or after it failed. */
const reservedChars = 2048;

/** The run that writes. */
export interface CommentAuthor {
  readonly key: string;
  /** Head commit of the pull request that the run is about. */
  readonly head: string;
  readonly run: RunOrder & { readonly url: string };
  /** Tells the steps of one run apart. */
  readonly nonce?: string | undefined;
  /** ISO time of the writing, in UTC. */
  readonly at: string;
}

export interface ResultNews {
  readonly kind: 'result';
  readonly outcome: Outcome;
  /** Plain text, not escaped. */
  readonly headline: string;
  /** The report's Markdown in at most `limit` UTF-16 units. */
  readonly render: (limit: number) => string;
  readonly sizes?: Sizes | undefined;
  /** What is remembered of a label: as it was if not given, forgotten if null. */
  readonly acceptance?: StoredAcceptance | null | undefined;
}

/** What a run has to say. Messages are not escaped. */
export type CommentNews =
  | { readonly kind: 'running' }
  | ResultNews
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'cancelled' }
  /** There is a result, but it could not be written here when it was there. */
  | { readonly kind: 'untold' };

/**
 * The comment's whole body after these news.
 * @param held what is there now, of an older run or of this one.
 * @returns undefined where nothing is to be written.
 */
export function composeComment(
  author: CommentAuthor,
  news: CommentNews,
  held: HeldComment | undefined,
): string | undefined {
  const kept = keptOf(held);
  switch (news.kind) {
    case 'result':
      return resultBody(author, news, kept);
    case 'failed':
      return assemble(author, {
        state: stateFor(author, 'failed', kept),
        ...failedParts(author, news, kept),
        result: kept.result,
      });
    case 'running':
      if (held === undefined) return undefined;
      return assemble(author, {
        state: stateFor(author, 'running', kept),
        top: `⏳ **Measuring** ${shortSha(author.head)} … (${link('run', author.run.url)}).${belowWords(kept)}`,
        result: kept.result,
      });
    case 'cancelled':
    case 'untold':
      if (kept.state?.phase !== 'running' || compareRuns(kept.state.run, author.run) !== 0) return undefined;
      return assemble(author, {
        state: stateFor(author, 'failed', kept),
        top: `⏹️ ${endedWords(author, news.kind)}${belowWords(kept)}`,
        result: kept.result,
      });
  }
}

/** Whether two bodies say the same, but for when and by which step it was written. */
export function saysTheSame(a: HeldComment, b: HeldComment): boolean {
  return withoutTimes(a) === withoutTimes(b);
}

/** Between these stands the last result: other words around it come and go, it is kept as it was written. */
const resultBegin = '<!-- snapgate-result-begin -->';
const resultEnd = '<!-- snapgate-result-end -->';

interface Kept {
  readonly state: CommentState | undefined;
  readonly result: string | undefined;
}

function keptOf(held: HeldComment | undefined): Kept {
  if (held === undefined) return { state: undefined, result: undefined };
  const [, inside, ...others] = held.comment.body.replaceAll('\r\n', '\n').split(`${resultBegin}\n`);
  const [result, ...rest] = inside?.split(`\n${resultEnd}`) ?? [];
  const isWhole = others.length === 0 && rest.length === 1;
  return { state: held.state, result: isWhole ? result?.trimEnd() : undefined };
}

function resultBody(author: CommentAuthor, news: ResultNews, kept: Kept): string {
  const { head, run } = author;
  const sizes = news.sizes && boundedSizes(news.sizes);
  const last = {
    head,
    run: { id: run.id, attempt: run.attempt },
    at: knownSince(author, news, kept),
    outcome: news.outcome,
    headline: visibleText(news.headline, 250).slice(0, 300),
    ...(sizes === undefined ? {} : { sizes }),
  };
  const parts = {
    state: { ...stateFor(author, 'result', kept, news.acceptance), last },
    bottom: `Of ${shortSha(head)}, ${minuteOf(author.at)}; all of it is in ${link("the run's summary", run.url)}.`,
  };
  const was = wasLine(news, kept);
  const around = assemble(author, { ...parts, result: '' }).length + was.length + reservedChars;
  const report = withoutMarkers(news.render(maxCommentChars - around)).trimEnd();
  return assemble(author, { ...parts, result: was === '' ? report : belowHeading(report, was) });
}

/** A head that fails again has been known to fail since the first time: a label that was set in between accepts it. */
function knownSince({ head, at }: CommentAuthor, { outcome }: ResultNews, { state }: Kept): string {
  const last = state?.last;
  return outcome === 'fail' && last?.outcome === 'fail' && last.head === head ? last.at : at;
}

function stateFor(
  author: CommentAuthor,
  phase: CommentState['phase'],
  { state }: Kept,
  acceptance: StoredAcceptance | null | undefined = state?.acceptance,
): CommentState {
  const { head, run, at, nonce } = author;
  return {
    v: 1,
    head,
    run: { id: run.id, attempt: run.attempt },
    at,
    phase,
    ...(nonce === undefined ? {} : { nonce }),
    ...(state?.last === undefined ? {} : { last: state.last }),
    ...(acceptance ? { acceptance: boundedAcceptance(acceptance) } : {}),
  };
}

function boundedAcceptance(acceptance: StoredAcceptance): StoredAcceptance {
  const { sizes } = acceptance;
  return sizes === undefined ? acceptance : { ...acceptance, sizes: boundedSizes(sizes) };
}

/** Said of a result that is good after one that was not: the red that people saw is taken back. */
function wasLine({ outcome }: ResultNews, { state }: Kept): string {
  const last = state?.last;
  const isGreen = outcome === 'pass' || outcome === 'accepted';
  if (last === undefined || !isGreen || !Object.hasOwn(badMarks, last.outcome)) return '';
  return `Was ${badMarks[last.outcome]} ${prose(last.headline)} at ${shortSha(last.head)}.`;
}

const badMarks: Readonly<Partial<Record<Outcome, string>>> = {
  fail: '🔴',
  warn: '🟡',
  inconclusive: '⚪',
  'not-comparable': '⚪',
};

function belowHeading(report: string, line: string): string {
  const [first = '', ...rest] = report.split('\n');
  return first.startsWith('#') ? [first, '', line, ...rest].join('\n') : `${line}\n\n${report}`;
}

function failedParts(
  { head, run }: CommentAuthor,
  { message, remedy }: Extract<CommentNews, { kind: 'failed' }>,
  kept: Kept,
): { readonly top?: string; readonly bottom: string } {
  const reason = prose(message).replace(/[.\s]+$/, '') || 'no reason was given';
  const what = `${shortSha(head)} (${link('run', run.url)}): ${reason}. ${prose(remedy)}`;
  if (kept.result === undefined)
    return {
      bottom: `### ⚫ snapgate: not measured\n\n${what}\n\nNothing was compared: this says nothing about the change.`,
    };
  return {
    top: `⚫ ${shortSha(head)} was **not measured**, see below. This is ${resultWords(kept)}.`,
    bottom: `#### ⚫ snapgate: not measured\n\n${what}`,
  };
}

function endedWords({ head, run }: CommentAuthor, kind: 'cancelled' | 'untold'): string {
  return kind === 'cancelled'
    ? `The run of ${shortSha(head)} was cancelled (${link('run', run.url)}).`
    : `The result of ${shortSha(head)} could not be written here: it is in ${link("the run's summary", run.url)}.`;
}

function belowWords(kept: Kept): string {
  return kept.result === undefined ? '' : ` Below: ${resultWords(kept)}.`;
}

function resultWords({ state }: Kept): string {
  return state?.last === undefined ? 'an earlier result' : `the result of ${shortSha(state.last.head)}`;
}

interface Parts {
  readonly state: CommentState;
  readonly top?: string;
  readonly result: string | undefined;
  readonly bottom?: string;
}

/** Whatever is around the result has its room; the result is cut where it has none left. */
function assemble(author: CommentAuthor, { state, top, result, bottom }: Parts): string {
  const before = `${commentMarker(author.key)}\n${stateLine(state)}\n${top === undefined ? '' : `${top}\n\n`}`;
  const after = bottom === undefined ? '' : `${result === undefined ? '' : '\n'}${bottom}\n`;
  if (result === undefined) return `${before}${after}`;
  const [opened, closed] = [`${resultBegin}\n`, `\n\n${resultEnd}\n`];
  const room = maxCommentChars - [before, opened, closed, after].join('').length;
  const note = `*Cut for length: the whole report is in ${link("the run's summary", author.run.url)}.*`;
  return `${before}${opened}${cutMarkdown(result, room, note).trimEnd()}${closed}${after}`;
}

/** A report holds no marker of ours, for it is escaped; what were one all the same would be taken for the result's end. */
function withoutMarkers(report: string): string {
  return report.replaceAll('<!-- snapgate', '&lt;!-- snapgate');
}

function withoutTimes({ comment, state }: HeldComment): string {
  if (state === undefined) return comment.body;
  const { nonce: _, ...others } = state;
  const timeless = { ...others, at: '', ...(state.last && { last: { ...state.last, at: '' } }) };
  const shown = comment.body.split('\n').slice(2).join('\n');
  return `${JSON.stringify(timeless)}\n${shown.replace(/^(Of `[0-9a-f]{7}`), [\d :-]{16} UTC;/m, '$1;')}`;
}

/** `2026-11-25 04:05 UTC`, of an ISO time in UTC. */
function minuteOf(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

function shortSha(sha: string): string {
  return `\`${sha.slice(0, 7)}\``;
}

/** Text of ours and an address of the runner's. */
function link(text: string, url: string): string {
  return /^https?:\/\/[^\s<>"'()[\]\\]+$/.test(url) ? `[${text}](${url})` : text;
}
