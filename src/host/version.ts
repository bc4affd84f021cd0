/** snapgate's version, as in package.json (a test holds them equal): a bundle has no package.json to read. */
export const version = '0.1.0';
