// Times an engine whose files are all in memory. Reads {engine, queries: [text], whole, and what the
// engine needs} as JSON; prints {fresh: [ms…], warm: [ms…], opening: ms}: the first answer of an
// engine just opened, opening included, and the same answer once more. What is one `whole` file is
// opened once, and `opening` says how long that took.
import { answer, diskFetch, question } from "./disk.js";
import * as engines from "./engines.js";

const REHEARSED = 30; // queries asked beforehand, so that the code is compiled

const { engine, queries, whole, ...needs } = await question();
const fetch = diskFetch(needs.folder);
const open = () => engines[engine](needs, fetch);
const [opening, opened] = await timed(open);
for (const text of queries.slice(0, REHEARSED)) await (whole ? opened : await open())(text);

const fresh = [];
const warm = [];
for (const text of queries) {
  let search = opened;
  if (!whole) {
    await (await open())(text); // now its files are in memory
    const [taken] = await timed(async () => (search = await open())(text));
    fresh.push(taken);
  }
  const [taken] = await timed(() => search(text));
  warm.push(taken);
}
answer({ fresh, warm, opening });

async function timed(work) {
  const began = performance.now();
  const value = await work();
  return [performance.now() - began, value];
}
