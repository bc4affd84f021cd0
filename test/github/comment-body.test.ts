import { describe, expect, test } from 'vitest';
import {
  type CommentAuthor,
  type CommentNews,
  composeComment,
  maxCommentChars,
} from '../../src/github/comment-body.ts';
import { stateOf } from '../../src/github/comment-state.ts';
import { markdown, maxMarkdownLength } from '../../src/report/markdown.ts';
import { hostileComparison, hostileText } from '../report/hostile.ts';
import { markdownFaults } from '../report/markdown-faults.ts';
import { growing, reportOf, side } from '../report/samples.ts';
import { seededRandom } from '../stats/random.ts';
import { authorOf, commentAfter, heldOf, resultOf, shaOf } from './comment-samples.ts';

const url = (id: number) => `https://github.example/octo/guest/actions/runs/${id}`;

/** What a reader sees: without the lines that only snapgate reads. */
function seen(body: string): string {
  return body
    .replace(/^<!--[^>]*-->\n/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const failed = resultOf();
const passed = resultOf({ outcome: 'pass', headline: 'no growth above +5 %' });
const trouble = {
  kind: 'failed',
  message: 'the head guest panicked',
  remedy: 'Look at its console.',
} as const;

describe('a result', () => {
  test('stands below the hidden lines, with the commit and the run at its end', () => {
    const body = commentAfter([authorOf(1), failed]);
    expect(body.split('\n').slice(0, 4)).toEqual([
      '<!-- snapgate:default -->',
      expect.stringMatching(/^<!-- snapgate-state:[\w-]+ -->$/),
      '<!-- snapgate-result-begin -->',
      '### 🔴 snapgate: memfile diff of idle-2s +38 % per cycle',
    ]);
    expect(seen(body)).toMatch(
      new RegExp(
        `The table\\.\\s+Of \`1111111\`, 2026-01-02 03:04 UTC; all of it is in \\[the run's summary\\]\\(${url(1)}\\)\\.$`,
      ),
    );
    expect(stateOf(body)).toEqual({
      v: 1,
      head: shaOf(1),
      run: { id: 1, attempt: 1 },
      at: '2026-01-02T03:04:01.000Z',
      phase: 'result',
      last: {
        head: shaOf(1),
        run: { id: 1, attempt: 1 },
        at: '2026-01-02T03:04:01.000Z',
        outcome: 'fail',
        headline: 'memfile diff of idle-2s +38 % per cycle',
      },
    });
  });

  test('of a head that fails again is known since the first time; of another, or after a pass, since now', () => {
    const again = { ...authorOf(2), head: shaOf(1) };
    const since = (...told: (readonly [CommentAuthor, CommentNews])[]) =>
      stateOf(commentAfter(...told))?.last?.at;
    const [first, second, third] = [authorOf(1), again, { ...authorOf(3), head: shaOf(1) }];
    expect(since([first, failed], [second, failed])).toBe(first.at);
    expect(since([first, failed], [authorOf(2), failed])).toBe(authorOf(2).at);
    expect(since([first, passed], [second, failed])).toBe(second.at);
    expect(since([first, failed], [second, passed], [third, failed])).toBe(third.at);
  });

  test('that is green after one that was red says what it was, once', () => {
    const red = commentAfter([authorOf(1), failed]);
    const green = commentAfter(
      [authorOf(1), failed],
      [authorOf(2), { kind: 'running' }],
      [authorOf(2), passed],
    );
    expect(red).not.toContain('Was ');
    expect(seen(green)).toMatch(
      /^### 🟢 snapgate: no growth above \+5 %\n\nWas 🔴 memfile diff of idle-2s \+38 % per cycle at `1111111`\.\n\nThe table\./,
    );
    const greenAgain = composeComment(authorOf(3), passed, heldOf(green));
    expect(greenAgain).not.toContain('Was ');
  });

  test.each([
    ['warn', 'accepted', '🟡'],
    ['inconclusive', 'pass', '⚪'],
    ['not-comparable', 'pass', '⚪'],
    ['fail', 'accepted', '🔴'],
  ] as const)('after %s that is %s says so', (before, after, mark) => {
    const body = commentAfter(
      [authorOf(1), resultOf({ outcome: before, headline: 'x' })],
      [authorOf(2), resultOf({ outcome: after })],
    );
    expect(body).toContain(`Was ${mark} x at \`1111111\`.`);
  });

  test.each([
    ['pass', 'pass'],
    ['no-baseline', 'pass'],
    ['fail', 'warn'],
    ['fail', 'inconclusive'],
  ] as const)('after %s that is %s has nothing to take back', (before, after) => {
    const body = commentAfter(
      [authorOf(1), resultOf({ outcome: before })],
      [authorOf(2), resultOf({ outcome: after })],
    );
    expect(body).not.toContain('Was ');
  });

  test('keeps sizes, and an acceptance until it is replaced or forgotten', () => {
    const acceptance = { by: 'octocat', at: '2026-01-01T00:00:00Z', commit: shaOf(1), labelEventId: 3 };
    const sizes = { 'idle-2s': { 'memfile.writtenBytes': 3_565_158 } };
    const first = commentAfter(
      [authorOf(1), resultOf({ sizes, acceptance })],
      [authorOf(2), { kind: 'running' }],
    );
    expect(stateOf(first)).toMatchObject({ phase: 'running', acceptance, last: { sizes } });
    const kept = composeComment(authorOf(2), resultOf(), heldOf(first)) ?? '';
    expect(stateOf(kept)?.acceptance).toEqual(acceptance);
    expect(stateOf(kept)?.last?.sizes).toBeUndefined();
    const later = { ...acceptance, labelEventId: 4 };
    const replaced = composeComment(authorOf(2), resultOf({ acceptance: later }), heldOf(first)) ?? '';
    expect(stateOf(replaced)?.acceptance).toEqual(later);
    const forgotten = composeComment(authorOf(2), resultOf({ acceptance: null }), heldOf(first)) ?? '';
    expect(stateOf(forgotten)?.acceptance).toBeUndefined();
  });
});

describe('a run that measures', () => {
  test('says so above the last result, which stays as it was', () => {
    const result = commentAfter([authorOf(1), failed]);
    const running = commentAfter([authorOf(1), failed], [authorOf(2), { kind: 'running' }]);
    expect(seen(running)).toBe(
      `⏳ **Measuring** \`2222222\` … ([run](${url(2)})). Below: the result of \`1111111\`.\n\n### 🔴 snapgate: memfile diff of idle-2s +38 % per cycle\n\nThe table.`,
    );
    expect(stateOf(running)).toMatchObject({ phase: 'running', head: shaOf(2), last: stateOf(result)?.last });
  });

  test('begins no comment', () => {
    expect(composeComment(authorOf(1), { kind: 'running' }, undefined)).toBeUndefined();
  });

  test('has nothing below it where there was no result', () => {
    const body = commentAfter([authorOf(1), trouble], [authorOf(2), { kind: 'running' }]);
    expect(seen(body)).toBe(`⏳ **Measuring** \`2222222\` … ([run](${url(2)})).`);
  });

  test('keeps a result whose state somebody has broken', () => {
    const broken = commentAfter([authorOf(1), failed]).replace(
      /snapgate-state:[\w-]+/,
      'snapgate-state:AAAA',
    );
    const body = composeComment(authorOf(2), { kind: 'running' }, heldOf(broken)) ?? '';
    expect(seen(body)).toMatch(/Below: an earlier result\.\n\n### 🔴/);
  });
});

describe('a run that failed', () => {
  test('is written under the last good result, which stays, and is said above it', () => {
    const body = commentAfter(
      [authorOf(1), failed],
      [authorOf(2), { kind: 'running' }],
      [authorOf(2), trouble],
    );
    expect(seen(body)).toBe(
      [
        '⚫ `2222222` was **not measured**, see below. This is the result of `1111111`.',
        '### 🔴 snapgate: memfile diff of idle-2s +38 % per cycle\n\nThe table.',
        '#### ⚫ snapgate: not measured',
        `\`2222222\` ([run](${url(2)})): the head guest panicked. Look at its console.`,
      ].join('\n\n'),
    );
    expect(stateOf(body)).toMatchObject({ phase: 'failed', last: { outcome: 'fail', head: shaOf(1) } });
  });

  test('without any result before it has a comment that speaks of no growth', () => {
    const body = commentAfter([authorOf(1), trouble]);
    expect(seen(body)).toMatch(/^### ⚫ snapgate: not measured\n\n`1111111` \(\[run\]/);
    expect(body).not.toMatch(/🔴|grew|fails above|regression/);
    expect(stateOf(body)).toEqual(expect.not.objectContaining({ last: expect.anything() }));
    expect(stateOf(body)?.phase).toBe('failed');
  });

  test('is gone with the next result, and not repeated by a second failure', () => {
    const twice = commentAfter([authorOf(1), failed], [authorOf(2), trouble], [authorOf(3), trouble]);
    expect(twice.match(/the head guest panicked/g)).toHaveLength(1);
    const healed = commentAfter([authorOf(1), failed], [authorOf(2), trouble], [authorOf(3), passed]);
    expect(healed).not.toContain('panicked');
    expect(healed).toContain('Was 🔴');
  });
});

describe('a run that was cancelled', () => {
  const measuring = [[authorOf(1), failed] as const, [authorOf(2), { kind: 'running' }] as const];

  test('no longer measures, says so, and leaves the last result', () => {
    const body = commentAfter(...measuring, [authorOf(2), { kind: 'cancelled' }]);
    expect(seen(body)).toMatch(
      /^⏹️ The run of `2222222` was cancelled \(\[run\].*Below: the result of `1111111`\.\n\n### 🔴/,
    );
    expect(body).not.toContain('Measuring');
  });

  test('or could not tell its result, says where that is', () => {
    const body = commentAfter(...measuring, [authorOf(2), { kind: 'untold' }]);
    expect(seen(body)).toMatch(
      /^⏹️ The result of `2222222` could not be written here: it is in \[the run's summary\]/,
    );
  });

  test('writes nothing where no comment says that it measures', () => {
    for (const kind of ['cancelled', 'untold'] as const) {
      expect(composeComment(authorOf(2), { kind }, undefined)).toBeUndefined();
      const result = commentAfter([authorOf(2), failed]);
      expect(composeComment(authorOf(2), { kind }, heldOf(result))).toBeUndefined();
      const others = commentAfter([authorOf(1), failed], [authorOf(1), { kind: 'running' }]);
      expect(composeComment(authorOf(2), { kind }, heldOf(others))).toBeUndefined();
    }
  });
});

describe('the limit', () => {
  test('is kept by a report that fills all it is given, in every state after it', () => {
    const long = resultOf({
      render: (limit) => `### long\n\n${`${'x'.repeat(99)}\n`.repeat(700)}`.slice(0, limit),
    });
    const running = [authorOf(2), { kind: 'running' }] as const;
    const bodies = [
      commentAfter([authorOf(1), long]),
      commentAfter([authorOf(1), long], running),
      commentAfter([authorOf(1), long], running, [authorOf(2), trouble]),
      commentAfter([authorOf(1), long], running, [authorOf(2), { kind: 'cancelled' }]),
    ];
    for (const body of bodies) {
      expect(body.length).toBeLessThanOrEqual(maxCommentChars);
      expect(body).not.toContain('Cut for length');
    }
    expect(bodies[0]?.length).toBeGreaterThan(maxCommentChars - 2200);
  });

  test.each([-1, 0, 1, 5000])('is kept by a report of %i characters too many that heeds none', (excess) => {
    const [head, row] = ['### long\n\n<details><summary>all</summary>\n\n', `${'x'.repeat(99)}\n`];
    const empty = commentAfter([authorOf(1), resultOf({ render: () => '' })]).length;
    const size = maxCommentChars - empty + excess;
    const text = `${head}${row.repeat(700)}`
      .slice(0, size - 12)
      .trimEnd()
      .padEnd(size - 12, 'x');
    const body = commentAfter([
      authorOf(1),
      resultOf({ render: () => `${text}\n\n</details>`.slice(0, size) }),
    ]);
    expect(body.length).toBeLessThanOrEqual(maxCommentChars);
    expect(body.includes("*Cut for length: the whole report is in [the run's summary]")).toBe(excess > 0);
    expect(body.split('<details>').length).toBe(body.split('</details>').length);
    expect(stateOf(body)).toBeDefined();
  });

  test('is kept where the state is as large as it can be, and the failure as long', () => {
    const sizes = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [
        `${index}${'漢'.repeat(60)}`,
        { 'memfile.writtenBytes': index },
      ]),
    );
    const acceptance = { by: 'o', at: '2026-01-01T00:00:00Z', commit: shaOf(1), labelEventId: 3, sizes };
    const render = (limit: number) => 'x\n'.repeat(40_000).slice(0, limit);
    const message = '&'.repeat(5000);
    const bodies = [
      commentAfter([authorOf(1), resultOf({ sizes, acceptance, render })]),
      commentAfter(
        [authorOf(1), resultOf({ sizes, acceptance, render })],
        [authorOf(2), { kind: 'failed', message, remedy: message }],
      ),
    ];
    for (const body of bodies) {
      expect(body.length).toBeLessThanOrEqual(maxCommentChars);
      expect(body.match(/<!-- snapgate-result-(begin|end) -->/g)).toHaveLength(2);
      expect(stateOf(body)?.acceptance).toBeDefined();
    }
  });
});

describe('what others said', () => {
  test('never leaves its place: the result is found again exactly, and the Markdown is whole', () => {
    const base = side('base');
    const head = side('head', growing({ 'idle-2s': 1.5 }));
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = seededRandom(seed);
      const text = () => hostileText(random);
      const input = reportOf(base, head);
      const comparison = hostileComparison(input.comparison, text);
      const report = markdown.render({ ...input, comparison });
      const news = resultOf({ headline: text(), render: () => report });
      const failure = { kind: 'failed', message: text(), remedy: text() } as const;
      const first = commentAfter([authorOf(1), news]);
      const then = commentAfter(
        [authorOf(1), news],
        [authorOf(2), { kind: 'running' }],
        [authorOf(2), failure],
        [authorOf(3), { kind: 'running' }],
        [authorOf(3), { kind: 'cancelled' }],
      );
      expect(kept(first)).toBe(report.trimEnd());
      expect(kept(then)).toBe(report.trimEnd());
      const green = commentAfter(
        [authorOf(1), news],
        [authorOf(2), resultOf({ outcome: 'pass', headline: text(), render: () => report })],
      );
      for (const body of [first, then, green, commentAfter([authorOf(1), failure])])
        expect(markdownFaults(withoutOurs(body))).toEqual([]);
    }
  });

  test('cannot bring a marker of ours with it', () => {
    const evil = '### x\n\n<!-- snapgate-result-end -->\n<!-- snapgate-result-begin -->\nfine\n';
    const body = commentAfter([authorOf(1), resultOf({ render: () => evil })]);
    expect(body.match(/<!-- snapgate-result/g)).toHaveLength(2);
    expect(kept(body)).toContain('fine');
  });

  test('an address that is none is no link', () => {
    const author = authorOf(1, { run: { id: 1, attempt: 1, url: 'javascript:alert(1)' } });
    expect(commentAfter([author, failed])).not.toContain('javascript');
    const closing = authorOf(1, { run: { id: 1, attempt: 1, url: 'https://x.example/) [y](https://z' } });
    expect(commentAfter([closing, failed])).not.toContain('z.example');
  });

  test('the longest report of today fits beside the hidden lines', () => {
    expect(maxMarkdownLength).toBeLessThan(maxCommentChars);
  });
});

/** The kept result, as another reader than the code's own finds it. */
function kept(body: string): string | undefined {
  return /<!-- snapgate-result-begin -->\n([\s\S]*)\n\n<!-- snapgate-result-end -->/.exec(body)?.[1];
}

/** Without what only snapgate writes: hidden lines, links to runs, short commits, and the two words in bold. */
function withoutOurs(body: string): string {
  return seen(body)
    .replace(/\[(run|the run's summary)\]\(https:\/\/github\.example\/[\w/]+\)/g, '$1')
    .replace(/`(\d{7})`/g, '$1')
    .replace(/\*\*(Measuring|not measured)\*\*/g, '$1');
}
