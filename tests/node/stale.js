// Ends a search while its shard is being fetched, and another that shares its shard with a third.
// Reads {reader, site, stale, fresh} as JSON from stdin; prints {error: the stale search's, fetching
// and stopped: shards under way and stopped with it, shared: papers found by the search that shared,
// again: papers found by the stale question asked anew}.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const { reader, site, stale, fresh } = JSON.parse(await text(process.stdin));
const { openIndex } = await import(pathToFileURL(reader));
let slow = false;
let fetching = 0;
let stopped = 0;
const index = await openIndex(site, async (path, { signal }) => {
  if (slow) await late(signal);
  return new Response(await readFile(path));
});

slow = true;
const ended = new AbortController();
const answer = index.search(stale, { signal: ended.signal }).catch((error) => error.name);
const other = new AbortController();
setTimeout(() => ended.abort(), 20);
const error = await answer;
const alone = { fetching, stopped };
const left = index.search(fresh, { signal: other.signal }).catch(() => {});
const stays = index.search(fresh);
setTimeout(() => other.abort(), 20);
await left;
const shared = (await stays).total;
const again = (await index.search(stale)).total;
console.log(JSON.stringify({ error, ...alone, shared, again }));

/** Half a second, or until the fetch is stopped. */
function late(signal) {
  fetching++;
  return new Promise((resolve, reject) => {
    setTimeout(resolve, 500);
    signal?.addEventListener("abort", () => {
      stopped++;
      reject(signal.reason);
    });
  });
}
