import { describe, expect, it } from 'vitest';
import { bisectionTable } from '../../src/report/bisection-table.ts';
import { hostileTexts } from './hostile.ts';
import { bisection, commit, row, step } from './sample-bisection.ts';

const look = { colour: false, reproduce: ['--build-command', "make 'it'", '--boots', '3'] };

describe('a search on a terminal', () => {
  it('is what came out, each commit with its evidence, what changed, and what to run', () => {
    expect(bisectionTable(bisection, look)).toMatchInlineSnapshot(`
      "FOUND  memfile diff of idle-2s +25.0 % came with ccccccc

      GOOD   aaaaaaa change a
      BAD    ddddddd change d, 4 commits later

      place  commit            metric                         boots  booted                size          against GOOD (95 %)  judged
          2  bbbbbbb change b                                                                                                 skipped: the build failed
          3  ccccccc change c  memfile diff of idle-2s  3, 2 reused  2026-01-01 23:04  5.00 MiB  +25.0 % (+23.0 % … +27.0 %)  like BAD (99.6 %)

      ccccccc change c
        memfile diff of idle-2s +25.0 % (+23.0 % … +27.0 %); chance that it is here: 99.8 %
        memfile diff of spawn +25.0 % (+23.0 % … +27.0 %); chance that it is here: 99.8 %
        guest/Dockerfile (+2 −1)
        logo.png (no text)
        and 1 file more
        git show cccccccccccc
        npx snapgate gate --base ref:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb --head ref:cccccccccccccccccccccccccccccccccccccccc --build-command 'make '\\''it'\\''' --boots 3

      note: a note
      "
    `);
  });

  it.each([
    [
      'range',
      'one of the 2 commits after bbbbbbb change b up to ccccccc change c: those between cannot be tested',
    ],
    ['spread', 'none between them is past the limits by itself'],
    ['untold', 'boots do not tell which side those between are on'],
    ['open', 'not narrowed further yet'],
  ] as const)('says of a %s what it is', (kind, words) => {
    expect(bisectionTable({ ...bisection, steps: [{ ...step, kind, commits: 2 }] }, look)).toContain(words);
  });

  it('says of a range how many were not tried, and what is not known', () => {
    const { changed: _, ...range } = { ...step, kind: 'range' as const, commits: 500, untried: 479 };
    const undecided = [
      { ...row, scenario: 'spawn', failAbove: 0.05, minGrowth: 0, difference: { value: 0 } },
    ];
    const shown = bisectionTable(
      { ...bisection, outcome: 'likely', undecided, steps: [range] },
      { ...look, reproduce: undefined },
    );
    expect(shown).toMatch(/^LIKELY {2}/);
    expect(shown).toContain(
      'one of the 500 commits after bbbbbbb change b up to ccccccc change c: 20 commits between cannot be tested, and 479 were not tried\n',
    );
    expect(shown).toContain('\n  (git could not tell which files differ)\n');
    expect(shown).toContain(
      '\nnot searched: memfile diff of spawn 0 B, which boots of GOOD and BAD did not decide\n',
    );
    expect(shown).not.toContain('npx snapgate');
  });

  it('of what was not narrowed yet says no chance, and leaves no gap for its table', () => {
    const open = { ...step, kind: 'open' as const, commits: 4, probability: 1 };
    const shown = bisectionTable({ ...bisection, tested: bisection.tested.slice(0, 2), steps: [open] }, look);
    expect(shown).toContain('  memfile diff of idle-2s +25.0 % (+23.0 % … +27.0 %)\n');
    expect(shown).toContain('  git log bbbbbbbbbbbb..cccccccccccc\n');
    expect(shown).not.toContain('\n\n\n');
  });

  it('of nothing is short', () => {
    const nothing = {
      ...bisection,
      outcome: 'nothing' as const,
      headline: 'nothing to find: same',
      steps: [],
      tested: bisection.tested.slice(0, 2),
      notes: [],
    };
    expect(bisectionTable(nothing, look).split('\n')).toEqual([
      'NOTHING TO FIND  nothing to find: same',
      '',
      'GOOD   aaaaaaa change a',
      'BAD    ddddddd change d, 4 commits later',
      '',
    ]);
  });

  it('shows foreign text without letting it act', () => {
    const lines = bisectionTable(bisection, look).split('\n').length;
    for (const text of hostileTexts) {
      const at = commit('c', text);
      const shown = bisectionTable(
        {
          ...bisection,
          headline: text,
          good: commit('a', text),
          tested: bisection.tested.map((test) => ({
            ...test,
            subject: text,
            ...(test.skipped && { skipped: text }),
          })),
          steps: [
            { ...step, scenario: text, at, changed: { files: [{ path: text }, { path: text }], count: 3 } },
            step,
          ],
          notes: [text],
        },
        look,
      );
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
      expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(shown.split('\n')).toHaveLength(lines);
    }
  });
});
