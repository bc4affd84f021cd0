/** Of whatever is zero and stored nowhere. */
export const zeroBuildId = '00000000-0000-0000-0000-000000000000';

/** 16 bytes of a header as e2b writes the id of a build in the name of its folder. */
export function buildIdOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Whether a text is the id of a build as the tools take it and name folders by: nothing in it leads out of a folder. */
export function isBuildId(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text);
}
