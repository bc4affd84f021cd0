import type { Subject } from '../measure/record.ts';
import { codeSpan } from './escape.ts';
import { subjectWords } from './wording.ts';

/** What an address of ours is made of: nothing that ends a link, a cell or a line. */
const plainAddress = /^https?:\/\/[\w.:-]+(?:\/[\w.~%/?=&#-]*)?$/;

/** A Markdown link; the text alone where there is no address, or one that is not a plain one. */
export function link(text: string, url: string | undefined): string {
  return url !== undefined && plainAddress.test(url) ? `[${text}](${url})` : text;
}

/** A side by its name, a link to its commit where both are known. */
export function subjectLink(subject: Subject, repositoryUrl: string | undefined): string {
  return link(codeSpan(subjectWords(subject)), commitUrl(subject.commit, repositoryUrl));
}

/** A commit by its first digits, a link where the repository is known. */
export function commitLink(commit: string, repositoryUrl: string | undefined): string {
  return link(codeSpan(commit.slice(0, 7)), commitUrl(commit, repositoryUrl));
}

function commitUrl(commit: string | undefined, repositoryUrl: string | undefined): string | undefined {
  if (commit === undefined || repositoryUrl === undefined) return undefined;
  return `${repositoryUrl.replace(/\/+$/, '')}/commit/${commit}`;
}
