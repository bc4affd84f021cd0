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
  return linkCommit(subjectWords(subject), subject.commit, repositoryUrl);
}

/** A commit by its first digits, a link where the repository is known. */
export function commitLink(commit: string, repositoryUrl: string | undefined): string {
  return linkCommit(commit.slice(0, 7), commit, repositoryUrl);
}

/** The address of a commit. Not checked: show it by `link`. */
export function commitUrl(commit: string, repositoryUrl: string): string {
  return `${repositoryUrl.replace(/\/+$/, '')}/commit/${commit}`;
}

function linkCommit(text: string, commit: string | undefined, repositoryUrl: string | undefined): string {
  const isKnown = commit !== undefined && repositoryUrl !== undefined;
  return link(codeSpan(text), isKnown ? commitUrl(commit, repositoryUrl) : undefined);
}
