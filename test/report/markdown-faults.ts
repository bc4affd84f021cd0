/** What reports in tests may link to, and nothing else: whoever runs snapgate says it. */
export const trusted = {
  repositoryUrl: 'https://github.example/octo/guest',
  runUrl: 'https://github.example/octo/guest/actions/runs/123/attempts/2',
};

/**
 * What is wrong with a report's Markdown as GitHub would read it; empty for a sound one. Knows only what reports are made of: tables,
 * code spans, fences, `<details>` with its `<summary>`, headings, lists, plain text, and links to commits and runs of the trusted repository.
 */
export function markdownFaults(markdown: string): string[] {
  const { text: withLinks, fences } = takeFences(markdown);
  const text = withoutOwnLinks(withLinks);
  // GitHub reads no Markdown in a fold's title, but mentions and links are made of the HTML.
  const titles = [...text.matchAll(/^<details><summary>(.*)<\/summary>$/gm)].map(([, title]) => title ?? '');
  const plain = text.replace(/^<details><summary>.*$/gm, '').replace(/`[^`\n]*`/g, '');
  const seen = [plain, ...titles].join('\n');
  return [
    ...pairFaults(text),
    ...fences.flatMap((fence) => (fence.includes('<!--') ? ['a marker in a fence'] : [])),
    ...found(markdown, /(?!\n)\p{Cc}|\p{Bidi_Control}|\p{Cs}/gu, 'an unseen character'),
    ...found(withoutOwnTags(text), /</g, 'a tag that is not ours'),
    ...found(plain.replaceAll('\\`', ''), /`/g, 'a code span that does not end'),
    ...found(seen, /@(?=\w)/g, 'a mention'),
    ...found(seen, /#(?=\d)|\bGH-(?=\d)/gi, 'a reference'),
    ...found(seen, /:\/\/|www\.|mailto:(?=\w)/gi, 'a link'),
    ...found(plain.replace(/\\[[\]!*_~$]/g, ''), /[[\]*_~$]/g, 'markup'),
    ...tableFaults(text),
  ];
}

function found(text: string, pattern: RegExp, what: string): string[] {
  return [...text.matchAll(pattern)].map(
    ({ index }) => `${what}: ${JSON.stringify(text.slice(Math.max(0, index - 20), index + 20))}`,
  );
}

/** Leaves the text of each. */
function withoutOwnLinks(text: string): string {
  const repository = trusted.repositoryUrl.replaceAll('.', '\\.');
  const commits = new RegExp(`\\[(\`[^\`\\n]*\`)\\]\\(${repository}/commit/[0-9a-f]{40}\\)`, 'g');
  const runs = new RegExp(`\\[([\\w' ]+)\\]\\(${trusted.runUrl.replaceAll('.', '\\.')}\\)`, 'g');
  return text.replace(commits, '$1').replace(runs, '$1');
}

function takeFences(markdown: string): { text: string; fences: string[] } {
  const fences: string[] = [];
  const text = markdown.replace(/^```\w*\n[\s\S]*?^```$/gm, (fence) => {
    fences.push(fence);
    return '';
  });
  return { text, fences };
}

const ownTags = /<details><summary>|<\/summary>|<\/details>/g;

function withoutOwnTags(text: string): string {
  return text.replace(ownTags, '');
}

/** A fold opens, names itself and closes, one after the other, each tag at the place in its line that GitHub wants. */
function pairFaults(text: string): string[] {
  const tags = text.match(ownTags) ?? [];
  const wanted = ['<details><summary>', '</summary>', '</details>'];
  const wrong = tags.findIndex((tag, index) => tag !== wanted[index % 3]);
  if (wrong !== -1 || tags.length % 3 !== 0) return [`folds do not pair: ${tags.join(' ')}`];
  return text.split('\n').flatMap((line) => {
    const sound =
      !/<\/?(?:details|summary)>/.test(line) ||
      /^<details><summary>[^<]*<\/summary>$|^<\/details>$/.test(line);
    return sound ? [] : [`a fold's tag inside a line: ${line}`];
  });
}

/** Every row of a table has as many cells as its head, and the line below the head is its alignment. */
function tableFaults(text: string): string[] {
  const tables = text
    .split(/\n(?:[^|\n][^\n]*)?(?=\n|$)/)
    .map((part) => part.split('\n').filter((line) => line.startsWith('|')));
  return tables.flatMap((rows) => {
    const [head, align] = rows;
    if (head === undefined) return [];
    const width = cellsOf(head);
    const faults = rows.filter((row) => cellsOf(row) !== width || !row.endsWith(' |'));
    return [
      ...faults.map((row) => `a row that is not of ${width} cells: ${row}`),
      ...(/^(?:\| :?-+:? )+\|$/.test(align ?? '') ? [] : [`no table below ${head}`]),
    ];
  });
}

/** A backslash takes a pipe out of a table's count, inside a code span too (GFM, tables). */
function cellsOf(row: string): number {
  return row.replaceAll('\\|', '').split('|').length - 2;
}
