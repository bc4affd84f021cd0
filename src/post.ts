import { post } from './action/post.ts';

await post(process.env);
// A connection that somebody left open must not keep a finished job running.
process.exit();
