// Our reader of the index, in a Worker of the benchmark's own.
import { openIndex } from "/reader/search.js";

const opening = openIndex(self.location.origin);

self.onmessage = async ({ data: { text, limit } }) => {
  const index = await opening;
  const { results } = await index.search(text, { limit });
  self.postMessage(results.map(({ id }) => id));
};
