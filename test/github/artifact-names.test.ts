import { expect, it } from 'vitest';
import {
  entryArtifactName,
  entryPrefix,
  gateArtifactName,
  guessEntry,
} from '../../src/github/artifact-names.ts';

it('names say which gate, entry, side and shard', () => {
  expect(gateArtifactName('default')).toBe('snapgate-default');
  expect(entryArtifactName({ key: 'k', entry: '512m', side: 'head' })).toBe('snapgate-k-entry-512m-head');
  expect(entryArtifactName({ key: 'k', entry: '512m', side: 'both', shard: '2' })).toBe(
    'snapgate-k-entry-512m-both-2',
  );
});

it('an entry is found again in its name, whatever it is called, where it is expected', () => {
  const names = ['512m', 'a-head', 'head', 'base-base', 'x-both-y', '-', '--head--', 'entry-a'];
  const sides = ['head', 'base', 'both'] as const;
  for (const entry of names)
    for (const side of sides)
      for (const shard of [undefined, '1', 'of-3', 'x']) {
        const name = entryArtifactName({ key: 'k', entry, side, ...(shard === undefined ? {} : { shard }) });
        expect(name.startsWith(entryPrefix('k'))).toBe(true);
        expect(guessEntry('k', name, [entry])).toEqual({ entry, side });
      }
});

it('what is expected by nobody is guessed, and what is of another gate is not', () => {
  expect(guessEntry('k', 'snapgate-k-entry-512m-head-2', [])).toEqual({ entry: '512m', side: 'head' });
  expect(guessEntry('k', 'snapgate-other-entry-512m-head', [])).toBeUndefined();
  expect(guessEntry('k', 'snapgate-k-entry-512m', [])).toBeUndefined();
  expect(guessEntry('k', 'snapgate-k-entry-512m-header', [])).toBeUndefined();
});
