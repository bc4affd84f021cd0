import { hash } from 'node:crypto';

/** Tells whether a page's content was seen before. */
export interface DistinctPages {
  /** True for the first page of its content. */
  add(page: Uint8Array): boolean;
  /** False once there were more than are remembered: from then on a page that is not known counts as the first of its content. */
  exact(): boolean;
}

/** 64 GiB of pages; the table is 512 MiB then, and the one that it grew from half of that. */
const maxRemembered = 16 * 1024 * 1024;
const wordsPerKey = 4;

/**
 * Pages by the first 128 bits of their SHA-256, 16 bytes each: two different pages that were taken for one would be a collision of it, which
 * nobody can make on purpose, and which among 16 million pages is less likely than 1 in 10^24. The table grows with what is distinct.
 *
 * @param limit how many are remembered
 */
export function createDistinctPages(limit = maxRemembered): DistinctPages {
  let table = new Uint32Array(1024 * wordsPerKey);
  let count = 0;
  let overflown = false;
  return {
    add(page) {
      const key = keyOf(page);
      const place = placeOf(table, key);
      if (holds(table, place)) return false;
      if (count >= limit) {
        overflown = true;
        return true;
      }
      table.set(key, place);
      count += 1;
      if (count * wordsPerKey > table.length / 2) table = grown(table);
      return true;
    },
    exact: () => !overflown,
  };
}

function keyOf(page: Uint8Array): Uint32Array {
  const digest = hash('sha256', page, 'buffer');
  const key = new Uint32Array(wordsPerKey);
  for (let word = 0; word < wordsPerKey; word += 1) key[word] = digest.readUInt32LE(word * 4);
  // All zero marks a free place.
  if (key.every((word) => word === 0)) key[0] = 1;
  return key;
}

/** Where a key is, or would be: the first free place after where it belongs. */
function placeOf(table: Uint32Array, key: Uint32Array): number {
  const mask = table.length / wordsPerKey - 1;
  for (let slot = (key[0] ?? 0) & mask; ; slot = (slot + 1) & mask) {
    const place = slot * wordsPerKey;
    if (!holds(table, place) || sameKey(table, place, key)) return place;
  }
}

function holds(table: Uint32Array, place: number): boolean {
  return table[place] !== 0 || table[place + 1] !== 0 || table[place + 2] !== 0 || table[place + 3] !== 0;
}

function sameKey(table: Uint32Array, place: number, key: Uint32Array): boolean {
  return (
    table[place] === key[0] &&
    table[place + 1] === key[1] &&
    table[place + 2] === key[2] &&
    table[place + 3] === key[3]
  );
}

function grown(table: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(table.length * 2);
  for (let place = 0; place < table.length; place += wordsPerKey) {
    const key = table.subarray(place, place + wordsPerKey);
    if (holds(table, place)) larger.set(key, placeOf(larger, key));
  }
  return larger;
}
