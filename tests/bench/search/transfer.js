// Asks an engine from cold, query by query. Reads {engine, queries: [text], and what the engine
// needs} as JSON; prints what was fetched for each: [[path, round trip]…], the first trip being 1.
import { SITE, answer, diskFetch, question } from "./disk.js";
import * as engines from "./engines.js";

const PAUSE = 12; // ms in which requests count as sent together

const { engine, queries, ...needs } = await question();
const answers = [];
const read = diskFetch(needs.folder);
for (const text of queries) {
  const { fetch, fetched } = wire();
  const search = await engines[engine](needs, fetch);
  await search(text);
  answers.push(fetched);
}
answer(answers);

/** A `fetch` that answers all that was asked during a pause together. */
function wire() {
  const fetched = [];
  let trip = 0;
  let ends = null;
  const fetch = async (url) => {
    ends ??= new Promise((resolve) => setTimeout(resolve, PAUSE, ++trip)).then(() => (ends = null));
    fetched.push([new URL(url, SITE).pathname, trip]);
    await ends;
    return read(url);
  };
  return { fetch, fetched };
}
