import { expect, test } from 'vitest';
import { keepRunDir, keptRunDir } from '../../src/action/state.ts';

function memoryStore() {
  const state = new Map<string, string>();
  return {
    saveState: (name: string, value: string) => void state.set(name, value),
    getState: (name: string) => state.get(name) ?? '',
  };
}

test('the post step gets the folder that the main step kept', () => {
  const store = memoryStore();
  const dir = '/tmp/snapgate-run-0b6f6b0e-5f0c-4b43-9d1b-3f4c8f1d2a77';
  keepRunDir(store, dir);
  expect(keptRunDir(store)).toBe(dir);
});

test.each([
  '',
  '/',
  '/home',
  'snapgate-run-0b6f6b0e-5f0c-4b43-9d1b-3f4c8f1d2a77',
  '/tmp/snapgate-run-../../x',
])('%j is not a folder to remove', (dir) => {
  const store = memoryStore();
  keepRunDir(store, dir);
  expect(keptRunDir(store)).toBeUndefined();
});
